/** Reranking in the intermediate form. */
import type { RawJson } from "#proxy/contract/json-write.ts"
import type { TokenUsage } from "#proxy/contract/records.ts"

export interface RerankRequest {
  readonly query: string
  readonly documents: readonly string[]
  readonly topN: number | null
  /** Fields without a place here, by the client's name: any other wire refuses them. */
  readonly unknown: readonly string[]
}

export interface RerankAnswer {
  readonly id: string | null
  /** Best first. */
  readonly results: readonly { readonly index: number; readonly score: RawJson }[]
  readonly usage: TokenUsage | undefined
}
