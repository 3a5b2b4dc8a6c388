import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"
import { freePorts, temporaryDirectory } from "./places.ts"
import { startProgram } from "./program.ts"
import { cpuMs, residentBytes } from "./resources.ts"
import { waitUntil } from "./wait-until.ts"

/** Of what a new process of Node says first. */
const WITHIN_MS = 30_000
const FOREVER = "setInterval(() => {}, 1000)"

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test("a line is found when it comes, and afterwards too", async () => {
  const program = await startProgram({
    name: "talker",
    args: ["-e", "console.log('port 1'); setTimeout(() => console.error('ready'), 50)"],
  })
  expect((await program.waitForLine(/^ready$/, WITHIN_MS))[0]).toBe("ready")
  expect((await program.waitForLine(/^port (\d)$/, WITHIN_MS))[1]).toBe("1")
  expect(await program.exited).toEqual({ code: 0, signal: null })
})

test("waiting for a line ends when the program does, and says what it said", async () => {
  const program = await startProgram({
    name: "quitter",
    args: ["-e", "console.error('no config'); process.exit(3)"],
  })
  await expect(program.waitForLine(/^ready$/, WITHIN_MS)).rejects.toThrow(
    /quitter: no line \/\^ready\$\/ before it exited\n.*no config/s,
  )
})

test("a program that ignores SIGTERM is killed after the grace", async () => {
  const program = await startProgram({
    name: "stubborn",
    args: ["-e", `process.on('SIGTERM', () => {}); console.log('up'); ${FOREVER}`],
  })
  await program.waitForLine(/^up$/, WITHIN_MS)
  expect(await program.stop(100)).toEqual({ code: null, signal: "SIGKILL" })
})

test("a program dies with a parent that is ended by a signal", async () => {
  const module = fileURLToPath(new URL("./program.ts", import.meta.url))
  const script = `
    const { startProgram } = await import(${JSON.stringify(module)})
    const child = await startProgram({ name: "child", args: ["-e", "${FOREVER}"] })
    console.log("child " + child.pid)
    ${FOREVER}`
  const parent = await startProgram({
    name: "parent",
    args: ["--input-type=module", "-e", script],
  })
  const child = Number((await parent.waitForLine(/^child (\d+)$/, WITHIN_MS))[1])
  expect(isAlive(child)).toBe(true)
  await parent.stop()
  await waitUntil({ what: "the child to be gone", withinMs: 30_000 }, () =>
    isAlive(child) ? undefined : true,
  )
})

test("what a program uses can be read, and nothing of the developer's settings leaks into it", async () => {
  process.env["SIDEGATE_TEST_LEAK"] = "leaked"
  const program = await startProgram({
    name: "worker",
    args: [
      "-e",
      `while (process.cpuUsage().user < 50_000);
       console.log('env', process.env.SIDEGATE_TEST_LEAK, process.env.OWN); ${FOREVER}`,
    ],
    env: { OWN: "own" },
    cwd: temporaryDirectory("program"),
  })
  const line = await program.waitForLine(/^env (.*)$/, WITHIN_MS)
  expect(line[1]).toBe("undefined own")
  expect(residentBytes(program.pid)).toBeGreaterThan(10 * 1024 * 1024)
  expect(cpuMs(program.pid)).toBeGreaterThanOrEqual(10)
  await program.stop()
})

test("free ports are all different", async () => {
  const ports = await freePorts(20)
  expect(new Set(ports).size).toBe(20)
})
