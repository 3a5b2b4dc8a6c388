/** What the calls of a choice say about why it ended. */
import type { FinishReason } from "#proxy/exchange/response-event.ts"

/**
 * Clients look for calls by the reason alone, and loop on it. A call that `tool_choice` names ends
 * with `stop` at OpenAI, as every streamed call at Gemini's endpoint of its shape, and some at
 * Bedrock; there also a text alone may end as if for a call.
 */
export function withCalls(reason: FinishReason, hasCalls: boolean): FinishReason {
  if (reason === "stop" && hasCalls) return "tool-calls"
  return reason === "tool-calls" && !hasCalls ? "stop" : reason
}
