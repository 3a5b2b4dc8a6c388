/** An error in a stream of responses: the event `error`, with its code and message at the top. */
import type { Refusal } from "#proxy/exchange/refusal.ts"
import { writeEvent } from "#proxy/wire/sse-write.ts"

/** No `response.completed` may follow it. */
export function renderStreamError({ code, message, param }: Refusal): string {
  return writeEvent(JSON.stringify({ type: "error", code, message, param }), "error")
}
