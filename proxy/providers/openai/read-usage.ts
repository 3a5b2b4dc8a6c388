/** Usage in the words of OpenAI and of vendors of its shape: Chat Completions, whole and chunks. */
import {
  firstIn,
  type JsonDocument,
  KIND,
  kindOf,
  memberOf,
  NONE,
} from "#proxy/contract/json-document.ts"
import { readTerms } from "#proxy/contract/price-terms.ts"
import type { TokenUsage } from "#proxy/contract/records.ts"
import { reportedCount, usageOf } from "#proxy/contract/token-usage.ts"

/**
 * The fields of OpenAI's "The chat completion object", and what vendors of the same shape call
 * them: DeepSeek's hits, OpenRouter's writes, Moonshot's cached tokens, Perplexity's reasoning.
 * `completion_tokens` holds reasoning, except where the total (xAI) or the count itself, being
 * larger (Perplexity's research), shows that it is counted apart: there it is added. Gemini's own
 * endpoint of this shape tells it in the total alone.
 */
export function readUsage(answer: JsonDocument): TokenUsage | undefined {
  const usage = reportIn(answer)
  const output = memberOf(answer, usage, "completion_tokens_details")
  const count = (parent: number, name: string): number | undefined =>
    reportedCount(answer, memberOf(answer, parent, name))
  const prompt = count(usage, "prompt_tokens")
  const total = count(usage, "total_tokens")
  const completion = count(usage, "completion_tokens") ?? restOf(total, prompt)
  if (isNoReport(prompt, count(usage, "cost"))) return undefined
  const told: Told = { prompt, completion, total }
  const reasoning = count(output, "reasoning_tokens") ?? count(usage, "reasoning_tokens")
  const read = readInput(answer, usage, told)
  const beyond = (told.total ?? 0) - (read.inputTokens ?? 0)
  const hasCached = (read.cachedInputTokens ?? 0) > 0
  return usageOf({
    ...read,
    outputTokens: wholeOutput(told.completion, reasoning, beyond, hasCached),
    reasoningTokens: reasoning,
    outputAudioTokens: count(output, "audio_tokens"),
    outputImageTokens: count(output, "image_tokens"),
    terms: readTerms(answer, 0),
  })
}

/**
 * No prompt has no tokens: servers that count nothing write zeros (OpenVINO's, LM Studio of
 * vectors). OpenRouter's mean it, of an answer from its own cache: it tells that it cost nothing.
 */
export function isNoReport(input: number | undefined, cost: number | undefined): boolean {
  return input === 0 && cost !== 0
}

interface Told {
  readonly prompt: number | undefined
  readonly completion: number | undefined
  readonly total: number | undefined
}

/** OpenAI leaves the completion out where it has no token, as where a prompt is only echoed. */
function restOf(total: number | undefined, prompt: number | undefined): number | undefined {
  return total === undefined || prompt === undefined ? undefined : total - prompt
}

/** Groq reports on a stream in a member of its own, Moonshot in the choice that ends. */
function reportIn(answer: JsonDocument): number {
  const usage = memberOf(answer, 0, "usage")
  if (usage !== NONE && kindOf(answer, usage) === KIND.object) return usage
  const own = memberOf(answer, memberOf(answer, 0, "x_groq"), "usage")
  if (own !== NONE) return own
  const choices = memberOf(answer, 0, "choices")
  return choices === NONE ? NONE : memberOf(answer, firstIn(answer, choices), "usage")
}

function readInput(answer: JsonDocument, usage: number, told: Told) {
  const details = memberOf(answer, usage, "prompt_tokens_details")
  const count = (parent: number, name: string): number | undefined =>
    reportedCount(answer, memberOf(answer, parent, name))
  const read = count(usage, "cache_read_input_tokens")
  const written = count(usage, "cache_creation_input_tokens")
  const hour = memberOf(answer, details, "cache_creation_token_details")
  const heard = heardTokens(told, count(usage, "prompt_audio_seconds"))
  const beside = besidePrompt(told, (read ?? 0) + (written ?? 0))
  return {
    inputTokens: told.prompt === undefined ? undefined : told.prompt + beside + heard,
    cachedInputTokens:
      count(details, "cached_tokens") ??
      count(usage, "prompt_cache_hit_tokens") ??
      count(usage, "cached_tokens") ??
      read,
    cacheWriteTokens:
      count(details, "cache_write_tokens") ??
      // LiteLLM, Qwen.
      count(details, "cache_creation_tokens") ??
      count(details, "cache_creation_input_tokens") ??
      written,
    cacheWrite1hTokens: count(hour, "ephemeral_1h_input_tokens"),
    inputAudioTokens: heard > 0 ? heard : count(details, "audio_tokens"),
    inputImageTokens: count(details, "image_tokens"),
  }
}

/**
 * Servers that have Claude behind this shape name caches as Anthropic does, which counts them
 * beside the prompt. Most have them in it: where not, the total or their size shows it.
 */
function besidePrompt({ prompt = 0, completion = 0, total }: Told, caches: number): number {
  return caches > prompt || total === prompt + completion + caches ? caches : 0
}

/**
 * Mistral ("Audio and transcription") tells recordings in seconds; their tokens are in the total
 * alone.
 */
function heardTokens({ prompt = 0, completion = 0, total = 0 }: Told, seconds = 0): number {
  return seconds > 0 ? Math.max(0, total - prompt - completion) : 0
}

/** `beyond`: what the total has beyond the input, perhaps what a cache gave beside it. */
function wholeOutput(
  completion: number | undefined,
  reasoning: number | undefined,
  beyond: number,
  hasCached: boolean,
): number | undefined {
  if (completion === undefined) return undefined
  if (reasoning === undefined) return hasCached ? completion : Math.max(completion, beyond)
  const isApart = completion + reasoning === beyond || reasoning > completion
  return isApart ? completion + reasoning : completion
}
