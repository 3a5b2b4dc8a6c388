/** Records as the journal keeps them: JSON of ASCII characters, one a line. */

export interface RecordLines {
  /** Sequence of the first and of the last, without a gap between. */
  readonly first: number
  readonly last: number
  /** No newline behind the last. */
  readonly lines: string
}
