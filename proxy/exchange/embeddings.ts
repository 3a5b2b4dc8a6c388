/** Embeddings in the intermediate form. Vectors are carried in the provider's own digits. */
import type { RawJson } from "#proxy/contract/json-write.ts"
import type { TokenUsage } from "#proxy/contract/records.ts"
import type { EmbeddingUse } from "./embedding-feature.ts"

export interface EmbeddingsRequest {
  /** Texts to embed, or lists of OpenAI's token ids, which only its own wire takes. */
  readonly inputs: readonly EmbeddingInput[]
  /** The client's name of their list. */
  readonly inputsParam: string
  readonly dimensions: number | null
  /** How the caller wants its vectors: as numbers or as base64 of 32-bit floats. */
  readonly encoding: "float" | "base64"
  /** What the vectors are for, as Gemini and Cohere ask it; null when the client did not say. */
  readonly purpose: EmbeddingPurpose | null
  readonly user: string | null
  /** All that this request uses beyond vectors of texts. */
  readonly uses: readonly EmbeddingUse[]
}

export type EmbeddingInput =
  /** `title`: of the document that the text is, as Gemini asks it; null when there is none. */
  | { readonly kind: "text"; readonly text: string; readonly title: string | null }
  | { readonly kind: "tokens"; readonly ids: RawJson }

export type EmbeddingPurpose =
  | "search-document"
  | "search-query"
  | "similarity"
  | "classification"
  | "clustering"
  | "question-answering"
  | "fact-verification"
  | "code-query"

export interface EmbeddingsAnswer {
  /** In the order of the inputs; each a JSON array of numbers as text. */
  readonly vectors: readonly RawJson[]
  readonly usage: TokenUsage | undefined
}
