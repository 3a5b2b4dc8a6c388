/**
 * What the kernel says of a container's memory: cgroup v1 and v2 files, as text to numbers.
 *
 * In: the text of the files. Out: bytes. The working set is what the kubelet counts and evicts by:
 * usage without the file pages that the kernel may drop at any time. Pure.
 */

/** Where the files of one cgroup are called what. */
export interface CgroupFiles {
  /** Directories to try, the nearest first: in a container the mount itself is the own group. */
  readonly directories: readonly string[]
  readonly usage: string
  readonly limit: string
  /** In `memory.stat`. */
  readonly inactiveFile: string
}

/** A limit at or above it is none: version 1 says 2^63 less a page. */
const UNLIMITED_BYTES = 2 ** 52

/**
 * `text` is `/proc/self/cgroup`. Version 1 comes first: where both are mounted (hybrid) the memory
 * controller is in version 1 if it is named there.
 */
export function cgroupFiles(text: string): readonly CgroupFiles[] {
  const found: CgroupFiles[] = []
  for (const line of text.split("\n")) {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? []
    // A path with `..` is outside of this cgroup namespace.
    if (controllers === undefined || path === undefined || path.includes("..")) continue
    if (controllers.split(",").includes("memory")) found.unshift(version1(path))
    else if (controllers === "") found.push(version2(path))
  }
  return found
}

function version1(path: string): CgroupFiles {
  const mount = "/sys/fs/cgroup/memory"
  return {
    directories: [below(mount, path), mount],
    usage: "memory.usage_in_bytes",
    limit: "memory.limit_in_bytes",
    inactiveFile: "total_inactive_file",
  }
}

function version2(path: string): CgroupFiles {
  const mount = "/sys/fs/cgroup"
  return {
    directories: [below(mount, path), mount],
    usage: "memory.current",
    limit: "memory.max",
    inactiveFile: "inactive_file",
  }
}

function below(mount: string, path: string): string {
  return path === "/" ? mount : `${mount}${path}`
}

/** Null for `max`, for what no machine has, and for anything that is no number. */
export function bytesOf(text: string): number | null {
  const bytes = /^\d+$/.test(text.trim()) ? Number(text) : Number.NaN
  return bytes < UNLIMITED_BYTES ? bytes : null
}

/** One value of `memory.stat`; null where it is not told. */
export function statOf(text: string, name: string): number | null {
  const at = text.startsWith(`${name} `) ? 0 : text.indexOf(`\n${name} `) + 1
  if (at === 0 && !text.startsWith(`${name} `)) return null
  return bytesOf(text.slice(at + name.length + 1).split("\n", 1)[0] ?? "")
}

export function workingSet(usageBytes: number, inactiveFileBytes: number): number {
  return Math.max(0, usageBytes - inactiveFileBytes)
}
