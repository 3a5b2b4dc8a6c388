/**
 * The other wires of OpenAI's shape, each made once for a place: completions, embeddings,
 * moderations and images.
 *
 * Source: OpenAI API reference, "Create completion", "Create embeddings", "Create moderation",
 * "Create image".
 */
import type { JsonDocument } from "#proxy/contract/json-document.ts"
import { JsonView } from "#proxy/contract/json-view.ts"
import { writeJson } from "#proxy/contract/json-write.ts"
import { usageOf } from "#proxy/contract/token-usage.ts"
import type { EmbeddingTable } from "#proxy/exchange/embedding-feature.ts"
import type { EmbeddingsRequest } from "#proxy/exchange/embeddings.ts"
import { accept } from "#proxy/exchange/parsed-request.ts"
import type { EmbeddingsWire, EncodeContext, UpstreamWire } from "../adapter.ts"
import { EMBEDDINGS_OF_TEXTS, ONE_PURPOSE } from "../embedding-features.ts"
import { countIn } from "../read-report.ts"
import { readVectors } from "../read-vectors.ts"
import { sameTextWire } from "./chat-wire.ts"
import { createWire, type OpenAiPlace } from "./create-wire.ts"
import { IMAGES } from "./image-wire.ts"
import { whole } from "./listed-answer.ts"
import type { VendorTraits } from "./vendors.ts"

export function createWholeWires(
  place: OpenAiPlace,
  traits: Pick<VendorTraits, "streamUsage">,
): readonly UpstreamWire[] {
  return Object.freeze([
    createWire(place, {
      name: "openai.completions",
      title: "Completions",
      suffix: "/completions",
      same: sameTextWire(traits),
    }),
    createWire(place, {
      name: "openai.embeddings",
      title: "Embeddings",
      suffix: "/embeddings",
      same: LISTED,
      embeddings: EMBEDDINGS,
    }),
    createWire(place, {
      name: "openai.moderations",
      title: "Moderations",
      suffix: "/moderations",
      same: MODERATED,
    }),
    createWire(place, {
      name: "openai.images",
      title: "Images",
      suffix: "/images/generations",
      same: IMAGES,
    }),
  ])
}

/** An answer of vectors has no output: some tell the total alone (Voyage). */
const LISTED = whole("data", (view) => {
  const usage = view.member("usage")
  const inputTokens = countIn(usage, "prompt_tokens") ?? countIn(usage, "total_tokens")
  return usageOf({ inputTokens, outputTokens: 0 })
})

/** Moderation is not billed and reports nothing. */
const MODERATED = whole("results", () => undefined)

const FEATURES: EmbeddingTable = Object.freeze({
  ...EMBEDDINGS_OF_TEXTS,
  "token-ids": "yes",
  purpose: ONE_PURPOSE,
  user: "yes",
})
/** Its models of two purposes have a field for them that tells fewer than Gemini's. */
const OF_PURPOSES: EmbeddingTable = Object.freeze({ ...FEATURES, purpose: "no" })

const EMBEDDINGS: EmbeddingsWire = Object.freeze({
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
