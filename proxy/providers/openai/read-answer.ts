/**
 * What concerns us in an answer of the OpenAI schema: usage, the upstream's error, and whether it
 * is one.
 */
import {
  countOf,
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
import type { UpstreamError } from "#proxy/exchange/upstream-error.ts"

/** Characters of an upstream's message that are passed on. */
const MESSAGE_CHARS_MAX = 2000
const NAME_CHARS_MAX = 128
const BYTES_PER_TOKEN = 4
/** No attempt uses so many tokens: a report beyond is none, and cannot distort any sum. */
const TOKENS_MAX = 1_000_000_000

/**
 * Integers >= 0 or nothing: a negative, fractional, textual or absurd count makes the whole report
 * absent, since absent is settled on the estimate and zero is not. Zero itself is a report.
 */
export function readUsage(answer: JsonDocument): TokenUsage | undefined {
  const usage = memberOf(answer, 0, "usage")
  const inputTokens = countOf(answer, memberOf(answer, usage, "prompt_tokens"))
  const outputTokens = countOf(answer, memberOf(answer, usage, "completion_tokens"))
  if (inputTokens === undefined || outputTokens === undefined) return undefined
  if (inputTokens > TOKENS_MAX || outputTokens > TOKENS_MAX) return undefined
  const details = memberOf(answer, usage, "prompt_tokens_details")
  const cached = countOf(answer, memberOf(answer, details, "cached_tokens")) ?? 0
  return { inputTokens, cachedInputTokens: Math.min(cached, inputTokens), outputTokens }
}

export function findAnswerFault(answer: JsonDocument): string | null {
  if (kindOf(answer, 0) !== KIND.object) return "it is not a JSON object"
  if (hasError(answer)) return "it is an error with status 200"
  const choices = memberOf(answer, 0, "choices")
  if (choices === NONE || kindOf(answer, choices) !== KIND.array) return "it has no choices"
  return null
}

export function hasError(answer: JsonDocument): boolean {
  const error = memberOf(answer, 0, "error")
  return error !== NONE && kindOf(answer, error) !== KIND.null
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
