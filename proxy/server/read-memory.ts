/**
 * The memory of this process as the kernel and V8 count it.
 *
 * In: nothing. Out: the reading that is nearest to its limit. Files are opened once: a reading is
 * three reads of the kernel, about 30 us. Without a limit of the container the heap's own stands
 * alone.
 */
import { openSync, readFileSync, readSync } from "node:fs"
import { getHeapStatistics } from "node:v8"
import { bytesOf, type CgroupFiles, cgroupFiles, statOf, workingSet } from "./memory-files.ts"
import { type MemoryReading, ratioOf } from "./memory-level.ts"

/** `memory.stat` has about 2 KiB; what lies behind so many is not read. */
const FILE_BYTES_MAX = 16 * 1024

/**
 * Garbage of the last moments alone, or all of it. A minor one begins by giving back what the
 * collection before it found, so that a reading behind it is true.
 */
export type Collect = (kind: "minor" | "major") => void

/** Null without `--expose-gc`, which the image has. */
export const collectNow: Collect | null =
  globalThis.gc === undefined
    ? null
    : (kind) => {
        if (kind === "major") globalThis.gc?.({ type: "major", execution: "sync" })
        globalThis.gc?.({ type: "minor", execution: "sync" })
      }

export type ReadMemory = () => MemoryReading

/** `root` stands before every path, for tests. */
export function createReadMemory(root = ""): ReadMemory {
  const readContainer = openContainer(root)
  return () => {
    const heap = readHeap()
    const container = readContainer?.() ?? null
    return container !== null && ratioOf(container) >= ratioOf(heap) ? container : heap
  }
}

/** V8 ends the process at this limit, whatever the container has left. */
function readHeap(): MemoryReading {
  const { used_heap_size: usedBytes, heap_size_limit: limitBytes } = getHeapStatistics()
  return { usedBytes, limitBytes, bound: "heap" }
}

/** Null where no limit can be read. */
type ReadContainer = () => MemoryReading | null

function openContainer(root: string): ReadContainer | null {
  for (const files of cgroupFiles(readIfThere(`${root}/proc/self/cgroup`))) {
    for (const directory of files.directories) {
      const read = openGroup(`${root}${directory}`, files)
      if (read?.() != null) return read
    }
  }
  return null
}

function openGroup(directory: string, files: CgroupFiles): ReadContainer | null {
  const room = Buffer.allocUnsafeSlow(FILE_BYTES_MAX)
  try {
    const [usage, limit, stat] = [files.usage, files.limit, "memory.stat"].map((name) => {
      const file = openSync(`${directory}/${name}`, "r")
      return () => room.toString("latin1", 0, readSync(file, room, 0, FILE_BYTES_MAX, 0))
    })
    if (usage === undefined || limit === undefined || stat === undefined) return null
    return () => {
      try {
        return judge(usage(), limit(), stat(), files)
      } catch {
        // The group's files went away: then the heap's limit stands alone.
        return null
      }
    }
  } catch {
    // Not the place: the next one is tried.
    return null
  }
}

function judge(
  usage: string,
  limit: string,
  stat: string,
  { inactiveFile }: CgroupFiles,
): MemoryReading | null {
  const usageBytes = bytesOf(usage)
  // A group above may have less; version 1 tells.
  const limits = [bytesOf(limit), statOf(stat, "hierarchical_memory_limit")]
  const limitBytes = Math.min(...limits.map((bytes) => bytes ?? Infinity))
  if (usageBytes === null || limitBytes === Infinity) return null
  const usedBytes = workingSet(usageBytes, statOf(stat, inactiveFile) ?? 0)
  return { usedBytes, limitBytes, bound: "container" }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "latin1")
  } catch {
    // No Linux: no cgroup.
    return ""
  }
}
