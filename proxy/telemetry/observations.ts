/**
 * Finished exchanges, counted and logged several at a time.
 *
 * In: records as exchanges end. Out: the same records in order, a little later. What observing one
 * costs is mostly cold caches: between two requests it was measured at ten times of what it is in a
 * row.
 * Must not know what observing means.
 */
import type { ExchangeRecord } from "#proxy/exchange/exchange-record.ts"

/** The longest that a record waits: so long a line of the log waits for others too. */
const WAIT_MS = 100
/** At so many nobody waits. */
const RECORDS_MAX = 64

export interface Observations {
  add(record: ExchangeRecord): void
  /** Observes what waits. */
  drain(): void
}

export function gatherObservations(observe: (record: ExchangeRecord) => void): Observations {
  let waiting: ExchangeRecord[] = []
  let timer: NodeJS.Timeout | undefined
  const drain = (): void => {
    clearTimeout(timer)
    timer = undefined
    const records = waiting
    waiting = []
    for (const record of records) observe(record)
  }
  return {
    add: (record) => {
      waiting.push(record)
      if (waiting.length >= RECORDS_MAX) drain()
      else timer ??= setTimeout(drain, WAIT_MS)
    },
    drain,
  }
}
