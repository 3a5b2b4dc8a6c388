/**
 * What concerns us in an answer of the OpenAI schema: usage, the upstream's error, and whether it
 * is one.
 */
import {
  endOf,
  firstIn,
  isString,
  type JsonDocument,
  KIND,
  kindOf,
  memberOf,
  NONE,
  nextIn,
  numberOf,
  startOf,
  textOf,
} from "#proxy/contract/json-document.ts"
import type { TokenUsage } from "#proxy/contract/records.ts"
import { reportedCount, usageOf } from "#proxy/contract/token-usage.ts"
import type { UpstreamError } from "#proxy/exchange/upstream-error.ts"

/** Characters of an upstream's message that are passed on. */
const MESSAGE_CHARS_MAX = 2000
const NAME_CHARS_MAX = 128
const BYTES_PER_TOKEN = 4

/**
 * The fields of OpenAI's "The chat completion object", and what vendors of the same shape call
 * them: DeepSeek's hits, OpenRouter's writes, Moonshot's cached tokens, Perplexity's reasoning.
 * `completion_tokens` holds reasoning, except where the total shows that it is counted apart
 * (xAI): there it is added.
 */
export function readUsage(answer: JsonDocument): TokenUsage | undefined {
  const usage = reportIn(answer)
  const input = memberOf(answer, usage, "prompt_tokens_details")
  const output = memberOf(answer, usage, "completion_tokens_details")
  const count = (parent: number, name: string): number | undefined =>
    reportedCount(answer, memberOf(answer, parent, name))
  const inputTokens = count(usage, "prompt_tokens")
  const completionTokens = count(usage, "completion_tokens")
  const reasoningTokens = count(output, "reasoning_tokens") ?? count(usage, "reasoning_tokens")
  return usageOf({
    inputTokens,
    cachedInputTokens:
      count(input, "cached_tokens") ??
      count(usage, "prompt_cache_hit_tokens") ??
      count(usage, "cached_tokens"),
    cacheWriteTokens: count(input, "cache_write_tokens"),
    inputAudioTokens: count(input, "audio_tokens"),
    inputImageTokens: count(input, "image_tokens"),
    outputTokens: wholeOutput(
      inputTokens,
      completionTokens,
      reasoningTokens,
      count(usage, "total_tokens"),
    ),
    reasoningTokens,
    outputAudioTokens: count(output, "audio_tokens"),
    outputImageTokens: count(output, "image_tokens"),
  })
}

/** Groq reports on a stream in a member of its own. */
function reportIn(answer: JsonDocument): number {
  const usage = memberOf(answer, 0, "usage")
  if (usage !== NONE && kindOf(answer, usage) === KIND.object) return usage
  return memberOf(answer, memberOf(answer, 0, "x_groq"), "usage")
}

function wholeOutput(
  input: number | undefined,
  completion: number | undefined,
  reasoning: number | undefined,
  total: number | undefined,
): number | undefined {
  if (input === undefined || completion === undefined || reasoning === undefined) return completion
  return input + completion + reasoning === total ? completion + reasoning : completion
}

export function findAnswerFault(answer: JsonDocument): string | null {
  if (kindOf(answer, 0) !== KIND.object) return "it is not a JSON object"
  if (hasError(answer)) return "it is an error with status 200"
  const choices = memberOf(answer, 0, "choices")
  if (choices === NONE || kindOf(answer, choices) !== KIND.array) return "it has no choices"
  return null
}

export function hasError(answer: JsonDocument): boolean {
  // Groq says so of a stream in a member of its own.
  return [0, memberOf(answer, 0, "x_groq")].some((holder) => {
    const error = memberOf(answer, holder, "error")
    return error !== NONE && kindOf(answer, error) !== KIND.null
  })
}

/**
 * From `{"error":{...}}` or `{"error":"..."}`; undefined when there is no message in it. Some
 * upstreams quote the key they were sent: `conceal` takes it out of each text before the text is
 * cut, so that not even a part of it is left.
 */
export function readError(
  answer: JsonDocument,
  conceal: (text: string) => string,
): UpstreamError | undefined {
  const error = memberOf(answer, 0, "error")
  if (error === NONE) return undefined
  const read = (node: number, max: number): string | null => {
    if (node === NONE) return null
    // Some servers' codes are numbers.
    if (kindOf(answer, node) === KIND.number) return String(numberOf(answer, node))
    if (!isString(answer, node)) return null
    return conceal(textOf(answer, node)).slice(0, max).toWellFormed()
  }
  const field = (name: string, max: number): string | null =>
    read(memberOf(answer, error, name), max)
  if (isString(answer, error)) {
    return { message: read(error, MESSAGE_CHARS_MAX) ?? "", type: null, param: null, code: null }
  }
  const message = field("message", MESSAGE_CHARS_MAX)
  if (message === null) return undefined
  return {
    message,
    type: field("type", NAME_CHARS_MAX),
    param: field("param", NAME_CHARS_MAX),
    code: field("code", NAME_CHARS_MAX),
  }
}

/** Text and tool calls of every choice at four bytes a token. */
export function measureAnswer(answer: JsonDocument): number {
  const choices = memberOf(answer, 0, "choices")
  if (choices === NONE || kindOf(answer, choices) !== KIND.array) return 0
  let bytes = 0
  for (
    let choice = firstIn(answer, choices);
    choice !== NONE;
    choice = nextIn(answer, choices, choice)
  ) {
    const message = memberOf(answer, choice, "message")
    for (const name of ["content", "reasoning_content", "tool_calls"]) {
      const node = memberOf(answer, message, name)
      if (node !== NONE) bytes += endOf(answer, node) - startOf(answer, node)
    }
  }
  return Math.ceil(bytes / BYTES_PER_TOKEN)
}
