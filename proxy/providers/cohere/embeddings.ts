/** Embeddings as Cohere's embed speaks them. Source: Cohere API reference, "Embed API (v2)". */
import type { JsonDocument } from "#proxy/contract/json-document.ts"
import { JsonView } from "#proxy/contract/json-view.ts"
import { writeJson } from "#proxy/contract/json-write.ts"
import { refuseUnsupported } from "#proxy/exchange/chat-feature.ts"
import type { EmbeddingPurpose, EmbeddingsRequest } from "#proxy/exchange/embeddings.ts"
import type { Decision } from "#proxy/exchange/parsed-request.ts"
import { BodyFault, readBody } from "#proxy/exchange/read-body.ts"
import type { EmbeddingsWire, EncodeContext } from "../adapter.ts"
import { readUsage } from "./read-answer.ts"

const INPUTS_MAX = 96

const PURPOSES: Readonly<Record<EmbeddingPurpose, string>> = Object.freeze({
  "search-document": "search_document",
  "search-query": "search_query",
  similarity: "clustering",
  classification: "classification",
  clustering: "clustering",
})

export const cohereEmbeddings: EmbeddingsWire = Object.freeze({
  encode: (request: EmbeddingsRequest, context: EncodeContext): Decision<string> =>
    readBody(() =>
      writeJson({
        model: context.model,
        texts: textsOf(request, context, INPUTS_MAX),
        // Required there; what most callers embed is what they search in.
        input_type: PURPOSES[request.purpose ?? "search-document"],
        embedding_types: ["float"],
        output_dimension: request.dimensions ?? undefined,
      }),
    ),
  decodeAnswer: (answer: JsonDocument) => {
    const view = new JsonView(answer)
    const given = view.member("embeddings")
    const vectors = given?.member("float")?.items() ?? given?.items() ?? []
    if (vectors.length === 0) return { ok: false, fault: "it has no embeddings" }
    const raw = vectors.map((vector) => vector.raw())
    return { ok: true, answer: { vectors: raw, usage: readUsage(view) } }
  },
} satisfies EmbeddingsWire)

/** The inputs as texts; token ids are OpenAI's and mean nothing elsewhere. */
export function textsOf(
  { inputs }: EmbeddingsRequest,
  { provider, model }: EncodeContext,
  max: number,
): readonly string[] {
  if (inputs.length > max) {
    const why = `${model} takes ${max} inputs at a time, not ${inputs.length}`
    throw new BodyFault(refuseUnsupported("input", provider.name, why))
  }
  return inputs.map((input) => {
    if (input.kind === "text") return input.text
    const why = "token ids are OpenAI's own; send the texts"
    throw new BodyFault(refuseUnsupported("input", provider.name, why))
  })
}
