/**
 * The other wires of OpenAI's shape, each made once for a place: completions, embeddings,
 * moderations and images.
 *
 * Source: OpenAI API reference, "Create completion", "Create embeddings", "Create moderation",
 * "Create image".
 */
import { NONE, startOf } from "#proxy/contract/json-document.ts"
import type { JsonView } from "#proxy/contract/json-view.ts"
import type { TokenUsage } from "#proxy/contract/records.ts"
import { usageOf } from "#proxy/contract/token-usage.ts"
import type { ParsedRequest } from "#proxy/exchange/parsed-request.ts"
import type { Target } from "#proxy/exchange/target.ts"
import type { SameWire, UpstreamWire } from "../adapter.ts"
import { countIn } from "../read-report.ts"
import { insertAt, splice, spliceModel } from "../splice-body.ts"
import { sameTextWire } from "./chat-wire.ts"
import { createWire, type OpenAiPlace } from "./create-wire.ts"
import { EMBEDDINGS, SAME_EMBEDDINGS } from "./embeddings-wire.ts"
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
      same: SAME_EMBEDDINGS,
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

/**
 * OpenAI does not bill it and reports nothing. Mistral does, and its total is more than what it
 * calls the prompt: nothing of it is output.
 */
function readModerated(view: JsonView): TokenUsage | undefined {
  const usage = view.member("usage")
  const [prompt, total] = [countIn(usage, "prompt_tokens"), countIn(usage, "total_tokens")]
  return usageOf({ inputTokens: Math.max(prompt ?? Number.NaN, total ?? 0), outputTokens: 0 })
}

const MODERATED: SameWire = Object.freeze({
  ...whole("results", readModerated),
  encodeBody: (request: ParsedRequest, target: Target) => {
    const { document, modelNode, model } = request
    if (modelNode !== NONE) return spliceModel(request, target)
    // The client left it out: the model that was judged is the one that serves.
    const name = JSON.stringify(target.model ?? model)
    const member = new TextEncoder().encode(`"model":${name},`)
    return splice(document.bytes, [insertAt(startOf(document, 0) + 1, member)])
  },
})
