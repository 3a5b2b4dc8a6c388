/**
 * Which object was being read when the process ended: one that ended it three times is left unread,
 * so that nobody's object keeps the operator from the objects of all others.
 *
 * In    a file beside the ledger. Out: a ReadGuard. An exception is no matter for it: compiling
 *       tells that on the object. This is for what cannot be caught: no memory left, a stack or a
 *       loop without end, which the liveness probe ends.
 */
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs"
import { dirname } from "node:path"
import { type ConfigObject, formatRef } from "#operator/index/view.ts"
import { errorText, type Log } from "#operator/telemetry/log.ts"
import { parseJson } from "#proxy/contract/json.ts"
import type { ReadGuard } from "./control-plane.ts"

export interface CrashGuard extends ReadGuard {
  /** `AIRoute search/chat` and how often it ended the process, of those that did. */
  readonly crashes: ReadonlyMap<string, number>
  close(): void
}

/** With the third end in a row an object is left unread, until it changes. */
export const CRASHES_MAX = 3
/** Objects whose ends are counted; the oldest is forgotten. */
const COUNTED_MAX = 100
const FILE_LIMITS = { bytesMax: 256 * 1024, depthMax: 4, tokensMax: 10_000 }
/** First byte of the trace: an object is being read, or none is. */
const READING = "1"
const IDLE = "0"

/**
 * `file` holds the trace, `file.json` the counts. Nothing is synced: what matters survives the
 * process, not the node. Files that cannot be used are told once; objects are read all the same.
 */
export function openCrashGuard(file: string, log: Pick<Log, "warn">): CrashGuard {
  const counts = `${file}.json`
  const crashes = new Map<string, number>(readCounts(counts))
  const traced = readTrace(file)
  let trace: number | null = null
  const quietly = (work: () => void): void => {
    try {
      work()
    } catch (error) {
      if (trace !== null) closeSync(trace)
      trace = null
      const text = errorText(error)
      log.warn("nothing is remembered of objects that end the process", { error: text })
    }
  }
  const save = (): void => {
    const [oldest] = crashes.keys()
    if (crashes.size > COUNTED_MAX && oldest !== undefined) crashes.delete(oldest)
    writeFileSync(counts, JSON.stringify([...crashes]), { mode: 0o600 })
  }
  quietly(() => {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    if (traced !== null) {
      crashes.set(traced, (crashes.get(traced) ?? 0) + 1)
      save()
    }
    trace = openSync(file, "w", 0o600)
  })
  return {
    crashes,
    whyUnread: (object) => {
      const count = crashes.get(versionOf(object)) ?? 0
      if (count < CRASHES_MAX) return undefined
      return (
        `the operator ended ${count} times while it read this; it is left unread ` +
        "until it changes"
      )
    },
    run: (object, read) => {
      const fd = trace
      if (fd === null) {
        read()
        return
      }
      const version = versionOf(object)
      quietly(() => void writeSync(fd, `${READING}${version}\n`, 0))
      read()
      if (trace !== null) quietly(() => void writeSync(fd, IDLE, 0))
      if (crashes.delete(version)) quietly(save)
    },
    close: () => {
      if (trace !== null) closeSync(trace)
      trace = null
    },
  }
}

function versionOf(object: ConfigObject): string {
  return `${formatRef(object)} ${object.uid} ${object.generation}`
}

/** Null when no object was being read. */
function readTrace(file: string): string | null {
  const text = readQuietly(file)?.toString("utf8") ?? ""
  const end = text.indexOf("\n")
  return text.startsWith(READING) && end > 0 ? text.slice(1, end) : null
}

function readCounts(file: string): readonly (readonly [string, number])[] {
  const bytes = readQuietly(file)
  const json = bytes === undefined ? undefined : parseJson(bytes, FILE_LIMITS)
  if (json === undefined || !json.ok || !Array.isArray(json.value)) return []
  return json.value.flatMap((row: unknown): (readonly [string, number])[] => {
    if (!Array.isArray(row)) return []
    const [version, count]: readonly unknown[] = row
    return typeof version === "string" && typeof count === "number" ? [[version, count]] : []
  })
}

function readQuietly(file: string): Buffer | undefined {
  try {
    return readFileSync(file)
  } catch {
    return undefined
  }
}
