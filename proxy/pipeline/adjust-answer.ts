/**
 * What the gateway itself does to a translated answer, so that its client sees what it asked for: a
 * tool under the client's own name, where the wire took another; one call where it wants no more
 * and the wire cannot be told; a text where the model gave it as the arguments of a call.
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
  /** The tool whose arguments are the answer itself; null for none. */
  readonly answerTool: string | null
}

export const AS_IT_IS: AnswerRules = Object.freeze({
  givenNames: new Map(),
  isOneCall: false,
  answerTool: null,
})

function isIdle({ givenNames, isOneCall, answerTool }: AnswerRules): boolean {
  return givenNames.size === 0 && !isOneCall && answerTool === null
}

/** All events of an answer. */
export function adjustEvents(
  events: readonly ResponseEvent[],
  rules: AnswerRules,
): readonly ResponseEvent[] {
  if (isIdle(rules)) return events
  const adjuster = new Adjuster(rules)
  return events.flatMap((event) => adjuster.adjust(event))
}

/** The decoder itself where there is nothing to do. */
export function adjustDecoder(decoder: StreamDecoder, rules: AnswerRules): StreamDecoder {
  if (isIdle(rules)) return decoder
  const adjuster = new Adjuster(rules)
  return {
    push: (frame) => decoder.push(frame).flatMap((event) => adjuster.adjust(event)),
    finish: () => decoder.finish().flatMap((event) => adjuster.adjust(event)),
    get usageSoFar() {
      return decoder.usageSoFar
    },
  }
}

class Adjuster {
  private readonly rules: AnswerRules
  /** Whether the answer comes as a call, and which. */
  private answerCall: number | null = null

  constructor(rules: AnswerRules) {
    this.rules = rules
  }

  adjust(event: ResponseEvent): readonly ResponseEvent[] {
    const { givenNames, isOneCall, answerTool } = this.rules
    switch (event.kind) {
      case "tool-call-start":
        if (event.name === answerTool) this.answerCall ??= event.call
        if (this.answerCall !== null || (isOneCall && event.call > 0)) return []
        return [{ ...event, name: givenNames.get(event.name) ?? event.name }]
      case "tool-call-delta":
        if (event.call === this.answerCall) return [this.textOf(event)]
        return this.answerCall !== null || (isOneCall && event.call > 0) ? [] : [event]
      case "choice-end":
        if (this.answerCall === null || event.reason !== "tool-calls") return [event]
        return [{ ...event, reason: "stop" }]
      default:
        return [event]
    }
  }

  private textOf(event: Extract<ResponseEvent, { readonly kind: "tool-call-delta" }>) {
    const { choice, arguments: text } = event
    return { kind: "text-delta", choice, text } as const
  }
}
