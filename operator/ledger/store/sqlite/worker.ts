/**
 * The thread that owns the ledger file, so that waiting for the disk never stops the operator's
 * loop.
 *
 * Group commit: appends that arrived while the last commit ran share the next one. Everything else
 * is answered in the order of arrival, after the appends before it.
 */
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from "node:worker_threads"
import { LedgerError } from "../store.ts"
import { toLedgerError } from "./error.ts"
import { openDatabase } from "./open-database.ts"
import type { Call, Failure, Opened, Reply, Request, WorkerSettings } from "./protocol.ts"
import { type AppendOutcome, prepareStatements } from "./statements.ts"

/** Records of one transaction; what is beyond waits for the next. */
const GROUP_RECORDS_MAX = 10_000

if (parentPort !== null) serve(parentPort, workerData)

function serve(port: MessagePort, settings: WorkerSettings): void {
  const ledger = open(port, settings)
  if (ledger === undefined) return
  const { database, statements } = ledger
  const failureOf = (error: unknown) => toFailure(toLedgerError(error, settings.file))
  const reply = (message: Reply) => port.postMessage(message)

  const answer = (id: number, call: Exclude<Call, { kind: "append" }>): void => {
    try {
      reply({ id, ok: true, value: perform(call) })
    } catch (error) {
      reply({ id, ok: false, failure: failureOf(error) })
    }
    if (call.kind === "close") port.close()
  }
  const perform = (call: Exclude<Call, { kind: "append" }>): unknown => {
    switch (call.kind) {
      case "term":
        return statements.term()
      case "take-term":
        return statements.takeTerm(call.atLeast)
      case "usage":
        return statements.usageByTeam(call.from, call.until)
      case "delete-records":
        return statements.deleteRecords(call.term, call.storedBefore, call.most)
      case "close":
        return database.close()
    }
  }
  const commit = (group: readonly Waiting[]): void => {
    if (group.length === 0) return
    let outcomes: readonly AppendOutcome[]
    try {
      outcomes = statements.append(group.map(({ append }) => append))
    } catch (error) {
      outcomes = group.map(() => ({ ok: false, error }))
    }
    group.forEach(({ id }, index) => {
      const outcome = outcomes[index]
      if (outcome?.ok) reply({ id, ok: true, value: outcome.result })
      else reply({ id, ok: false, failure: failureOf(outcome?.error) })
    })
  }

  port.on("message", (first: Request) => {
    let group: Waiting[] = []
    let records = 0
    for (let next: Request | undefined = first; next !== undefined; next = take(port)) {
      const { id, call } = next
      if (call.kind === "append") {
        group.push({ id, append: call.append })
        records += call.append.records.length
        if (records < GROUP_RECORDS_MAX) continue
      }
      commit(group)
      group = []
      records = 0
      if (call.kind !== "append") answer(id, call)
    }
    commit(group)
  })
}

interface Waiting {
  readonly id: number
  readonly append: Extract<Call, { kind: "append" }>["append"]
}

function open(port: MessagePort, settings: WorkerSettings) {
  try {
    const database = openDatabase(settings.file)
    const statements = prepareStatements(database)
    port.postMessage({ opened: true } satisfies Opened)
    return { database, statements }
  } catch (error) {
    port.postMessage({ opened: false, failure: toFailure(error) } satisfies Opened)
    port.close()
    return undefined
  }
}

function take(port: MessagePort): Request | undefined {
  return receiveMessageOnPort(port)?.message
}

function toFailure(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error)
  return { code: error instanceof LedgerError ? error.code : null, message }
}
