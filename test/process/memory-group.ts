/**
 * A memory cgroup of its own for a program, as a container has one.
 *
 * In: a limit in bytes. Out: how to start a program in it and what it has used, or why this machine
 * offers none.
 */
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"

export interface MemoryGroup {
  /** A command that runs what stands behind it, in the group. */
  readonly launcher: readonly string[]
  readonly usedBytesMax: () => number
  /** Once what ran in it has ended. */
  readonly remove: () => void
}

export type FoundGroup =
  | { readonly group: MemoryGroup; readonly missing: null }
  | { readonly group: null; readonly missing: string }

const VERSIONS = [
  {
    mount: "/sys/fs/cgroup/memory",
    limits: ["memory.limit_in_bytes", "memory.memsw.limit_in_bytes"],
    max: "memory.max_usage_in_bytes",
  },
  { mount: "/sys/fs/cgroup", limits: ["memory.max", "memory.swap.max"], max: "memory.peak" },
] as const

export function createMemoryGroup(limitBytes: number): FoundGroup {
  let missing = ""
  for (const { mount, limits, max } of VERSIONS) {
    const directory = join(mount, `sidegate-test-${process.pid}`)
    try {
      mkdirSync(directory)
      const [memory, swap] = limits
      writeFileSync(join(directory, memory), String(limitBytes))
      setSwap(join(directory, swap), swap === "memory.swap.max" ? 0 : limitBytes)
      const launcher = ["/bin/sh", "-c", `echo $$ > ${directory}/cgroup.procs; exec "$@"`, "sh"]
      const usedBytesMax = (): number => Number(readFileSync(join(directory, max), "latin1"))
      usedBytesMax()
      const remove = (): void => rmdirSync(directory)
      return { group: { launcher, usedBytesMax, remove }, missing: null }
    } catch (error) {
      missing = `${directory}: ${error instanceof Error ? error.message : String(error)}`
    }
  }
  return { group: null, missing }
}

/** Without swap there is no such file, and nothing to limit. */
function setSwap(path: string, bytes: number): void {
  try {
    writeFileSync(path, String(bytes))
  } catch {
    // A kernel that does not count swap.
  }
}
