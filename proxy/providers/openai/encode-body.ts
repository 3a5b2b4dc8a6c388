/**
 * The body for one target: the client's bytes, the model's name spliced in, usage asked for in
 * streams.
 */
import {
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
import { type Edit, insertAt, modelEdit, replaceNode, splice } from "../splice-body.ts"

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

/**
 * Asks for the usage event whatever the client wrote: absent, null, without the member, or false.
 */
function usageEdit(document: JsonDocument): Edit {
  const options = memberOf(document, 0, "stream_options")
  if (options === NONE) return insertAt(startOf(document, 0) + 1, ASK_FIELD_COMMA)
  if (kindOf(document, options) === KIND.null) return replaceNode(document, options, ASK_OPTIONS)
  const asked = memberOf(document, options, "include_usage")
  if (asked !== NONE) return replaceNode(document, asked, TRUE)
  const isEmpty = firstIn(document, options) === NONE
  return insertAt(startOf(document, options) + 1, isEmpty ? ASK_MEMBER : ASK_MEMBER_COMMA)
}
