/** An error in a stream of responses: the event `error`, with its code and message at the top. */
import type { Refusal } from "#proxy/exchange/refusal.ts"

/** No `response.completed` may follow it. */
export function renderStreamError({ code, message, param }: Refusal): string {
  return `event: error\ndata: ${JSON.stringify({ type: "error", code, message, param })}\n\n`
}
