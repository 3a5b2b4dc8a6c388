/**
 * What wires of embeddings can be told of a request in the intermediate form: what most of them
 * share. Each wire's own table says what it does otherwise.
 */
import type { EmbeddingTable } from "#proxy/exchange/embedding-feature.ts"
import { DROPPED } from "./shared-reasons.ts"

export const EMBEDDINGS_OF_TEXTS: EmbeddingTable = Object.freeze({
  "token-ids": "no",
  "several-parts": "no",
  "media-input": "no",
  dimensions: "yes",
  purpose: "yes",
  title: "no",
  "mixed-batch": "no",
  user: DROPPED.noUserField,
  "unknown-field": "no",
})

/** OpenAI's and Amazon's models have one space of vectors for all purposes. */
export const ONE_PURPOSE = Object.freeze({
  dropped: "a text has one vector there, whatever it is for",
})
