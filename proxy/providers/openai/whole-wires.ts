/**
 * The other wires of OpenAI's shape, each made once for a place: completions, embeddings,
 * moderations and images.
 *
 * Source: OpenAI API reference, "Create completion", "Create embeddings", "Create moderation",
 * "Create image".
 */
import type { UpstreamWire } from "../adapter.ts"
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

/** Moderation is not billed and reports nothing. */
const MODERATED = whole("results", () => undefined)
