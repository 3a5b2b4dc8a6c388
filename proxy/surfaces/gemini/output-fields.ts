/** Where a generateContent request bounds the tokens of an answer, in either spelling. */
import { type JsonDocument, KIND, kindOf, NONE } from "#proxy/contract/json-document.ts"
import type { MemberEdit } from "#proxy/contract/json-rewrite.ts"
import { fieldOf, spellingOf } from "#proxy/exchange/google-names.ts"
import type { OutputFields } from "#proxy/exchange/output-fields.ts"

const CONFIG = "generationConfig"
const LIMIT = "maxOutputTokens"

export const geminiOutput: OutputFields = Object.freeze({ given, bound })

function given(document: JsonDocument): readonly number[] {
  const config = fieldOf(document, 0, CONFIG)
  if (isNothing(document, config)) return []
  // A bound cannot be put into what is no object: it is named like one that is no number.
  if (kindOf(document, config) !== KIND.object) return [config]
  const limit = fieldOf(document, config, LIMIT)
  return isNothing(document, limit) ? [] : [limit]
}

/** In the place of a null, whichever way that is spelled: both spellings at once are an error. */
function bound(document: JsonDocument, tokens: number): MemberEdit | null {
  if (given(document).length > 0) return null
  const config = fieldOf(document, 0, CONFIG)
  if (isNothing(document, config)) {
    const json = `{"${LIMIT}":${tokens}}`
    return { object: 0, name: spellingOf(document, 0, CONFIG), json }
  }
  return { object: config, name: spellingOf(document, config, LIMIT), json: String(tokens) }
}

function isNothing(document: JsonDocument, node: number): boolean {
  return node === NONE || kindOf(document, node) === KIND.null
}
