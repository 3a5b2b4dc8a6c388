/**
 * `POST /v1beta/models/{model}:embedContent` and `:batchEmbedContents` as clients speak them, also
 * below `/v1`, where Google's own SDK asks.
 *
 * In: Gemini's requests, or vectors in the intermediate form. Out: the request checked, its
 * intermediate form, and one vector or the batch's. It must not know who serves. Source: Gemini API
 * reference, "Embeddings".
 */
import { type JsonValue, type RawJson, writeJson } from "#proxy/contract/json-write.ts"
import type { EmbeddingsAnswer } from "#proxy/exchange/embeddings.ts"
import { geminiErrors } from "../gemini/render-error.ts"
import type { Surface } from "../surface.ts"
import { parseBatchEmbed, parseEmbed } from "./parse-embed.ts"
import { readBatchEmbed, readEmbed } from "./read-embed.ts"

export const geminiEmbed: Surface = Object.freeze({
  name: "gemini-embed",
  wire: "gemini.embed",
  operation: "embeddings",
  errors: geminiErrors,
  parse: parseEmbed,
  chat: null,
  embeddings: Object.freeze({ read: readEmbed, renderAnswer: renderOne }),
  rerank: null,
} satisfies Surface)

export const geminiBatchEmbed: Surface = Object.freeze({
  ...geminiEmbed,
  name: "gemini-batch-embed",
  wire: "gemini.batch-embed",
  parse: parseBatchEmbed,
  embeddings: Object.freeze({ read: readBatchEmbed, renderAnswer: renderBatch }),
} satisfies Surface)

function renderOne(answer: EmbeddingsAnswer): string {
  const [embedding] = answer.vectors.map(embeddingOf)
  return writeJson({ embedding, usageMetadata: usageOf(answer) })
}

function renderBatch(answer: EmbeddingsAnswer): string {
  return writeJson({
    embeddings: answer.vectors.map(embeddingOf),
    usageMetadata: usageOf(answer),
  })
}

const embeddingOf = (values: RawJson): JsonValue => ({ values })

/** Left out when the provider reported none. */
function usageOf({ usage }: EmbeddingsAnswer): JsonValue | undefined {
  return usage && { promptTokenCount: usage.inputTokens, totalTokenCount: usage.inputTokens }
}
