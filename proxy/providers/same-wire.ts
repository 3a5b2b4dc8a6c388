/**
 * A client surface of the upstream's own wire, from what its translation knows already: the model's
 * name is spliced into the client's bytes, and the decoder reads along in the answer.
 */
import type { JsonDocument } from "#proxy/contract/json-document.ts"
import type { TokenUsage } from "#proxy/contract/records.ts"
import { tokensOfEvents } from "#proxy/exchange/response-event.ts"
import type { ChatWire, DecodeFault, SameWire, StreamTap } from "./adapter.ts"
import { openPassTap } from "./pass-tap.ts"
import { spliceModel } from "./splice-body.ts"

export function sameWireOf(chat: Pick<ChatWire, "decodeAnswer" | "openDecoder">): SameWire {
  const eventsOf = (answer: JsonDocument) => {
    const decoded = chat.decodeAnswer(answer)
    return decoded.ok ? decoded.events : []
  }
  return Object.freeze({
    encodeBody: spliceModel,
    readUsage: (answer: JsonDocument): TokenUsage | undefined =>
      eventsOf(answer).findLast((event) => event.kind === "usage-report")?.usage,
    findAnswerFault: (answer: JsonDocument) => {
      const decoded = chat.decodeAnswer(answer)
      return decoded.ok ? null : decoded.fault
    },
    measureAnswer: (answer: JsonDocument) => tokensOfEvents(eventsOf(answer)),
    openTap: (options) => openPassTap(chat.openDecoder(), options),
  } satisfies SameWire)
}

/** The same for an operation that never streams and whose answers have no output tokens. */
export function wholeWireOf(
  decode: (answer: JsonDocument) => { readonly ok: true; readonly answer: Reported } | DecodeFault,
  encodeBody: SameWire["encodeBody"] = spliceModel,
): SameWire {
  return Object.freeze({
    encodeBody,
    readUsage: (answer: JsonDocument) => {
      const decoded = decode(answer)
      return decoded.ok ? decoded.answer.usage : undefined
    },
    findAnswerFault: (answer: JsonDocument) => {
      const decoded = decode(answer)
      return decoded.ok ? null : decoded.fault
    },
    measureAnswer: () => 0,
    openTap: (): StreamTap => {
      throw new Error("a request of this wire never streams")
    },
  } satisfies SameWire)
}

interface Reported {
  readonly usage: TokenUsage | undefined
}
