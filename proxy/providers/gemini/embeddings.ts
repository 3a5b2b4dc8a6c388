/**
 * Embeddings as the Gemini API speaks them, one text or a batch.
 *
 * Source: Gemini API reference, "Embeddings": models.embedContent, models.batchEmbedContents,
 * TaskType, ContentEmbedding.
 */
import type { JsonDocument } from "#proxy/contract/json-document.ts"
import { JsonView } from "#proxy/contract/json-view.ts"
import { writeJson } from "#proxy/contract/json-write.ts"
import type { EmbeddingTable } from "#proxy/exchange/embedding-feature.ts"
import type {
  EmbeddingPurpose,
  EmbeddingsAnswer,
  EmbeddingsRequest,
} from "#proxy/exchange/embeddings.ts"
import type { Decision } from "#proxy/exchange/parsed-request.ts"
import { readBody } from "#proxy/exchange/read-body.ts"
import type { DecodeFault, EmbeddingsWire, EncodeContext } from "../adapter.ts"
import { embedTexts } from "../embed-texts.ts"
import { EMBEDDINGS_OF_TEXTS } from "../embedding-features.ts"
import { readVectors } from "../read-vectors.ts"
import { readUsage } from "./read-answer.ts"

/** "at most 100 requests can be in one batch". */
const BATCH_MAX = 100

export const TASK_TYPES: Readonly<Record<EmbeddingPurpose, string>> = Object.freeze({
  "search-document": "RETRIEVAL_DOCUMENT",
  "search-query": "RETRIEVAL_QUERY",
  similarity: "SEMANTIC_SIMILARITY",
  classification: "CLASSIFICATION",
  clustering: "CLUSTERING",
  "question-answering": "QUESTION_ANSWERING",
  "fact-verification": "FACT_VERIFICATION",
  "code-query": "CODE_RETRIEVAL_QUERY",
})

/** Of Google's models, here and on Vertex AI. */
export const TITLED: EmbeddingTable = Object.freeze({ ...EMBEDDINGS_OF_TEXTS, title: "yes" })

export const geminiEmbeddings: EmbeddingsWire = Object.freeze({
  features: () => TITLED,
  encode: (request: EmbeddingsRequest, context: EncodeContext): Decision<string> =>
    readBody(() =>
      writeJson({
        requests: embedTexts(request, context, BATCH_MAX).map(({ text, title }) => ({
          model: `models/${context.model}`,
          content: { parts: [{ text }] },
          title: title ?? undefined,
          taskType: request.purpose === null ? undefined : TASK_TYPES[request.purpose],
          outputDimensionality: request.dimensions ?? undefined,
        })),
      }),
    ),
  decodeAnswer: decodeBatch,
} satisfies EmbeddingsWire)

type Decoded = { readonly ok: true; readonly answer: EmbeddingsAnswer } | DecodeFault

export function decodeBatch(answer: JsonDocument): Decoded {
  const view = new JsonView(answer)
  return collect(view, view.member("embeddings")?.items() ?? [])
}

export function decodeOne(answer: JsonDocument): Decoded {
  const view = new JsonView(answer)
  const embedding = view.member("embedding")
  return collect(view, embedding === undefined ? [] : [embedding])
}

/** Older models report no usage: it is estimated then. */
function collect(view: JsonView, embeddings: readonly JsonView[]): Decoded {
  if (embeddings.length === 0) return { ok: false, fault: "it has no embeddings" }
  const vectors = readVectors(embeddings, (embedding) => embedding.member("values"))
  if (vectors === null) return { ok: false, fault: "an embedding has no values" }
  return { ok: true, answer: { vectors, usage: readUsage(view) } }
}
