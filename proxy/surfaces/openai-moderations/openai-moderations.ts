/**
 * `POST /v1/moderations` as clients speak it; only an upstream of this shape serves it. Source:
 * OpenAI API reference, "Create moderation".
 */
import {
  firstIn,
  isString,
  type JsonDocument,
  KIND,
  kindOf,
  memberOf,
  NONE,
  nextIn,
} from "#proxy/contract/json-document.ts"
import { pointerTo } from "#proxy/contract/json-keys.ts"
import type { PromptMeter } from "#proxy/exchange/prompt-measure.ts"
import type { Refusal } from "#proxy/exchange/refusal.ts"
import { checkImageUrl } from "../checks/image-url.ts"
import { type PassedRules, parsePassed } from "../checks/parse-passed.ts"
import { openAiErrors } from "../openai/render-error.ts"
import type { Surface } from "../surface.ts"

const RULES: PassedRules = Object.freeze({
  surface: "openai-moderations",
  prompt: "input",
  mayStream: false,
  // "Defaults to omni-moderation-latest": most clients leave it out.
  modelUnsaid: "omni-moderation-latest",
  measureEntry,
  check: checkImages,
  outputTokens: () => 0,
})

export const openAiModerations: Surface = Object.freeze({
  name: "openai-moderations",
  wire: "openai.moderations",
  operation: "moderation",
  errors: openAiErrors,
  parse: (raw, limits) => parsePassed(raw.body, limits, RULES),
  chat: null,
  embeddings: null,
  rerank: null,
} satisfies Surface)

/** A text, or a part as of a chat. */
function measureEntry(document: JsonDocument, entry: number, meter: PromptMeter): void {
  if (imageIn(document, entry) !== NONE) meter.images++
  else meter.text(entry)
}

function checkImages(document: JsonDocument): Refusal | null {
  const input = memberOf(document, 0, "input")
  if (input === NONE || kindOf(document, input) !== KIND.array) return null
  for (let entry = firstIn(document, input); entry !== NONE; ) {
    const url = imageIn(document, entry)
    const refusal =
      url === NONE ? null : checkImageUrl(document, url, () => pointerTo(document, url))
    if (refusal !== null) return refusal
    entry = nextIn(document, input, entry)
  }
  return null
}

/** The address of an entry that is an image; NONE of any other. */
function imageIn(document: JsonDocument, entry: number): number {
  const url = memberOf(document, memberOf(document, entry, "image_url"), "url")
  return url !== NONE && isString(document, url) ? url : NONE
}
