/**
 * Tells when the journal begins to refuse intents and when it takes them again, each once.
 *
 * In: after each turn, what is in the way. Out: the two edges, so that a disk which stays full says
 * so in one line. It must not know who writes that line.
 */

/** Why no intent can be written. */
export interface Trouble {
  /** The file system's (`ENOSPC`, `EROFS`, ...), or `JOURNAL_FULL` at the journal's own bound. */
  readonly code: string
  readonly message: string
}

export type WritableChange =
  | { readonly kind: "unwritable"; readonly trouble: Trouble }
  /** `dropped`: records lost meanwhile. */
  | { readonly kind: "writable"; readonly afterMs: number; readonly dropped: number }

export class WritableEdges {
  readonly #monotonic: () => number
  readonly #onChange: (change: WritableChange) => void
  #since: { readonly at: number; readonly dropped: number } | null = null

  constructor(monotonic: () => number, onChange: (change: WritableChange) => void) {
    this.#monotonic = monotonic
    this.#onChange = onChange
  }

  /** `dropped`: records lost so far. */
  note(trouble: Trouble | null, dropped: number): void {
    if ((trouble === null) === (this.#since === null)) return
    const since = this.#since
    const at = this.#monotonic()
    if (trouble !== null) {
      this.#since = { at, dropped }
      this.#onChange({ kind: "unwritable", trouble })
    } else if (since !== null) {
      this.#since = null
      const lost = dropped - since.dropped
      this.#onChange({ kind: "writable", afterMs: at - since.at, dropped: lost })
    }
  }
}
