/** What every decoder of a stream does with a frame, whatever its wire's events are. */
import { JsonView } from "#proxy/contract/json-view.ts"
import type { ResponseEvent } from "#proxy/exchange/response-event.ts"
import type { Frame } from "#proxy/wire/frame.ts"
import { WireFault } from "./adapter.ts"

/** Of letters alone: no key and no word of a prompt. */
const NAME = /^[A-Za-z_]{1,48}$/

/** The first of `names` that is one; the upstream's own words stay out of the client's stream. */
export function upstreamError(...names: readonly (string | undefined)[]): ResponseEvent {
  return { kind: "response-error", name: errorName(...names) }
}

export function errorName(...names: readonly (string | null | undefined)[]): string | null {
  return names.find((name) => typeof name === "string" && NAME.test(name)) ?? null
}

type JsonFrame = Extract<Frame, { readonly kind: "json" }>

/** For wires of an owner whose streams know no `[DONE]`: throws `WireFault` at one. */
export function refuseMarker(frame: Frame, owner: string): asserts frame is JsonFrame {
  if (frame.kind === "done-marker") throw new WireFault(`a [DONE] is no event of ${owner}'s`)
}

/** Throws `WireFault` at an event that is no JSON object. */
export function openEvent(frame: JsonFrame): JsonView {
  const view = new JsonView(frame.document)
  if (!view.isObject) throw new WireFault("an event is not a JSON object")
  return view
}
