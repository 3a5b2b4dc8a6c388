/** That memory is short, as lines of the log: each at most once in EVERY_MS, however it wavers. */
import type { MemoryState } from "./server/memory-guard.ts"
import type { Log } from "./telemetry/log.ts"

const EVERY_MS = 10_000
const MEBIBYTE = 1024 * 1024

export function createLogMemory(log: Log, monotonic: () => number): (state: MemoryState) => void {
  const toldAt = { strained: -Infinity, critical: -Infinity }
  let isTold = false
  let endedBefore = 0
  return ({ level, reading, ended }) => {
    if (level === "calm") {
      if (isTold) log.info("memory suffices again", { count: ended - endedBefore })
      isTold = false
      endedBefore = ended
      return
    }
    const now = monotonic()
    if (now - toldAt[level] < EVERY_MS) return
    toldAt[level] = now
    isTold = true
    const [used, limit] = [reading.usedBytes, reading.limitBytes].map((bytes) =>
      Math.round(bytes / MEBIBYTE),
    )
    const reason = `${used} of the ${reading.bound}'s ${limit} MiB are in use`
    if (level === "strained") {
      log.warn("memory is short, streams and large requests are refused", { reason })
    } else log.error("memory is nearly used up, what holds most of it is ended", { reason })
  }
}
