/** Attempts under way: journalled, and not ended yet. */
import type { AttemptFinal, AttemptIntent } from "#proxy/contract/records.ts"
import type { OpenIntent } from "#proxy/exchange/ports.ts"
import { encodeAttempt } from "./encode-entry.ts"
import type { Segment } from "./replay.ts"

export class OpenAttempt implements OpenIntent {
  readonly intent: AttemptIntent
  /** What `encodeAttempt` says of it. */
  readonly fields: string
  /** Where its intent lies; null while it is not on disk. */
  segment: Segment | null = null
  /** Whether the intent is in the batch of its turn. */
  isBatched = false
  /** Where it stands among those under way; -1 once it has ended. */
  place = 0
  readonly onWritten: (open: OpenIntent, isWritten: boolean) => void
  readonly #owner: AttemptOwner

  constructor(owner: AttemptOwner, intent: AttemptIntent, onWritten: OpenAttempt["onWritten"]) {
    this.#owner = owner
    this.intent = intent
    this.fields = encodeAttempt(intent)
    this.onWritten = onWritten
  }

  settle(final: AttemptFinal): void {
    this.#owner.settle(this, final)
  }
}

interface AttemptOwner {
  settle(attempt: OpenAttempt, final: AttemptFinal): void
}

/** In no order. (A Map that grows and shrinks is dear to collect.) */
export class OpenAttempts {
  readonly #open: OpenAttempt[] = []

  get count(): number {
    return this.#open.length
  }

  add(attempt: OpenAttempt): void {
    attempt.place = this.#open.push(attempt) - 1
  }

  /** The last one takes its place. */
  remove(attempt: OpenAttempt): void {
    const last = this.#open.pop()
    if (last !== undefined && last !== attempt) {
      last.place = attempt.place
      this.#open[attempt.place] = last
    }
    attempt.place = -1
  }

  /** Those whose intent lies in that segment. */
  in(segment: Segment): readonly OpenAttempt[] {
    return this.#open.filter((attempt) => attempt.segment === segment)
  }
}
