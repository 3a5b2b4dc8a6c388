/** A generateContent request: bytes and path to ParsedRequest, or the refusal that says where. */
import {
  countOf,
  firstIn,
  type JsonDocument,
  KIND,
  kindNameOf,
  kindOf,
  memberOf,
  NONE,
  nextIn,
} from "#proxy/contract/json-document.ts"
import { pointerTo } from "#proxy/contract/json-keys.ts"
import { fieldOf } from "#proxy/exchange/google-names.ts"
import {
  accept,
  type Decision,
  type ParsedRequest,
  reject,
} from "#proxy/exchange/parsed-request.ts"
import type { RawRequest } from "#proxy/exchange/ports.ts"
import type { Refusal } from "#proxy/exchange/refusal.ts"
import { checkTurnList } from "../checks/check-turns.ts"
import { checkListAt, invalid, OUTPUT_TOKENS_MAX, placeIn } from "../checks/field-checks.ts"
import type { SurfaceLimits } from "../limits.ts"
import { EVENT_STREAM, JSON_ARRAY } from "../surface.ts"
import { checkAddresses, checkInstruction } from "./check-addresses.ts"
import { measurePrompt } from "./measure-prompt.ts"
import { checkModel, modelInPath } from "./model-in-path.ts"
import { openGoogleBody } from "./open-google-body.ts"

export function parseGenerate(
  raw: RawRequest,
  limits: SurfaceLimits,
  surface: "gemini-generate" | "gemini-count-tokens" = "gemini-generate",
): Decision<ParsedRequest> {
  const named = modelInPath(raw.path)
  if (!named.ok) return named
  const opened = openGoogleBody(raw.body, limits.requestJson)
  if (!opened.ok) return opened
  const document = opened.value
  const model = named.value
  const counted = surface === "gemini-generate" ? NONE : findCounted(document)
  const request = counted === NONE ? 0 : counted
  const refusal =
    checkModel(document, 0, model) ??
    (counted === NONE ? null : checkCounted(document, counted, model)) ??
    checkRequest(document, request, limits)
  if (refusal !== null) return reject(refusal)
  const isStream = raw.path.endsWith(":streamGenerateContent")
  return accept({
    surface,
    document,
    model,
    modelNode: NONE,
    isStream,
    streamType: isSse(raw.query) ? EVENT_STREAM : JSON_ARRAY,
    // Usage is part of every answer in this shape.
    wantsUsage: true,
    user: null,
    measure: measurePrompt(document, request, limits.outputTokensDefault),
  })
}

function isSse(query: string): boolean {
  return new URLSearchParams(query).get("alt") === "sse"
}

/** The request that a request to count holds as a whole, in place of contents; NONE without. */
function findCounted(document: JsonDocument): number {
  const counted = fieldOf(document, 0, "generateContentRequest")
  return counted !== NONE && kindOf(document, counted) === KIND.null ? NONE : counted
}

function checkCounted(document: JsonDocument, counted: number, model: string): Refusal | null {
  const path = pointerTo(document, counted)
  if (kindOf(document, counted) !== KIND.object) {
    return invalid(path.slice(1), `must be an object, not ${kindNameOf(document, counted)}`)
  }
  if (memberOf(document, 0, "contents") !== NONE) {
    return invalid("contents", `must not stand beside ${path.slice(1)}, which has its own`)
  }
  return checkModel(document, counted, model)
}

/** Of `request`, which is the body or stands in it. */
function checkRequest(
  document: JsonDocument,
  request: number,
  { messagesMax, toolsMax }: SurfaceLimits,
): Refusal | null {
  const path = pointerTo(document, request)
  const contents = memberOf(document, request, "contents")
  const tools = memberOf(document, request, "tools")
  const words = { list: placeIn(path, "contents"), one: "content" }
  return (
    checkTurnList(document, contents, words, messagesMax, checkParts) ??
    checkInstruction(document, request) ??
    checkListAt(document, tools, placeIn(path, "tools"), toolsMax) ??
    checkLimit(document, request)
  )
}

/** Of one content. */
export function checkParts(document: JsonDocument, content: number): Refusal | null {
  const parts = memberOf(document, content, "parts")
  if (parts === NONE || kindOf(document, parts) !== KIND.array) {
    return invalid(`${pointerTo(document, content)}/parts`, "must be a list of parts")
  }
  for (let part = firstIn(document, parts); part !== NONE; part = nextIn(document, parts, part)) {
    if (kindOf(document, part) !== KIND.object) {
      return invalid(pointerTo(document, part), "must be an object")
    }
    const refusal = checkAddresses(document, part)
    if (refusal !== null) return refusal
  }
  return null
}

function checkLimit(document: JsonDocument, request: number): Refusal | null {
  const config = fieldOf(document, request, "generationConfig")
  const limit = fieldOf(document, config, "maxOutputTokens")
  if (limit === NONE || kindOf(document, limit) === KIND.null) return null
  const count = countOf(document, limit)
  if (count !== undefined && count >= 1 && count <= OUTPUT_TOKENS_MAX) return null
  return invalid(pointerTo(document, limit), `must be an integer from 1 to ${OUTPUT_TOKENS_MAX}`)
}
