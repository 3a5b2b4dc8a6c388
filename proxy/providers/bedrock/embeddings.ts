/**
 * Embeddings as Bedrock's InvokeModel takes them: each vendor's own body, the model in the path.
 *
 * Source: Amazon Bedrock user guide, "Amazon Titan Embeddings G1 - Text" (both versions of the
 * body), "Amazon Titan Multimodal Embeddings G1", "Cohere Embed v3", "Cohere Embed v4"; Amazon Nova
 * user guide, "Complete embeddings request and response schema".
 */
import type { JsonDocument } from "#proxy/contract/json-document.ts"
import { JsonView } from "#proxy/contract/json-view.ts"
import { writeJson } from "#proxy/contract/json-write.ts"
import type { TokenUsage } from "#proxy/contract/records.ts"
import { usageOf } from "#proxy/contract/token-usage.ts"
import type { EmbeddingTable } from "#proxy/exchange/embedding-feature.ts"
import type { EmbeddingPurpose, EmbeddingsRequest } from "#proxy/exchange/embeddings.ts"
import type { Decision } from "#proxy/exchange/parsed-request.ts"
import type { AnswerHeaders } from "#proxy/exchange/ports.ts"
import { readBody } from "#proxy/exchange/read-body.ts"
import type { EmbeddingsWire, EncodeContext } from "../adapter.ts"
import { cohereEmbeddings, encodeFields, featuresOf } from "../cohere/embeddings.ts"
import { embedTexts } from "../embed-texts.ts"
import { EMBEDDINGS_OF_TEXTS, ONE_PURPOSE } from "../embedding-features.ts"
import { countIn } from "../read-report.ts"
import { readVectors } from "../read-vectors.ts"

const TITAN: EmbeddingTable = Object.freeze({ ...EMBEDDINGS_OF_TEXTS, purpose: ONE_PURPOSE })
const TITAN_FIRST: EmbeddingTable = Object.freeze({ ...TITAN, dimensions: "no" })

/** One text a request. Vectors are normalized unless told otherwise, as OpenAI's are. */
export const titanInvoke: EmbeddingsWire = Object.freeze({
  features: ({ model }) => (/titan-embed-(?:text-v1|g1-text)/.test(model) ? TITAN_FIRST : TITAN),
  encode: (request: EmbeddingsRequest, context: EncodeContext): Decision<string> =>
    readBody(() => {
      const dimensions = request.dimensions ?? undefined
      const [inputText = ""] = embedTexts(request, context, 1).map(({ text }) => text)
      if (!context.model.includes("titan-embed-image")) return writeJson({ inputText, dimensions })
      const embeddingConfig =
        dimensions === undefined ? undefined : { outputEmbeddingLength: dimensions }
      return writeJson({ inputText, embeddingConfig })
    }),
  decodeAnswer: (answer: JsonDocument) => {
    const view = new JsonView(answer)
    const vector = view.member("embedding")
    if (vector?.isArray !== true) return { ok: false, fault: "it has no embedding" }
    const inputTokens = countIn(view, "inputTextTokenCount")
    const usage = usageOf({ inputTokens, outputTokens: 0 })
    return { ok: true, answer: { vectors: [vector.raw()], usage } }
  },
} satisfies EmbeddingsWire)

/** What is searched in may hold more than texts: nobody says so here. */
const NOVA_PURPOSES: Readonly<Record<EmbeddingPurpose, string>> = Object.freeze({
  "search-document": "GENERIC_INDEX",
  "search-query": "GENERIC_RETRIEVAL",
  similarity: "CLUSTERING",
  classification: "CLASSIFICATION",
  clustering: "CLUSTERING",
  "question-answering": "GENERIC_RETRIEVAL",
  "fact-verification": "GENERIC_RETRIEVAL",
  "code-query": "GENERIC_RETRIEVAL",
})

/** One text a request. Reports no usage in its body: `usageOfHeaders` does. */
export const novaInvoke: EmbeddingsWire = Object.freeze({
  features: () => EMBEDDINGS_OF_TEXTS,
  encode: (request: EmbeddingsRequest, context: EncodeContext): Decision<string> =>
    readBody(() => {
      const [value = ""] = embedTexts(request, context, 1).map(({ text }) => text)
      return writeJson({
        taskType: "SINGLE_EMBEDDING",
        singleEmbeddingParams: {
          // Required there; what most callers embed is what they search in.
          embeddingPurpose: NOVA_PURPOSES[request.purpose ?? "search-document"],
          embeddingDimension: request.dimensions ?? undefined,
          // Required there: a text that is too long is an error, and not cut.
          text: { truncationMode: "NONE", value },
        },
      })
    }),
  decodeAnswer: (answer: JsonDocument) => {
    const embeddings = new JsonView(answer).member("embeddings")?.items() ?? []
    const vectors = readVectors(embeddings, (embedding) => embedding.member("embedding"))
    if (vectors === null || vectors.length === 0) return { ok: false, fault: "it has no embedding" }
    return { ok: true, answer: { vectors, usage: undefined } }
  },
} satisfies EmbeddingsWire)

/**
 * What InvokeModel counts stands in the head of its answer, of any model. Source: AWS documents it
 * nowhere that we found; Cohere's own SDK reads usage of Bedrock so (cohere-python, `aws_client`).
 */
export function usageOfHeaders(headers: AnswerHeaders): TokenUsage | undefined {
  const told = headers["x-amzn-bedrock-input-token-count"]
  if (told === undefined || !/^\d{1,10}$/.test(told)) return undefined
  return usageOf({ inputTokens: Number(told), outputTokens: 0 })
}

/** Reports no usage in its body: `usageOfHeaders` does. */
export const cohereInvoke: EmbeddingsWire = Object.freeze({
  features: featuresOf,
  encode: (request: EmbeddingsRequest, context: EncodeContext): Decision<string> =>
    readBody(() => writeJson(encodeFields(request, context))),
  decodeAnswer: cohereEmbeddings.decodeAnswer,
} satisfies EmbeddingsWire)
