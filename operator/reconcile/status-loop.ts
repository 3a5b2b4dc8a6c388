/**
 * Drives the status board: evaluates what was touched, writes what is due, sends events, reads
 * usage.
 *
 * In    the board, the ports, a clock, and whether pushes are under way, which come first.
 * Out     writes and events through the ports; a failed write is due again, a failed event is
 *         reported and lost, since the condition says the same.
 */
import { monthIndex, monthStart } from "#operator/ledger/month.ts"
import type { ObjectEvent, ReconcilePorts, StatusWrite } from "./ports.ts"
import type { StatusBoard } from "./status-board.ts"

export interface StatusLoop {
  /** Something touched the board. */
  wake(): void
  /** Records were added to the ledger. */
  usageChanged(): void
  start(): void
  close(): void
}

/** For one turn to gather what belongs together; well below what a person notices. */
const GATHER_MS = 20
/** Evaluation waits for pushes, but not longer: a change of everything is out within a second. */
export const HOLD_MS = 500
/** All teams are read in one call, at most so often. */
export const USAGE_READ_EVERY_MS = 1000
/** It looks at least so often: a new month shows without any event. */
const LOOK_EVERY_MS = 10_000

/** Of the API server's Retry-After, which may ask for hours. */
const PAUSE_MAX_MS = 60_000

export function createStatusLoop(
  board: StatusBoard,
  ports: Pick<ReconcilePorts, "applyStatus" | "emitEvent" | "usageByTeam" | "report">,
  now: () => number,
  isPushing: () => boolean,
): StatusLoop {
  let state: "waiting" | "running" | "closed" = "waiting"
  let timer: NodeJS.Timeout | undefined
  let timerAt = Number.POSITIVE_INFINITY
  let isUsageDirty = true
  let isReading = false
  let readAt = Number.NEGATIVE_INFINITY
  let month = 0
  /** Since when evaluation has waited; null while it does not. */
  let heldSince: number | null = null

  const wakeBy = (at: number): void => {
    if (state !== "running" || at >= timerAt) return
    clearTimeout(timer)
    timerAt = at
    timer = setTimeout(turn, Math.max(0, at - now()))
  }
  const turn = (): void => {
    timerAt = Number.POSITIVE_INFINITY
    if (monthIndex(now()) !== month) isUsageDirty = true
    if (isUsageDirty && !isReading && now() - readAt >= USAGE_READ_EVERY_MS) readUsage()
    heldSince = isPushing() ? (heldSince ?? now()) : null
    if (heldSince !== null && now() - heldSince < HOLD_MS) {
      wakeBy(now() + GATHER_MS)
      return
    }
    heldSince = null
    for (const event of board.evaluate(now())) send(event)
    for (const write of board.take(now())) begin(write)
    wakeBy(now() + LOOK_EVERY_MS)
    if (board.isTouched()) wakeBy(now() + GATHER_MS)
    const wakeAt = board.wakeAt(now())
    if (wakeAt !== null) wakeBy(wakeAt)
    if (isUsageDirty && !isReading) wakeBy(readAt + USAGE_READ_EVERY_MS)
  }
  const begin = (write: StatusWrite): void => {
    ports.applyStatus(write).then(
      () => {
        board.finish(write, "written", now())
        ports.report({ kind: "status-written" })
        wakeBy(now() + GATHER_MS)
      },
      (error: unknown) => {
        const pauseMs = retryAfterMs(error)
        if (pauseMs > 0) board.pause(now() + pauseMs)
        board.finish(write, "failed", now())
        ports.report({ kind: "status-failed", object: write.object, error })
        wakeBy(now() + GATHER_MS)
      },
    )
  }
  const send = (event: ObjectEvent): void => {
    ports.emitEvent(event).catch((error: unknown) => {
      ports.report({ kind: "event-failed", object: event.object, error })
    })
  }
  const readUsage = (): void => {
    isUsageDirty = false
    isReading = true
    readAt = now()
    month = monthIndex(readAt)
    const since = monthStart(month)
    ports
      .usageByTeam(since, monthStart(month + 1))
      .then((totals) => board.use(totals, since))
      .catch((error: unknown) => {
        isUsageDirty = true
        ports.report({ kind: "usage-unreadable", error })
      })
      .finally(() => {
        isReading = false
        wakeBy(now())
      })
  }
  return {
    wake: () => wakeBy(now() + GATHER_MS),
    usageChanged: () => {
      isUsageDirty = true
      wakeBy(now() + GATHER_MS)
    },
    start: () => {
      state = "running"
      wakeBy(now())
    },
    close: () => {
      state = "closed"
      clearTimeout(timer)
    },
  }
}

/** How long the API server asked to be left alone; 0 when it did not. */
function retryAfterMs(error: unknown): number {
  if (!(error instanceof Error) || !("retryAfterSeconds" in error)) return 0
  const seconds = error.retryAfterSeconds
  return typeof seconds === "number" ? Math.min(PAUSE_MAX_MS, Math.max(0, seconds * 1000)) : 0
}
