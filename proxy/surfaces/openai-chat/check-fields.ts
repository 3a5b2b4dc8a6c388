/** The other fields of a chat request: ranges that money and routing depend on. */
import {
  firstIn,
  isString,
  type JsonDocument,
  KIND,
  kindOf,
  NONE,
  nextIn,
  sizeOf,
} from "#proxy/contract/json-document.ts"
import type { Refusal } from "#proxy/exchange/refusal.ts"
import {
  checkBoolean,
  checkCount,
  checkList,
  checkNumber,
  checkStreamOptions,
  given,
  invalid,
  OUTPUT_TOKENS_MAX,
  present,
} from "../checks/field-checks.ts"

const CHOICES_MAX = 128
const STOPS_MAX = 16

export function checkFields(
  document: JsonDocument,
  limits: { readonly toolsMax: number },
): Refusal | null {
  return (
    checkCount(document, "max_tokens", 1, OUTPUT_TOKENS_MAX) ??
    checkCount(document, "max_completion_tokens", 1, OUTPUT_TOKENS_MAX) ??
    checkCount(document, "n", 1, CHOICES_MAX) ??
    checkNumber(document, "temperature", 0, 2) ??
    checkNumber(document, "top_p", 0, 1) ??
    checkBoolean(document, 0, "stream", "stream") ??
    checkStreamOptions(document) ??
    checkStop(document) ??
    checkList(document, "tools", limits.toolsMax) ??
    checkList(document, "functions", limits.toolsMax)
  )
}

function checkStop(document: JsonDocument): Refusal | null {
  const node = present(document, "stop")
  if (node === NONE || isString(document, node)) return null
  if (kindOf(document, node) !== KIND.array) {
    return invalid("stop", `must be a string or a list of strings${given(document, node)}`)
  }
  if (sizeOf(document, node, STOPS_MAX) > STOPS_MAX) {
    return invalid("stop", `must have at most ${STOPS_MAX} entries`)
  }
  for (let item = firstIn(document, node); item !== NONE; item = nextIn(document, node, item)) {
    if (!isString(document, item)) return invalid("stop", "must hold strings only")
  }
  return null
}
