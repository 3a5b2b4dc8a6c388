/** The start of a tool call, for wires whose answers have one choice. */
import type { ResponseEvent } from "#proxy/exchange/response-event.ts"

/** `call` counts the calls of the answer from 0. Where one has no id, its place is its id. */
export function beginCall(
  call: number,
  id: string | undefined,
  name: string | undefined,
): ResponseEvent {
  return {
    kind: "tool-call-start",
    choice: 0,
    call,
    id: id ?? `call_${call}`,
    name: name ?? "",
    signature: null,
  }
}
