/**
 * Thoughts that a provider did not sign, taken out of a client's own bytes: another one answered
 * earlier in the conversation, and this one would refuse all of it for their sake.
 */
import {
  beginningOf,
  endOf,
  firstIn,
  isString,
  type JsonDocument,
  KIND,
  kindOf,
  memberOf,
  NONE,
  nextIn,
  startOf,
  textEquals,
} from "#proxy/contract/json-document.ts"
import { isTagged, TAG_LENGTH } from "#proxy/exchange/signatures.ts"
import { type Edit, replaceNode } from "./splice-body.ts"

/**
 * Whether a tag of ours stands before what `name` holds: no provider takes that. `find`: how this
 * shape's members are found.
 */
export function hasTag(
  document: JsonDocument,
  object: number,
  name: string,
  find: typeof memberOf = memberOf,
): boolean {
  const signature = find(document, object, name)
  if (signature === NONE || !isString(document, signature)) return false
  return isTagged(beginningOf(document, signature, TAG_LENGTH))
}

export function isOfType(document: JsonDocument, object: number, type: string): boolean {
  const given = memberOf(document, object, "type")
  return given !== NONE && textEquals(document, given, type)
}

/** Elements of the list in `name` of each element of `list`, where that is one. */
export function withoutForeignIn(
  document: JsonDocument,
  list: number,
  name: string,
  isForeign: (document: JsonDocument, element: number) => boolean,
): readonly Edit[] {
  const edits: Edit[] = []
  if (list === NONE || kindOf(document, list) !== KIND.array) return edits
  for (let item = firstIn(document, list); item !== NONE; item = nextIn(document, list, item)) {
    const edit = withoutForeign(document, memberOf(document, item, name), isForeign)
    if (edit !== null) edits.push(edit)
  }
  return edits
}

/** Null where all stay; and where none would: a turn may not be empty. */
export function withoutForeign(
  document: JsonDocument,
  list: number,
  isForeign: (document: JsonDocument, element: number) => boolean,
): Edit | null {
  if (list === NONE || kindOf(document, list) !== KIND.array) return null
  const kept: number[] = []
  let count = 0
  for (let item = firstIn(document, list); item !== NONE; item = nextIn(document, list, item)) {
    count++
    if (!isForeign(document, item)) kept.push(item)
  }
  if (kept.length === count || kept.length === 0) return null
  return replaceNode(document, list, listOf(document, kept))
}

const [OPEN, COMMA, CLOSE] = [0x5b, 0x2c, 0x5d] as const

function listOf(document: JsonDocument, nodes: readonly number[]): Uint8Array {
  const spans = nodes.map((node) =>
    document.bytes.subarray(startOf(document, node), endOf(document, node)),
  )
  const out = new Uint8Array(spans.reduce((sum, span) => sum + span.length + 1, 1))
  let at = 0
  for (const span of spans) {
    out[at] = at === 0 ? OPEN : COMMA
    out.set(span, at + 1)
    at += span.length + 1
  }
  out[at] = CLOSE
  return out
}
