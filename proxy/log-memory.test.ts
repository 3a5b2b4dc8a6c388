import { expect, test } from "vitest"
import { createLogMemory } from "./log-memory.ts"
import type { MemoryLevel } from "./server/memory-level.ts"
import { createLog } from "./telemetry/log.ts"

const MIB = 1024 * 1024

test("each change is told once in ten seconds, and how many were ended", async () => {
  const lines: string[] = []
  const log = createLog({ level: "info", fd: 1, write: (line) => void lines.push(line) })
  let now = 0
  const tell = createLogMemory(log, () => now)
  const change = (level: MemoryLevel, ended: number): void => {
    const reading = { usedBytes: 330 * MIB, limitBytes: 384 * MIB, bound: "container" } as const
    tell({ level, reading, ended })
  }
  for (const level of ["strained", "critical", "strained", "calm", "strained", "calm"] as const) {
    change(level, 3)
  }
  now += 10_000
  change("strained", 3)
  change("calm", 4)
  await log.flush()
  const said = lines.map((line) => {
    const { level, msg, reason, count } = JSON.parse(line)
    return [level, msg, reason ?? count]
  })
  const inUse = "330 of the container's 384 MiB are in use"
  expect(said).toEqual([
    ["warn", "memory is short, streams and large requests are refused", inUse],
    ["error", "memory is nearly used up, what holds most of it is ended", inUse],
    ["info", "memory suffices again", 3],
    ["warn", "memory is short, streams and large requests are refused", inUse],
    ["info", "memory suffices again", 1],
  ])
})
