/** An error in a stream of responses: the event `error`, and the response that failed by it. */
import type { Refusal } from "#proxy/exchange/refusal.ts"
import { writeEvent } from "#proxy/wire/sse-write.ts"

/**
 * As OpenAI's own: SDKs throw at the first event, and Codex heeds the second alone. Clients demand
 * a `sequence_number`; which these would be is not known here, and nothing comes behind them.
 */
export function renderStreamError(refusal: Refusal, _streamType: string, id: string): string {
  const { code, message, param } = refusal
  const response = {
    id: `resp_${id}`,
    object: "response",
    status: "failed",
    error: { code, message },
    incomplete_details: null,
    output: [],
    usage: null,
  }
  return (
    render("error", { sequence_number: 0, code, message, param }) +
    render("response.failed", { sequence_number: 1, response })
  )
}

function render(type: string, fields: object): string {
  return writeEvent(JSON.stringify({ type, ...fields }), type)
}
