/** Where the three shapes of OpenAI's bound the tokens of an answer. */
import { type JsonDocument, KIND, kindOf, memberOf, NONE } from "#proxy/contract/json-document.ts"
import type { OutputFields } from "#proxy/exchange/output-fields.ts"

/**
 * Servers of these shapes take more than one: OpenAI's own names, each at some server also on
 * another endpoint than at OpenAI; `n_predict` is llama.cpp's, where it comes before all of them.
 */
const NAMES = ["max_completion_tokens", "max_tokens", "max_output_tokens", "n_predict"] as const

export type OutputName = (typeof NAMES)[number]

/**
 * `own`: those that the shape has, the one to bound with first. `outputDefault`: what an answer has
 * at most where the request says nothing, if the shape says so.
 */
export function openAiOutput(
  own: readonly OutputName[],
  outputDefault = Number.POSITIVE_INFINITY,
): OutputFields {
  const [name = "max_tokens"] = own
  return Object.freeze({
    given: (document: JsonDocument) => givenOf(document, NAMES),
    bound: (document: JsonDocument, tokens: number) =>
      givenOf(document, own).length > 0
        ? null
        : { object: 0, name, json: String(Math.min(tokens, outputDefault)) },
  })
}

function givenOf(document: JsonDocument, names: readonly string[]): readonly number[] {
  const nodes = names.map((name) => memberOf(document, 0, name))
  return nodes.filter((node) => node !== NONE && kindOf(document, node) !== KIND.null)
}
