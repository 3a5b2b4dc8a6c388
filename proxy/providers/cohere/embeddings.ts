/** Embeddings as Cohere's embed speaks them. Source: Cohere API reference, "Embed API (v2)". */
import type { JsonDocument } from "#proxy/contract/json-document.ts"
import { JsonView } from "#proxy/contract/json-view.ts"
import { type JsonValue, writeJson } from "#proxy/contract/json-write.ts"
import type { EmbeddingTable } from "#proxy/exchange/embedding-feature.ts"
import type { EmbeddingPurpose, EmbeddingsRequest } from "#proxy/exchange/embeddings.ts"
import type { Decision } from "#proxy/exchange/parsed-request.ts"
import { readBody } from "#proxy/exchange/read-body.ts"
import type { CallPlace, EmbeddingsWire, EncodeContext } from "../adapter.ts"
import { embedTexts } from "../embed-texts.ts"
import { EMBEDDINGS_OF_TEXTS } from "../embedding-features.ts"
import { readUsage } from "./read-answer.ts"

const INPUTS_MAX = 96

/** Questions, claims and wanted code are all what is searched with. */
const INPUT_TYPES: Readonly<Record<EmbeddingPurpose, string>> = Object.freeze({
  "search-document": "search_document",
  "search-query": "search_query",
  similarity: "clustering",
  classification: "classification",
  clustering: "clustering",
  "question-answering": "search_query",
  "fact-verification": "search_query",
  "code-query": "search_query",
})

/** Models before the fourth version make vectors of one size. */
const ONE_SIZE: EmbeddingTable = Object.freeze({ ...EMBEDDINGS_OF_TEXTS, dimensions: "no" })

/** Also of the hosts of these models; their ids have other words around the name. */
export function featuresOf({ model }: Pick<CallPlace, "model">): EmbeddingTable {
  return /(?:^|[./])embed-(?:english|multilingual)-/.test(model) ? ONE_SIZE : EMBEDDINGS_OF_TEXTS
}

export const cohereEmbeddings: EmbeddingsWire = Object.freeze({
  features: featuresOf,
  encode: (request: EmbeddingsRequest, context: EncodeContext): Decision<string> =>
    readBody(() => writeJson({ model: context.model, ...encodeFields(request, context) })),
  decodeAnswer: (answer: JsonDocument) => {
    const view = new JsonView(answer)
    const given = view.member("embeddings")
    const vectors = given?.member("float")?.items() ?? given?.items() ?? []
    if (vectors.length === 0) return { ok: false, fault: "it has no embeddings" }
    const raw = vectors.map((vector) => vector.raw())
    return { ok: true, answer: { vectors: raw, usage: readUsage(view) } }
  },
} satisfies EmbeddingsWire)

/** All but the model, which other hosts of these models have in the path. */
export function encodeFields(
  request: EmbeddingsRequest,
  context: EncodeContext,
): Readonly<Record<string, JsonValue | undefined>> {
  return {
    texts: embedTexts(request, context, INPUTS_MAX).map(({ text }) => text),
    // Required there; what most callers embed is what they search in.
    input_type: INPUT_TYPES[request.purpose ?? "search-document"],
    embedding_types: ["float"],
    output_dimension: request.dimensions ?? undefined,
    // Else the end of a text that is too long is cut off, and nothing says so.
    truncate: "NONE",
  }
}
