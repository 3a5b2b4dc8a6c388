import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test } from "vitest"
import { LineWriter } from "./line-writer.ts"

let directory = ""
let fd = 0
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "sidegate-lines-"))
  fd = openSync(join(directory, "log"), "w")
})
afterEach(() => {
  closeSync(fd)
  rmSync(directory, { recursive: true })
})

const written = (): string => readFileSync(join(directory, "log"), "utf8")

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 15_000
  while (!condition()) {
    if (Date.now() > deadline) throw new Error("the condition did not come true within 15 s")
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

test("lines go out in order, whole, whatever their letters", async () => {
  const writer = new LineWriter(fd)
  const lines = Array.from(
    { length: 5000 },
    (_, index) => `${index} zażółć 日本 ${"x".repeat(50)}\n`,
  )
  for (const line of lines) writer.write(line)
  await writer.flush()
  expect(written()).toBe(lines.join(""))
  expect(writer.dropped).toBe(0)
})

test("a line alone goes out within a moment", async () => {
  const writer = new LineWriter(fd)
  writer.write("alone\n")
  expect(written()).toBe("")
  await until(() => written() === "alone\n")
})

test("more than may wait costs lines, not memory", async () => {
  const writer = new LineWriter(fd)
  const line = `${"x".repeat(1023)}\n`
  for (let index = 0; index < 10_000; index++) writer.write(line)
  expect(writer.dropped).toBeGreaterThan(5_000)
  await writer.flush()
  expect(written().length + writer.dropped * line.length).toBe(10_000 * line.length)
})

test("a closed output is no error", async () => {
  const writer = new LineWriter(999_999)
  writer.write("nobody\n")
  await writer.flush()
  expect(writer.dropped).toBe(1)
})
