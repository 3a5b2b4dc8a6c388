/**
 * Embeddings as Vertex AI speaks them: `predict`, and `embedContent` for Gemini's second generation
 * of such models, which `predict` does not serve.
 *
 * Source: Vertex AI, "Text embeddings API"; "Get text embeddings" for the numbers of inputs;
 * TextEmbeddingPredictionParams; of embedContent the requests of Google's own SDK (@google/genai).
 */
import type { JsonDocument } from "#proxy/contract/json-document.ts"
import { JsonView } from "#proxy/contract/json-view.ts"
import { writeJson } from "#proxy/contract/json-write.ts"
import type { TokenUsage } from "#proxy/contract/records.ts"
import { usageOf } from "#proxy/contract/token-usage.ts"
import type { EmbeddingsRequest } from "#proxy/exchange/embeddings.ts"
import type { Decision } from "#proxy/exchange/parsed-request.ts"
import { readBody } from "#proxy/exchange/read-body.ts"
import type { EmbeddingsWire, EncodeContext } from "../adapter.ts"
import { embedTexts } from "../embed-texts.ts"
import { decodeOne, TASK_TYPES, TITLED } from "../gemini/embeddings.ts"
import { countIn } from "../read-report.ts"
import { readVectors } from "../read-vectors.ts"

const NAMES = /^(?:text-embedding-|text-multilingual-embedding-|textembedding-|gemini-embedding-)/
const FIRST_OF_GEMINI = "gemini-embedding-001"
const INPUTS_MAX = 250

export function isEmbedding(model: string): boolean {
  return NAMES.test(model)
}

/** Of the models that embed. */
export function embedsByContent(model: string): boolean {
  return model.startsWith("gemini-") && model !== FIRST_OF_GEMINI
}

export const vertexPredict: EmbeddingsWire = Object.freeze({
  features: () => TITLED,
  encode: (request: EmbeddingsRequest, context: EncodeContext): Decision<string> =>
    readBody(() => {
      const { dimensions } = request
      const max = context.model === FIRST_OF_GEMINI ? 1 : INPUTS_MAX
      return writeJson({
        instances: embedTexts(request, context, max).map(({ text, title }) => ({
          content: text,
          title: title ?? undefined,
          task_type: taskTypeOf(request),
        })),
        // Else the end of a text that is too long is cut off.
        parameters: { autoTruncate: false, outputDimensionality: dimensions ?? undefined },
      })
    }),
  decodeAnswer: (answer: JsonDocument) => {
    const predictions = new JsonView(answer).member("predictions")?.items() ?? []
    if (predictions.length === 0) return { ok: false, fault: "it has no predictions" }
    const vectors = readVectors(predictions, (prediction) =>
      prediction.member("embeddings")?.member("values"),
    )
    if (vectors === null) return { ok: false, fault: "a prediction has no embedding" }
    return { ok: true, answer: { vectors, usage: sumUsage(predictions) } }
  },
} satisfies EmbeddingsWire)

export const vertexContent: EmbeddingsWire = Object.freeze({
  features: () => TITLED,
  encode: (request: EmbeddingsRequest, context: EncodeContext): Decision<string> =>
    readBody(() => {
      const texts = embedTexts(request, context, 1)
      return writeJson({
        content: { parts: texts.map(({ text }) => ({ text })) },
        embedContentConfig: {
          taskType: taskTypeOf(request),
          title: texts[0]?.title ?? undefined,
          outputDimensionality: request.dimensions ?? undefined,
          autoTruncate: false,
        },
      })
    }),
  decodeAnswer: decodeOne,
} satisfies EmbeddingsWire)

function taskTypeOf({ purpose }: EmbeddingsRequest): string | undefined {
  return purpose === null ? undefined : TASK_TYPES[purpose]
}

/** Undefined unless every prediction tells its count. */
function sumUsage(predictions: readonly JsonView[]): TokenUsage | undefined {
  let inputTokens: number | undefined = 0
  for (const prediction of predictions) {
    const statistics = prediction.member("embeddings")?.member("statistics")
    const count = countIn(statistics, "token_count")
    inputTokens = count === undefined || inputTokens === undefined ? undefined : inputTokens + count
  }
  return usageOf({ inputTokens, outputTokens: 0 })
}
