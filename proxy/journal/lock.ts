/**
 * One process, one journal: a lock file that names its holder, and is taken over from a dead one.
 *
 * In: a directory. Out: a function that gives the lock back, or JournalLockedError naming the
 * holder. A process id alone would lie: in a container every start is process 1, so the holder's
 * start time and the machine's boot id stand beside it.
 */
import { closeSync, openSync, readFileSync, unlinkSync, writeSync } from "node:fs"
import { join } from "node:path"

const LOCK_FILE = "lock"
/** Takeovers of a stale lock before giving up: two starters may race for it. */
const TRIES_MAX = 3

export class JournalLockedError extends Error {
  constructor(path: string, holder: string) {
    super(`the journal is in use: ${path} is held by running process ${holder}`)
  }
}

/** Throws JournalLockedError, or the error of the file system. */
export function lockDirectory(directory: string): () => void {
  const path = join(directory, LOCK_FILE)
  const mine = `${process.pid} ${startOf(process.pid)} ${bootId()}\n`
  for (let tries = 1; ; tries++) {
    try {
      const file = openSync(path, "wx", 0o600)
      writeSync(file, mine)
      closeSync(file)
      return () => release(path, mine)
    } catch (error) {
      if (!isCode(error, "EEXIST")) throw error
    }
    const holder = readFile(path)
    if (holder !== undefined && isAlive(holder)) {
      throw new JournalLockedError(path, holder.split(" ")[0] ?? "unknown")
    }
    if (tries === TRIES_MAX) throw new JournalLockedError(path, "that took a stale lock first")
    unlinkQuietly(path)
  }
}

function release(path: string, mine: string): void {
  if (readFile(path) === mine) unlinkQuietly(path)
}

function isAlive(holder: string): boolean {
  const [pid = "", start = "", boot = ""] = holder.trim().split(" ")
  if (!/^\d{1,10}$/.test(pid) || boot !== bootId()) return false
  return start !== "" && startOf(Number(pid)) === start && exists(Number(pid))
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return isCode(error, "EPERM")
  }
}

/**
 * Clock ticks from the machine's boot to the start of the process; `0` without one, or without
 * /proc.
 */
function startOf(pid: number): string {
  const stat = readFile(`/proc/${pid}/stat`)
  if (stat === undefined) return "0"
  // Field 2 is the command in parentheses and may hold anything; 3 is the state, 22 the start.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  return fields[0] === "Z" ? "0" : (fields[19] ?? "0")
}

function bootId(): string {
  return readFile("/proc/sys/kernel/random/boot_id")?.trim() ?? "unknown"
}

function readFile(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return undefined
  }
}

function unlinkQuietly(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    if (!isCode(error, "ENOENT")) throw error
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code
}
