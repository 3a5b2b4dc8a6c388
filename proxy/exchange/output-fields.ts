/** Where a client's shape bounds the tokens of an answer: for a policy that looks at it. */
import type { JsonDocument } from "#proxy/contract/json-document.ts"
import type { MemberEdit } from "#proxy/contract/json-rewrite.ts"

export interface OutputFields {
  /**
   * Nodes of everything that some server of this shape takes for a bound, whatever stands there,
   * but for a null that says nothing.
   */
  readonly given: (document: JsonDocument) => readonly number[]
  /**
   * What bounds an answer at `tokens` where the client set no bound; null where it did. Less where
   * the shape's own default is.
   */
  readonly bound: (document: JsonDocument, tokens: number) => MemberEdit | null
}
