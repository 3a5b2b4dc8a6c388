/** Where the three shapes of OpenAI's bound the tokens of an answer. */
import {
  firstIn,
  type JsonDocument,
  KIND,
  kindOf,
  memberOf,
  NONE,
  nextIn,
  textOf,
  valueOfKey,
} from "#proxy/contract/json-document.ts"
import { foldCase } from "#proxy/contract/json-fold.ts"
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
    given,
    bound: (document: JsonDocument, tokens: number) =>
      own.some((one) => isSaid(document, memberOf(document, 0, one)))
        ? null
        : { object: 0, name, json: String(Math.min(tokens, outputDefault)) },
  })
}

/**
 * A name in other letters is one for servers in Go, whose JSON does not tell case: there it comes
 * after what the shape's own name says, and a null takes that away.
 */
function given(document: JsonDocument): readonly number[] {
  const nodes: number[] = []
  for (let key = firstIn(document, 0); key !== NONE; ) {
    const value = valueOfKey(key)
    const text = textOf(document, key)
    const name = NAMES.find((one) => one === foldCase(text))
    if (name !== undefined && (name !== text || isSaid(document, value))) nodes.push(value)
    key = nextIn(document, 0, value)
  }
  return nodes
}

function isSaid(document: JsonDocument, node: number): boolean {
  return node !== NONE && kindOf(document, node) !== KIND.null
}
