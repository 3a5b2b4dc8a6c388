/**
 * Embeddings as OpenAI and vendors of its shape speak them.
 *
 * Source: OpenAI API reference, "Create embeddings".
 */
import { firstIn, type JsonDocument, KIND, kindOf } from "#proxy/contract/json-document.ts"
import { JsonView } from "#proxy/contract/json-view.ts"
import { writeJson } from "#proxy/contract/json-write.ts"
import { usageOf } from "#proxy/contract/token-usage.ts"
import type { EmbeddingTable } from "#proxy/exchange/embedding-feature.ts"
import type { EmbeddingsRequest } from "#proxy/exchange/embeddings.ts"
import { encodeFloats } from "#proxy/exchange/encode-floats.ts"
import { accept, type ParsedRequest } from "#proxy/exchange/parsed-request.ts"
import type { EmbeddingsWire, EncodeContext, SameWire } from "../adapter.ts"
import { EMBEDDINGS_OF_TEXTS, ONE_PURPOSE } from "../embedding-features.ts"
import { countIn } from "../read-report.ts"
import { readVectors } from "../read-vectors.ts"
import { replaceNode, splice } from "../splice-body.ts"
import { whole } from "./listed-answer.ts"
import { isNoReport } from "./read-usage.ts"

/** An answer of vectors has no output: some tell the total alone (Voyage). */
const LISTED = whole("data", (view) => {
  const usage = view.member("usage")
  const inputTokens = countIn(usage, "prompt_tokens") ?? countIn(usage, "total_tokens")
  if (isNoReport(inputTokens, countIn(usage, "cost"))) return undefined
  return usageOf({ inputTokens, outputTokens: 0 })
})

export const SAME_EMBEDDINGS: SameWire = Object.freeze({ ...LISTED, fitAnswer: inBase64 })

/**
 * SDKs of OpenAI ask for base64 by themselves, and make other vectors of numbers or throw; servers
 * of its shape that do not know the field give numbers all the same (LM Studio, Infinity).
 */
function inBase64(answer: JsonDocument, request: ParsedRequest): Uint8Array {
  if (new JsonView(request.document).textOf("encoding_format") !== "base64") return answer.bytes
  const data = new JsonView(answer).member("data")?.items() ?? []
  const edits = data.flatMap((item) => {
    const vector = item.member("embedding")
    if (vector === undefined || !isVector(answer, vector.node)) return []
    const text = new TextEncoder().encode(`"${encodeFloats(vector.raw())}"`)
    return [replaceNode(answer, vector.node, text)]
  })
  return edits.length === 0 ? answer.bytes : splice(answer.bytes, edits)
}

/** By its first entry: a list of lists is no one vector. */
function isVector(answer: JsonDocument, node: number): boolean {
  const isList = kindOf(answer, node) === KIND.array
  return isList && kindOf(answer, firstIn(answer, node)) === KIND.number
}

const FEATURES: EmbeddingTable = Object.freeze({
  ...EMBEDDINGS_OF_TEXTS,
  "token-ids": "yes",
  purpose: ONE_PURPOSE,
  user: "yes",
})
/** Its models of two purposes have a field for them that tells fewer than Gemini's. */
const OF_PURPOSES: EmbeddingTable = Object.freeze({ ...FEATURES, purpose: "no" })

export const EMBEDDINGS: EmbeddingsWire = Object.freeze({
  features: ({ provider }) => (provider.vendor === "NvidiaNIM" ? OF_PURPOSES : FEATURES),
  encode: (request: EmbeddingsRequest, { model }: EncodeContext) =>
    accept(
      writeJson({
        model,
        input: request.inputs.map((input) => (input.kind === "text" ? input.text : input.ids)),
        dimensions: request.dimensions ?? undefined,
        encoding_format: "float",
        user: request.user ?? undefined,
      }),
    ),
  decodeAnswer: (answer: JsonDocument) => {
    const fault = LISTED.findAnswerFault(answer)
    if (fault !== null) return { ok: false, fault }
    const data = inOrder(new JsonView(answer).member("data")?.items() ?? [])
    const vectors = readVectors(data, (item) => item.member("embedding"))
    if (vectors === null) return { ok: false, fault: "an embedding is no list" }
    return { ok: true, answer: { vectors, usage: LISTED.readUsage(answer) } }
  },
} satisfies EmbeddingsWire)

/** Each vector names the input that it is of; where some do not, their places do. */
function inOrder(data: readonly JsonView[]): readonly JsonView[] {
  const places = data.map((item, position) => ({ item, at: item.countOf("index") ?? position }))
  return places.sort((a, b) => a.at - b.at).map(({ item }) => item)
}
