/** What a JSON text may be, and how a refusal of one is told. */

export interface JsonLimits {
  readonly bytesMax: number
  readonly depthMax: number
  /** Commas, colons and brackets: many tiny values cost more than their bytes. */
  readonly tokensMax: number
  /** Escapes of them. Answers hold some where a model splits an emoji; else they are refused. */
  readonly loneSurrogates?: "accepted"
}

export interface JsonFault {
  readonly code:
    | "invalid_json"
    | "duplicate_key"
    | "json_too_deep"
    | "json_too_large"
    | "json_too_many_tokens"
    | "number_out_of_range"
  readonly message: string
  /** Byte offset where it was noticed. */
  readonly offset: number
  /** JSON pointer, e.g. `/messages/0/role`; empty at the top. */
  readonly path: string
}
