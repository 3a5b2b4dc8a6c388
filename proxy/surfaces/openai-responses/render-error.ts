/** An error in a stream of responses: the event `error`, with its code and message at the top. */
import type { Refusal } from "#proxy/exchange/refusal.ts"

/**
 * No `response.completed` may follow it. Clients demand a `sequence_number`; which one it would be
 * is not known here, and nothing comes behind it.
 */
export function renderStreamError({ code, message, param }: Refusal): string {
  const event = { type: "error", sequence_number: 0, code, message, param }
  return `event: error\ndata: ${JSON.stringify(event)}\n\n`
}
