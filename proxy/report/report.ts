/**
 * Usage records from the journal to the operator: in order, at least once, until acknowledged.
 *
 * In: the numbered records of the journal. Out: batches up the channel, acknowledgements down to
 * the journal. One batch is on its way at a time. Must not know how a record came about, nor what
 * it costs.
 */
import { quoteText } from "#proxy/contract/json-text.ts"
import type { UsageAnswer } from "#proxy/contract/push.ts"

export interface ReportOptions {
  readonly boot: string
  readonly journal: ReportSource
  /**
   * A `UsageBatch` as JSON. Rejects while the operator cannot take it; `retryAfterSeconds` of the
   * error is honoured.
   */
  readonly send: (batch: string) => Promise<UsageAnswer>
  readonly monotonic: () => number
  readonly draw: () => number
  readonly onFailure: (error: unknown) => void
}

export interface ReportSource {
  /** At most `max` records behind `after` in order, as JSON of one record a line. */
  read(after: number, max: number): readonly RecordLines[]
  acknowledge(sequence: number): void
  onRecords(listener: () => void): void
  readonly acknowledged: number
  /** Highest sequence that `read` gives. */
  readonly readable: number
}

/** Records `first` to `last`. */
export interface RecordLines {
  readonly first: number
  readonly last: number
  readonly lines: string
}

export interface ReportState {
  readonly sentRecords: number
  readonly failures: number
}

export interface Report {
  state(): ReportState
  /** What could not be sent may be sendable now: the channel is back. */
  nudge(): void
  /** One last try to send everything, for at most `withinMs`. */
  close(withinMs: number): Promise<void>
}

/**
 * A batch is sent when it is so large, the most that the operator takes, or when `FLUSH_MS` have
 * passed since the last.
 */
export const BATCH_RECORDS_MAX = 1_000
export const FLUSH_MS = 1_000
/** A first record after a quiet time waits only for others of its moment. */
const FIRST_FLUSH_MS = 20
const RETRY_LEAST_MS = 250
const RETRY_MOST_MS = 10_000

export function startReport(options: ReportOptions): Report {
  return new RunningReport(options)
}

class RunningReport implements Report {
  readonly #options: ReportOptions
  #timer: NodeJS.Timeout | undefined
  #isSending = false
  #isClosed = false
  #sentAt = Number.NEGATIVE_INFINITY
  #failures = 0
  #sentRecords = 0
  #totalFailures = 0
  /**
   * Halved when the operator finds a batch too large, back to the full size at the next success.
   */
  #batchMax = BATCH_RECORDS_MAX
  #onIdle: (() => void)[] = []

  constructor(options: ReportOptions) {
    this.#options = options
    options.journal.onRecords(() => this.#noticed())
    this.#schedule()
  }

  state(): ReportState {
    return { sentRecords: this.#sentRecords, failures: this.#totalFailures }
  }

  nudge(): void {
    if (this.#isSending) return
    this.#failures = 0
    this.#stopTimer()
    this.#schedule()
  }

  async close(withinMs: number): Promise<void> {
    this.nudge()
    this.#stopTimer()
    void this.#send()
    if (this.#isSending) {
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, withinMs)
      })
      await Promise.race([late, new Promise<void>((resolve) => this.#onIdle.push(resolve))])
      clearTimeout(timer)
    }
    this.#isClosed = true
    this.#stopTimer()
  }

  #noticed(): void {
    const { journal } = this.#options
    const isFull = journal.readable - journal.acknowledged >= BATCH_RECORDS_MAX
    if (!isFull || this.#failures > 0) {
      this.#schedule()
      return
    }
    this.#stopTimer()
    void this.#send()
  }

  /** While a batch is on its way, or a retry is waiting, new records need nothing. */
  #schedule(): void {
    if (this.#isSending || this.#timer !== undefined || this.#isClosed) return
    const sinceMs = this.#options.monotonic() - this.#sentAt
    this.#wait(Math.max(FIRST_FLUSH_MS, FLUSH_MS - sinceMs))
  }

  #wait(ms: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      void this.#send()
    }, ms)
    this.#timer.unref()
  }

  #stopTimer(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  async #send(): Promise<void> {
    const { boot, journal, send } = this.#options
    if (this.#isSending || this.#isClosed) return
    this.#isSending = true
    let waitMs: number | null = null
    while (!this.#isClosed) {
      const most = this.#batchMax
      const parts = journal.read(journal.acknowledged, most)
      const first = parts[0]?.first
      const last = parts.at(-1)?.last
      if (first === undefined || last === undefined) break
      const count = last - first + 1
      this.#sentAt = this.#options.monotonic()
      try {
        const { acknowledged } = await send(batchText(boot, parts))
        const isProgress = acknowledged > journal.acknowledged
        journal.acknowledge(Math.min(acknowledged, last))
        this.#sentRecords += count
        this.#failures = 0
        this.#batchMax = BATCH_RECORDS_MAX
        // An answer that takes nothing asks for rows before: they come with the next batch.
        if (isProgress && count >= most) continue
        if (isProgress) break
        waitMs = FLUSH_MS
      } catch (error) {
        waitMs = this.#failed(error, count)
      }
      break
    }
    this.#isSending = false
    for (const resolve of this.#onIdle.splice(0)) resolve()
    if (this.#isClosed) return
    if (waitMs !== null) this.#wait(waitMs)
    else if (journal.readable > journal.acknowledged) this.#schedule()
  }

  /** How long to wait before the next try. */
  #failed(error: unknown, records: number): number {
    this.#failures += 1
    this.#totalFailures += 1
    this.#options.onFailure(error)
    if (codeOf(error) === "message_too_large" || codeOf(error) === "batch_too_large") {
      this.#batchMax = Math.max(1, Math.floor(records / 2))
      return 0
    }
    const ceiling = Math.min(RETRY_MOST_MS, RETRY_LEAST_MS * 2 ** Math.min(this.#failures, 10))
    const jittered = Math.max(RETRY_LEAST_MS, Math.floor(this.#options.draw() * ceiling))
    return Math.max(jittered, retryAfterOf(error) * 1000)
  }
}

/** The journal's text as it is: to make objects of it and text of those would double its cost. */
function batchText(boot: string, parts: readonly RecordLines[]): string {
  const records = parts.map(({ lines }) => lines.replaceAll("\n", ",")).join(",")
  return `{"boot":${quoteText(boot)},"records":[${records}]}`
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : ""
}

function retryAfterOf(error: unknown): number {
  if (!(error instanceof Error) || !("retryAfterSeconds" in error)) return 0
  return typeof error.retryAfterSeconds === "number" ? error.retryAfterSeconds : 0
}
