/**
 * Loaded into the operator before its own code: two bugs that only some objects bring out. Text of
 * a spec that begins with `poison-throws` makes its reader throw, with `poison-ends` it ends the
 * process, as running out of memory would.
 */
const { test } = RegExp.prototype

Object.defineProperty(RegExp.prototype, "test", {
  value(this: RegExp, text: unknown): boolean {
    if (typeof text === "string" && text.startsWith("poison-throws")) throw new Error("a bug")
    if (text === "poison-ends") process.kill(process.pid, "SIGKILL")
    return test.call(this, String(text))
  },
})
