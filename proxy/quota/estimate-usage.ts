/**
 * Tokens of a request before its answer, from sizes alone.
 *
 * In: the measure of a prompt and the model that serves. Out: a TokenUsage that stands where no
 * provider reports one; what may be images, audio or a write for an hour is told as a part, so
 * that its price holds. Time does not depend on the length of the prompt.
 */
import type { TokenUsage } from "#proxy/contract/records.ts"
import type { PromptMeasure } from "#proxy/exchange/prompt-measure.ts"
import { factorsOf } from "./model-family.ts"

/**
 * Characters of two bytes (Cyrillic, Arabic, accents) are about half a token, those of three
 * (Chinese, Thai) one, those of four (emoji) one and a half: half a token for each byte after the
 * first. Compared with o200k_base and cl100k_base in the test.
 */
const TOKENS_PER_FURTHER_BYTE = 0.5
/** Before and after all messages. */
const TOKENS_PER_REQUEST = 3
/** A rule of thumb: speech at 128 kbit/s, between MP3 and WAV. */
const BYTES_PER_AUDIO_SECOND = 16_000
/** A rule of thumb: a page of a PDF has about 60 kB, and Claude counts about 3,000 tokens. */
const BYTES_PER_FILE_TOKEN = 20
/** What a file or a recording that is only referred to is taken for. */
const TOKENS_PER_REFERENCE = 5000
/** No estimate is more: it stays in reach of exact arithmetic, whatever a body says. */
const TOKENS_MAX = 1_000_000_000

/** Of a request whose recording takes `seconds`, as its provider says. */
export function estimateRecording(
  measure: PromptMeasure,
  seconds: number,
  model: string,
): TokenUsage {
  return estimateUsage({ ...measure, audioBytes: seconds * BYTES_PER_AUDIO_SECOND }, model)
}

export function estimateUsage(measure: PromptMeasure, model: string): TokenUsage {
  const factors = factorsOf(model)
  const { plainBytes, wideBytes, wideChars, messages, images, coarseImages } = measure
  const text =
    plainBytes / factors.bytesPerToken + (wideBytes - wideChars) * TOKENS_PER_FURTHER_BYTE
  const frame = messages * factors.perMessage + TOKENS_PER_REQUEST
  const tools = measure.hasTools ? factors.perToolPrompt : 0
  const files = measure.fileBytes / BYTES_PER_FILE_TOKEN + measure.references * TOKENS_PER_REFERENCE
  const image = (images - coarseImages) * factors.perImage + coarseImages * factors.perCoarseImage
  const seconds = measure.audioBytes / BYTES_PER_AUDIO_SECOND
  const audio = Math.min(Math.ceil(seconds * factors.perAudioSecond), TOKENS_MAX)
  const inputTokens = Math.min(Math.ceil(text + files) + frame + tools + image + audio, TOKENS_MAX)
  const counts = {
    inputTokens,
    cachedInputTokens: 0,
    outputTokens: Math.min(measure.outputTokens, TOKENS_MAX),
  }
  const { asksHourCache, terms } = measure
  // Nearly every request is this.
  if (image === 0 && audio === 0 && !asksHourCache && terms === undefined) return counts
  return {
    ...counts,
    ...(image === 0 ? {} : { inputImageTokens: Math.min(image, inputTokens - audio) }),
    ...(audio === 0 ? {} : { inputAudioTokens: audio }),
    ...(asksHourCache ? { cacheWriteTokens: inputTokens, cacheWrite1hTokens: inputTokens } : {}),
    ...(terms === undefined ? {} : { terms }),
  }
}
