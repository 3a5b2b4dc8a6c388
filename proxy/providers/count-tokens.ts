/**
 * Counting a prompt's tokens where the provider itself does it: the client's bytes pass, and so
 * does the count. It is not billed.
 *
 * Source: Anthropic API reference, "Count tokens in a Message"; Gemini API reference,
 * "models.countTokens".
 */
import type { JsonDocument } from "#proxy/contract/json-document.ts"
import { JsonView } from "#proxy/contract/json-view.ts"
import type { TokenUsage } from "#proxy/contract/records.ts"
import type { SameWire, StreamTap } from "./adapter.ts"
import { spliceModel } from "./splice-body.ts"

const NOT_BILLED: TokenUsage = Object.freeze({
  inputTokens: 0,
  cachedInputTokens: 0,
  outputTokens: 0,
})

/** `member` holds the count. */
export function countWireOf(member: string): SameWire {
  return Object.freeze({
    encodeBody: spliceModel,
    readUsage: () => NOT_BILLED,
    findAnswerFault: (answer: JsonDocument) =>
      new JsonView(answer).countOf(member) === undefined ? `it has no ${member}` : null,
    measureAnswer: () => 0,
    openTap: (): StreamTap => {
      throw new Error("counting never streams")
    },
  })
}
