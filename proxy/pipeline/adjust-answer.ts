/**
 * What the gateway itself does to a translated answer, so that its client sees what it asked for: a
 * tool under the client's own name, where the wire took another, and one call where it wants no
 * more and the wire cannot be told.
 *
 * A call that is left out was never made: the model, given the first one's result, makes it again.
 */
import type { ResponseEvent } from "#proxy/exchange/response-event.ts"
import type { StreamDecoder } from "#proxy/providers/adapter.ts"

export interface AnswerRules {
  /** The client's names of tools by those that were sent. */
  readonly givenNames: ReadonlyMap<string, string>
  /** Of several calls of a choice only the first goes on. */
  readonly isOneCall: boolean
}

export const AS_IT_IS: AnswerRules = Object.freeze({ givenNames: new Map(), isOneCall: false })

export function adjustEvents(
  events: readonly ResponseEvent[],
  { givenNames, isOneCall }: AnswerRules,
): readonly ResponseEvent[] {
  if (givenNames.size === 0 && !isOneCall) return events
  return events.flatMap((event): readonly ResponseEvent[] => {
    if (event.kind !== "tool-call-start" && event.kind !== "tool-call-delta") return [event]
    if (isOneCall && event.call > 0) return []
    if (event.kind === "tool-call-delta") return [event]
    return [{ ...event, name: givenNames.get(event.name) ?? event.name }]
  })
}

/** The decoder itself where there is nothing to do. */
export function adjustDecoder(decoder: StreamDecoder, rules: AnswerRules): StreamDecoder {
  if (rules.givenNames.size === 0 && !rules.isOneCall) return decoder
  return {
    push: (frame) => adjustEvents(decoder.push(frame), rules),
    finish: () => adjustEvents(decoder.finish(), rules),
    get usageSoFar() {
      return decoder.usageSoFar
    },
  }
}
