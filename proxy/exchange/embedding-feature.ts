/** What an embeddings request can ask for beyond vectors of texts, as a closed list. */
import type { SupportTable, UseOf } from "./feature-support.ts"

export const EMBEDDING_FEATURES = [
  "token-ids",
  "several-parts",
  "media-input",
  "dimensions",
  "purpose",
  "title",
  "mixed-batch",
  "user",
  "unknown-field",
] as const

export type EmbeddingFeature = (typeof EMBEDDING_FEATURES)[number]
export type EmbeddingUse = UseOf<EmbeddingFeature>
export type EmbeddingTable = SupportTable<EmbeddingFeature>

/** Of features that are no field of their own. */
export const EMBEDDING_REASONS: Readonly<Partial<Record<EmbeddingFeature, string>>> = Object.freeze(
  {
    "token-ids": "token ids are OpenAI's own; send the texts",
    "several-parts": "only Gemini makes one vector of several parts",
    "media-input": "only Gemini embeds anything but text",
    "mixed-batch": "it must be that of the first request; only Gemini takes them apart",
  },
)
