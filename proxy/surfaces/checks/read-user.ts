/** Who the end user is, in the body's own words; at most 256 characters of it are kept. */
import { isString, type JsonDocument, NONE, textOf } from "#proxy/contract/json-document.ts"

/** The rest is cut off in records, never in the body. */
const USER_CHARS_MAX = 256

/** The first of `nodes` that is a text with something in it; null when none is. */
export function readUser(document: JsonDocument, nodes: readonly number[]): string | null {
  for (const node of nodes) {
    if (node === NONE || !isString(document, node)) continue
    const user = textOf(document, node)
    // Half of a surrogate pair would be no JSON for the journal and the operator.
    if (user !== "") return user.slice(0, USER_CHARS_MAX).toWellFormed()
  }
  return null
}
