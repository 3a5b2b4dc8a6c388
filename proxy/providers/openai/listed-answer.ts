/** Whole answers of OpenAI's shape that are a list, for clients that speak it too. */
import type { JsonDocument } from "#proxy/contract/json-document.ts"
import { JsonView } from "#proxy/contract/json-view.ts"
import type { TokenUsage } from "#proxy/contract/records.ts"
import type { SameWire, StreamTap } from "../adapter.ts"
import { spliceModel } from "../splice-body.ts"
import { hasError } from "./read-answer.ts"

/** `outputTokens`: of each entry of the list, where the answer reports none. */
export function whole(
  member: string,
  read: (view: JsonView) => TokenUsage | undefined,
  outputTokens = 0,
): SameWire {
  return Object.freeze({
    encodeBody: spliceModel,
    readUsage: (answer: JsonDocument) => read(new JsonView(answer)),
    findAnswerFault: (answer: JsonDocument) => {
      if (hasError(answer)) return "it is an error with status 200"
      const list = new JsonView(answer).member(member)
      return list?.isArray === true ? null : `it has no ${member}`
    },
    measureAnswer: (answer: JsonDocument) =>
      outputTokens * (new JsonView(answer).member(member)?.items().length ?? 0),
    openTap: (): StreamTap => {
      throw new Error("a request of this wire never streams")
    },
  })
}
