/**
 * The body for one target: the client's bytes, the model's name spliced in, usage asked for in
 * streams.
 */
import {
  endOf,
  firstIn,
  type JsonDocument,
  KIND,
  kindOf,
  memberOf,
  NONE,
  startOf,
} from "#proxy/contract/json-document.ts"
import type { ParsedRequest } from "#proxy/exchange/parsed-request.ts"
import type { Target } from "#proxy/exchange/target.ts"
import { takeBytes } from "#proxy/wire/byte-slab.ts"

/** Bytes `start` to `end` are replaced by `text`. */
interface Edit {
  readonly start: number
  readonly end: number
  readonly text: Uint8Array
}

const utf8 = new TextEncoder()
const ASK_MEMBER = utf8.encode('"include_usage":true')
const ASK_MEMBER_COMMA = utf8.encode('"include_usage":true,')
const ASK_OPTIONS = utf8.encode('{"include_usage":true}')
const ASK_FIELD_COMMA = utf8.encode('"stream_options":{"include_usage":true},')
const TRUE = utf8.encode("true")

/** The original bytes themselves when nothing has to change. */
export function encodeBody(request: ParsedRequest, target: Target): Uint8Array {
  const { document } = request
  const model = modelEdit(request, target)
  const usage = request.isStream && !request.wantsUsage ? usageEdit(document) : null
  if (model === null) return usage === null ? document.bytes : splice(document.bytes, [usage])
  if (usage === null) return splice(document.bytes, [model])
  return splice(document.bytes, usage.start < model.start ? [usage, model] : [model, usage])
}

function modelEdit(request: ParsedRequest, target: Target): Edit | null {
  if (target.modelJson === null || target.model === request.model) return null
  const { document, modelNode } = request
  return {
    start: startOf(document, modelNode),
    end: endOf(document, modelNode),
    text: target.modelJson,
  }
}

/**
 * Asks for the usage event whatever the client wrote: absent, null, without the member, or false.
 */
function usageEdit(document: JsonDocument): Edit {
  const options = memberOf(document, 0, "stream_options")
  if (options === NONE) return insertAt(startOf(document, 0) + 1, ASK_FIELD_COMMA)
  if (kindOf(document, options) === KIND.null) return replace(document, options, ASK_OPTIONS)
  const asked = memberOf(document, options, "include_usage")
  if (asked !== NONE) return replace(document, asked, TRUE)
  const isEmpty = firstIn(document, options) === NONE
  return insertAt(startOf(document, options) + 1, isEmpty ? ASK_MEMBER : ASK_MEMBER_COMMA)
}

function insertAt(at: number, text: Uint8Array): Edit {
  return { start: at, end: at, text }
}

function replace(document: JsonDocument, node: number, text: Uint8Array): Edit {
  return { start: startOf(document, node), end: endOf(document, node), text }
}

/** `edits` in order and apart. */
function splice(bytes: Uint8Array, edits: readonly Edit[]): Uint8Array {
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
