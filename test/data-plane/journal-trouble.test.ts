/**
 * A disk that refuses the journal is in the log of a real process: a line when it begins, with the
 * system's reason, and a line when it ends, however many requests come meanwhile.
 */
import { spawnSync } from "node:child_process"
import { expect, test } from "vitest"
import { manifestsOf } from "./manifests.ts"
import { startStandalone } from "./start-standalone.ts"

/** The size that files of that process may have; what goes beyond is EFBIG. */
function limitFiles(pid: number, size: number | "unlimited"): void {
  // The soft limit alone: only root may raise the other.
  const limit = `--fsize=${size}:`
  const { status, stderr } = spawnSync("prlimit", ["--pid", String(pid), limit])
  if (status !== 0) throw new Error(`prlimit: ${stderr}`)
}

const isMissing = spawnSync("prlimit", ["--version"]).error !== undefined
const KEY = "sk-canary-41cc"

// Skipped where the size of a running process's files cannot be limited: prlimit is Linux's own.
test.skipIf(isMissing)("two lines of the log, and no more", async () => {
  const provider = manifestsOf({
    name: "one",
    spec: "schema: Simulated",
    endpoint: "http://127.0.0.1:9",
    models: ["smart"],
    served: "gpt-4o",
  }).replace("  endpoint: http://127.0.0.1:9\n  network: Private\n", "")
  const { program, origin } = await startStandalone({
    files: { "one.yaml": provider },
    args: ["--log-level", "info"],
  })
  const ask = () =>
    fetch(`${origin}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${KEY}` },
      body: JSON.stringify({ model: "smart", messages: [{ role: "user", content: "Hello" }] }),
    }).then((answer) => answer.text())
  try {
    await ask()
    limitFiles(program.pid, 1)
    for (let count = 0; count < 5; count++) await ask()
    const [begun] = await program.waitForLine(/.*the journal cannot be written.*/, 60_000)
    expect(JSON.parse(begun)).toMatchObject({ level: "error", code: "EFBIG" })
    limitFiles(program.pid, "unlimited")
    const [ended] = await program.waitForLine(/.*the journal is written again.*/, 60_000)
    expect(JSON.parse(ended)).toMatchObject({ level: "info", count: 0 })
    const said = program.stdout() + program.stderr()
    expect(said.match(/the journal (cannot be|is) written/g)).toHaveLength(2)
    expect(said).not.toContain(KEY)
  } finally {
    limitFiles(program.pid, "unlimited")
    await program.stop()
  }
})
