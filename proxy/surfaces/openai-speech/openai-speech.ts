/**
 * `POST /v1/audio/speech` as clients speak it; only an upstream of this shape serves it.
 *
 * The answer is a stream whatever the client asks: sound in the upstream's own content type, or
 * events with `stream_format: "sse"`. Source: OpenAI API reference, "Create speech".
 */
import { endOf, type JsonDocument, NONE, startOf } from "#proxy/contract/json-document.ts"
import { accept, type Decision, type ParsedRequest } from "#proxy/exchange/parsed-request.ts"
import { present } from "../checks/field-checks.ts"
import { type PassedRules, parsePassed } from "../checks/parse-passed.ts"
import type { SurfaceLimits } from "../limits.ts"
import { openAiErrors } from "../openai/render-error.ts"
import type { Surface } from "../surface.ts"

/**
 * People say about 15 characters a second, and a second of sound is about 20 tokens ("Pricing":
 * gpt-4o-mini-tts at 12 dollars a million tokens costs about 0.015 dollars a minute).
 */
const TOKENS_PER_BYTE = 20 / 15

const RULES: PassedRules = Object.freeze({
  surface: "openai-speech",
  prompt: "input",
  mayStream: false,
  check: () => null,
  outputTokens: (document: JsonDocument) => {
    const input = present(document, "input")
    const bytes = input === NONE ? 0 : endOf(document, input) - startOf(document, input)
    return Math.ceil(bytes * TOKENS_PER_BYTE)
  },
})

export const openAiSpeech: Surface = Object.freeze({
  name: "openai-speech",
  wire: "openai.speech",
  operation: "speech",
  errors: openAiErrors,
  parse: ({ body }, limits) => parseSpeech(body, limits),
  chat: null,
  embeddings: null,
  rerank: null,
} satisfies Surface)

function parseSpeech(body: Uint8Array, limits: SurfaceLimits): Decision<ParsedRequest> {
  const parsed = parsePassed(body, limits, RULES)
  return parsed.ok ? accept({ ...parsed.value, isStream: true, streamType: null }) : parsed
}
