/**
 * A client's bytes with only what must change replaced: the model's name, and what a wire adds.
 */
import {
  endOf,
  firstIn,
  type JsonDocument,
  NONE,
  nextIn,
  startOf,
  valueOfKey,
} from "#proxy/contract/json-document.ts"
import type { ParsedRequest } from "#proxy/exchange/parsed-request.ts"
import type { Target } from "#proxy/exchange/target.ts"
import { takeBytes } from "#proxy/wire/byte-slab.ts"

/** Bytes `start` to `end` are replaced by `text`. */
export interface Edit {
  readonly start: number
  readonly end: number
  readonly text: Uint8Array
}

/** The body with the target's name of the model; the client's own bytes when nothing changes. */
export function spliceModel(request: ParsedRequest, target: Target): Uint8Array {
  const model = modelEdit(request, target)
  return model === null ? request.document.bytes : splice(request.document.bytes, [model])
}

/** Null when the name stays, or stands in the path instead of the body. */
export function modelEdit(request: ParsedRequest, target: Target): Edit | null {
  if (target.modelJson === null || target.model === request.model) return null
  const { document, modelNode } = request
  return modelNode === NONE ? null : replaceNode(document, modelNode, target.modelJson)
}

export function insertAt(at: number, text: Uint8Array): Edit {
  return { start: at, end: at, text }
}

export function replaceNode(document: JsonDocument, node: number, text: Uint8Array): Edit {
  return { start: startOf(document, node), end: endOf(document, node), text }
}

/** Takes a member of `object` out with its comma: the one behind it or, of the last, before it. */
export function withoutMember(document: JsonDocument, key: number, object = 0): Edit {
  const value = valueOfKey(key)
  const next = nextIn(document, object, value)
  if (next !== NONE)
    return { start: startOf(document, key), end: startOf(document, next), text: NOTHING }
  let before = firstIn(document, object)
  if (before === key) {
    return { start: startOf(document, key), end: endOf(document, value), text: NOTHING }
  }
  for (;;) {
    const after = nextIn(document, object, valueOfKey(before))
    if (after === key || after === NONE) break
    before = after
  }
  return { start: endOf(document, valueOfKey(before)), end: endOf(document, value), text: NOTHING }
}

const NOTHING = new Uint8Array(0)

/** The same with further edits, apart from it and from each other, in any order. */
export function spliceModelAnd(
  request: ParsedRequest,
  target: Target,
  edits: readonly Edit[],
): Uint8Array {
  if (edits.length === 0) return spliceModel(request, target)
  const model = modelEdit(request, target)
  return spliceAll(request.document.bytes, model === null ? edits : [model, ...edits])
}

/** `edits` apart, in any order. */
export function spliceAll(bytes: Uint8Array, edits: readonly Edit[]): Uint8Array {
  return splice(
    bytes,
    edits.toSorted((a, b) => a.start - b.start),
  )
}

/** `edits` in order and apart. */
export function splice(bytes: Uint8Array, edits: readonly Edit[]): Uint8Array {
  let length = bytes.length
  for (const edit of edits) length += edit.text.length - (edit.end - edit.start)
  const out = takeBytes(length)
  let from = 0
  let to = 0
  for (const edit of edits) {
    out.set(bytes.subarray(from, edit.start), to)
    to += edit.start - from
    out.set(edit.text, to)
    to += edit.text.length
    from = edit.end
  }
  out.set(bytes.subarray(from), to)
  return out
}
