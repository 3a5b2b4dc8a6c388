/**
 * Tokens of a chat request before its answer, from sizes alone: no tokenizer runs on the way.
 *
 * Input: four bytes a token for plain text, one character a token for what takes more than one byte
 * (a CJK character is about one), an image as a fixed sum. Output: the request's own maximum times
 * its choices, else the default. The provider's report settles the bill; this stands where there is
 * none.
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
  startOf,
  textEquals,
} from "#proxy/contract/json-document.ts"
import type { TokenUsage } from "#proxy/contract/records.ts"

const BYTES_PER_TOKEN = 4
/** Role and separators of one message (OpenAI cookbook, "How to count tokens"). */
const TOKENS_PER_MESSAGE = 4
/** A high-detail image of 1024 x 1024 is 765 tokens, larger ones up to about this. */
const TOKENS_PER_IMAGE = 1105

export function estimateTokens(document: JsonDocument, outputTokensDefault: number): TokenUsage {
  const prompt = measurePrompt(document)
  const wideBytes = Math.min(document.wideBytes, prompt.bytes)
  const inputTokens =
    Math.ceil((prompt.bytes - wideBytes) / BYTES_PER_TOKEN) + document.wideChars + prompt.fixed
  const limit =
    countOf(document, memberOf(document, 0, "max_completion_tokens")) ??
    countOf(document, memberOf(document, 0, "max_tokens")) ??
    outputTokensDefault
  const choices = countOf(document, memberOf(document, 0, "n")) ?? 1
  return { inputTokens, cachedInputTokens: 0, outputTokens: limit * choices }
}

interface Measure {
  bytes: number
  fixed: number
}

function measurePrompt(document: JsonDocument): Readonly<Measure> {
  const measure: Measure = { bytes: 0, fixed: 3 }
  const messages = memberOf(document, 0, "messages")
  for (
    let message = firstIn(document, messages);
    message !== NONE;
    message = nextIn(document, messages, message)
  ) {
    measure.fixed += TOKENS_PER_MESSAGE
    measureContent(document, memberOf(document, message, "content"), measure)
    addWhole(document, memberOf(document, message, "tool_calls"), measure)
  }
  addWhole(document, memberOf(document, 0, "tools"), measure)
  addWhole(document, memberOf(document, 0, "functions"), measure)
  addWhole(document, memberOf(document, 0, "response_format"), measure)
  return measure
}

function measureContent(document: JsonDocument, content: number, measure: Measure): void {
  if (content === NONE) return
  if (isString(document, content)) {
    addWhole(document, content, measure)
    return
  }
  if (kindOf(document, content) !== KIND.array) return
  for (
    let part = firstIn(document, content);
    part !== NONE;
    part = nextIn(document, content, part)
  ) {
    const type = memberOf(document, part, "type")
    const isImage = type !== NONE && textEquals(document, type, "image_url")
    if (isImage) measure.fixed += TOKENS_PER_IMAGE
    else addWhole(document, memberOf(document, part, "text"), measure)
  }
}

function addWhole(document: JsonDocument, node: number, measure: Measure): void {
  if (node === NONE || kindOf(document, node) === KIND.null) return
  const quotes = isString(document, node) ? 2 : 0
  measure.bytes += endOf(document, node) - startOf(document, node) - quotes
}
