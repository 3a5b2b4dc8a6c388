/** A generateContent request: bytes and path to ParsedRequest, or the refusal that says where. */
import {
  countOf,
  firstIn,
  type JsonDocument,
  KIND,
  kindOf,
  memberOf,
  NONE,
  nextIn,
} from "#proxy/contract/json-document.ts"
import {
  accept,
  type Decision,
  type ParsedRequest,
  reject,
} from "#proxy/exchange/parsed-request.ts"
import type { RawRequest } from "#proxy/exchange/ports.ts"
import type { Refusal } from "#proxy/exchange/refusal.ts"
import { checkTurns, type TurnWords } from "../checks/check-turns.ts"
import { checkList, invalid, OUTPUT_TOKENS_MAX } from "../checks/field-checks.ts"
import { openBody } from "../checks/open-body.ts"
import type { SurfaceLimits } from "../limits.ts"
import { EVENT_STREAM, JSON_ARRAY } from "../surface.ts"
import { checkAddresses, checkEach, checkInstruction } from "./check-addresses.ts"
import { findMember } from "./find-member.ts"
import { measurePrompt } from "./measure-prompt.ts"
import { checkModel, modelInPath } from "./model-in-path.ts"

export function parseGenerate(
  raw: RawRequest,
  limits: SurfaceLimits,
  surface: "gemini-generate" | "gemini-count-tokens" = "gemini-generate",
): Decision<ParsedRequest> {
  const named = modelInPath(raw.path)
  if (!named.ok) return named
  const opened = openBody(raw.body, limits.requestJson)
  if (!opened.ok) return opened
  const document = opened.value
  const refusal =
    checkModel(document, 0, "", named.value) ??
    checkTurns(document, CONTENTS, limits.messagesMax, checkContent) ??
    checkInstruction(document, 0, "") ??
    checkCounted(document, named.value) ??
    checkList(document, "tools", limits.toolsMax) ??
    checkLimit(document)
  if (refusal !== null) return reject(refusal)
  const isStream = raw.path.endsWith(":streamGenerateContent")
  return accept({
    surface,
    document,
    model: named.value,
    modelNode: NONE,
    isStream,
    streamType: isSse(raw.query) ? EVENT_STREAM : JSON_ARRAY,
    // Usage is part of every answer in this shape.
    wantsUsage: true,
    user: null,
    measure: measurePrompt(document, limits.outputTokensDefault),
  })
}

function isSse(query: string): boolean {
  return new URLSearchParams(query).get("alt") === "sse"
}

const CONTENTS: TurnWords = Object.freeze({ list: "contents", one: "content" })

function checkContent(document: JsonDocument, content: number, index: number): Refusal | null {
  return checkParts(document, content, `/contents/${index}`)
}

/** Of one content at `path`. */
export function checkParts(document: JsonDocument, content: number, path: string): Refusal | null {
  const parts = memberOf(document, content, "parts")
  if (parts === NONE || kindOf(document, parts) !== KIND.array) {
    return invalid(`${path}/parts`, "must be a list of parts")
  }
  let index = 0
  for (let part = firstIn(document, parts); part !== NONE; part = nextIn(document, parts, part)) {
    const where = `${path}/parts/${index}`
    if (kindOf(document, part) !== KIND.object) return invalid(where, "must be an object")
    const refusal = checkAddresses(document, part, where)
    if (refusal !== null) return refusal
    index++
  }
  return null
}

/** A request within one that counts, by either of its names. */
function checkCounted(document: JsonDocument, model: string): Refusal | null {
  for (const name of ["generateContentRequest", "generate_content_request"]) {
    const counted = memberOf(document, 0, name)
    if (counted === NONE) continue
    const refusal =
      checkModel(document, counted, `/${name}`, model) ??
      checkInstruction(document, counted, `/${name}`)
    if (refusal !== null) return refusal
    const contents = memberOf(document, counted, "contents")
    if (contents === NONE || kindOf(document, contents) !== KIND.array) continue
    let index = 0
    for (
      let content = firstIn(document, contents);
      content !== NONE;
      content = nextIn(document, contents, content)
    ) {
      const path = `/${name}/contents/${index}`
      const denied = checkEach(document, content, path, checkAddresses)
      if (denied !== null) return denied
      index++
    }
  }
  return null
}

function checkLimit(document: JsonDocument): Refusal | null {
  const config = findMember(document, 0, "generationConfig")
  const limit = findMember(document, config, "maxOutputTokens")
  if (limit === NONE || kindOf(document, limit) === KIND.null) return null
  const count = countOf(document, limit)
  if (count !== undefined && count >= 1 && count <= OUTPUT_TOKENS_MAX) return null
  const where = "/generationConfig/maxOutputTokens"
  return invalid(where, `must be an integer from 1 to ${OUTPUT_TOKENS_MAX}`)
}
