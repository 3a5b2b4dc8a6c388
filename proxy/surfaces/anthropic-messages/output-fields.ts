/** Where a Messages request bounds the tokens of an answer. */
import { type JsonDocument, KIND, kindOf, memberOf, NONE } from "#proxy/contract/json-document.ts"
import type { OutputFields } from "#proxy/exchange/output-fields.ts"

const LIMIT = "max_tokens"

/** The shape requires the field, so that nothing is said only by null. */
export const anthropicOutput: OutputFields = Object.freeze({
  given,
  bound: (document: JsonDocument, tokens: number) =>
    given(document).length > 0 ? null : { object: 0, name: LIMIT, json: String(tokens) },
})

function given(document: JsonDocument): readonly number[] {
  const limit = memberOf(document, 0, LIMIT)
  return limit === NONE || kindOf(document, limit) === KIND.null ? [] : [limit]
}
