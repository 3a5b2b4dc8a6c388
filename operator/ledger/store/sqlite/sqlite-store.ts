/**
 * The ledger in one SQLite file, for an operator of one replica and for `sidegate run`.
 *
 * In    the path of the file (or ":memory:") and where the worker's code is.
 * Out   a LedgerStore whose promises resolve when the write is on disk.
 * Must not know who calls it, or what a record means beyond its columns.
 */
import { Worker } from "node:worker_threads"
import type { AppendResult, LedgerStore } from "../store.ts"
import { LedgerError } from "../store.ts"
import type { Call, Failure, Opened, Reply, UsageReply, WorkerSettings } from "./protocol.ts"

export interface SqliteLedgerOptions {
  readonly file: string
  /** Absent, `worker.ts` beside this file runs; in a bundle the bundle itself, which knows. */
  readonly workerUrl?: URL
  /** Told when the worker is gone without `close`: nothing can be stored any more. */
  readonly onLost?: (error: LedgerError) => void
}

/**
 * Calls waiting for an answer; one more is refused with `unwritable`, and its sender tries again
 * later.
 */
const CALLS_MAX = 1024

/**
 * Rejects with a LedgerError `corrupt`, `incompatible` or `unwritable` when the file cannot be
 * used.
 */
export async function openSqliteLedger(options: SqliteLedgerOptions): Promise<LedgerStore> {
  const isBundled = import.meta.url.endsWith(".mjs")
  const url = options.workerUrl ?? new URL(isBundled ? "" : "./worker.ts", import.meta.url)
  // The flags of the main thread (`--input-type`, `--eval`) are not the worker's.
  const worker = new Worker(url, {
    execArgv: [],
    workerData: { file: options.file } satisfies WorkerSettings,
  })
  await opened(worker)
  const calls = new Map<number, Pending>()
  const state: { nextId: number; lost: LedgerError | null; isClosing: boolean } = {
    nextId: 1,
    lost: null,
    isClosing: false,
  }
  worker.on("message", (reply: Reply) => {
    const pending = calls.get(reply.id)
    calls.delete(reply.id)
    if (reply.ok) pending?.resolve(reply.value)
    else pending?.reject(toError(reply.failure))
  })
  const lose = (reason: string) => {
    if (state.lost !== null) return
    state.lost = new LedgerError("unwritable", `the ledger ${options.file} is closed: ${reason}`)
    for (const { reject } of calls.values()) reject(state.lost)
    calls.clear()
    if (!state.isClosing) options.onLost?.(state.lost)
  }
  worker.on("error", (error) => lose(error instanceof Error ? error.message : String(error)))
  worker.on("exit", (code) => lose(`its worker ended with code ${code}`))

  const ask = <T>(call: Call): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      if (state.lost !== null) return reject(state.lost)
      if (calls.size >= CALLS_MAX) {
        const message = `the ledger has ${CALLS_MAX} calls waiting; try again later`
        return reject(new LedgerError("unwritable", message))
      }
      const id = state.nextId++
      // The one place where an answer of our own worker gets its type.
      calls.set(id, { resolve: (value) => resolve(value as T), reject })
      worker.postMessage({ id, call })
    })

  return {
    takeTerm: (atLeast) => ask<number>({ kind: "take-term", atLeast }),
    term: () => ask<number>({ kind: "term" }),
    appendUsage: (term, origin, records) =>
      ask<AppendResult>({ kind: "append", append: { term, origin, records } }),
    usageByTeam: (from, until) => ask<UsageReply>({ kind: "usage", from, until }),
    deleteRecords: (term, storedBefore, most) =>
      ask<number>({ kind: "delete-records", term, storedBefore, most }),
    close: async () => {
      if (state.isClosing || state.lost !== null) return
      state.isClosing = true
      await ask<void>({ kind: "close" })
      await worker.terminate()
    },
  }
}

interface Pending {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}

/** The worker's first message, or its death before it. */
async function opened(worker: Worker): Promise<void> {
  const first = await new Promise<Opened>((resolve, reject) => {
    worker.once("message", resolve)
    worker.once("error", reject)
  })
  worker.removeAllListeners("error")
  if (first.opened) return
  await worker.terminate()
  throw toError(first.failure)
}

function toError(failure: Failure): Error {
  return failure.code === null
    ? new Error(failure.message)
    : new LedgerError(failure.code, failure.message)
}
