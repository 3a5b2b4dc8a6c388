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
  STRIDE,
  startOf,
} from "#proxy/contract/json-document.ts"
import type { ParsedRequest } from "#proxy/exchange/parsed-request.ts"
import type { Target } from "#proxy/exchange/target.ts"
import {
  type Edit,
  insertAt,
  modelEdit,
  replaceNode,
  splice,
  spliceModelAnd,
  withoutMember,
} from "../splice-body.ts"

const utf8 = new TextEncoder()
const ASK_MEMBER = utf8.encode('"include_usage":true')
const ASK_MEMBER_COMMA = utf8.encode('"include_usage":true,')
const ASK_OPTIONS = utf8.encode('{"include_usage":true}')
const ASK_FIELD_COMMA = utf8.encode('"stream_options":{"include_usage":true},')
const TRUE = utf8.encode("true")
const MAX_TOKENS = utf8.encode('"max_tokens"')

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
 * The same for a vendor that knows `max_tokens` alone, where a policy bounds the answer: under
 * another name it would ignore the bound.
 */
export function encodeBounded(request: ParsedRequest, target: Target): Uint8Array {
  const { document } = request
  const usage = request.isStream && !request.wantsUsage ? [usageEdit(document)] : []
  return spliceModelAnd(request, target, [...usage, ...limitEdits(document)])
}

/** For a vendor that is not asked for usage. */
export function spliceBounded(request: ParsedRequest, target: Target): Uint8Array {
  return spliceModelAnd(request, target, limitEdits(request.document))
}

/** The newer name becomes the older one, or its value takes the place of that one's null. */
function limitEdits(document: JsonDocument): readonly Edit[] {
  const newer = memberOf(document, 0, "max_completion_tokens")
  const older = memberOf(document, 0, "max_tokens")
  if (newer === NONE || kindOf(document, newer) === KIND.null) return []
  const key = newer - STRIDE
  if (older === NONE) return [replaceNode(document, key, MAX_TOKENS)]
  if (kindOf(document, older) !== KIND.null) return []
  const value = document.bytes.subarray(startOf(document, newer), endOf(document, newer))
  return [replaceNode(document, older, value), withoutMember(document, key)]
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
