/** `POST /v1/messages`, the request: bytes to ParsedRequest, or the refusal that says where. */
import {
  isString,
  isTrue,
  type JsonDocument,
  KIND,
  kindNameOf,
  kindOf,
  memberOf,
  NONE,
  textEquals,
  textOf,
} from "#proxy/contract/json-document.ts"
import {
  accept,
  type Decision,
  type ParsedRequest,
  reject,
} from "#proxy/exchange/parsed-request.ts"
import { excerpt, type Refusal } from "#proxy/exchange/refusal.ts"
import { checkTurns, type TurnWords } from "../checks/check-turns.ts"
import {
  checkBoolean,
  checkCount,
  checkList,
  checkNumber,
  invalid,
  OUTPUT_TOKENS_MAX,
} from "../checks/field-checks.ts"
import { openRequest } from "../checks/open-request.ts"
import { readUser } from "../checks/read-user.ts"
import type { SurfaceLimits } from "../limits.ts"
import { EVENT_STREAM } from "../surface.ts"
import { checkBlocks } from "./check-blocks.ts"
import { measurePrompt } from "./measure-prompt.ts"

/** A request to count has the same fields but no limit of the output. */
export function parseMessages(
  body: Uint8Array,
  limits: SurfaceLimits,
  surface: "anthropic-messages" | "anthropic-count-tokens" = "anthropic-messages",
): Decision<ParsedRequest> {
  const opened = openRequest(body, limits.requestJson)
  if (!opened.ok) return opened
  const { document } = opened.value
  const refusal =
    (surface === "anthropic-messages" ? checkLimit(document) : null) ??
    checkFields(document, limits) ??
    checkTurns(document, MESSAGES, limits.messagesMax, checkMessage) ??
    checkBlocks(document, memberOf(document, 0, "system"), "/system", { mayBeAbsent: true })
  if (refusal !== null) return reject(refusal)
  return accept({
    surface,
    ...opened.value,
    isStream: isTrue(document, memberOf(document, 0, "stream")),
    streamType: EVENT_STREAM,
    // Usage is part of every stream in this shape.
    wantsUsage: true,
    user: readUser(document, [memberOf(document, memberOf(document, 0, "metadata"), "user_id")]),
    measure: measurePrompt(document, limits.outputTokensDefault),
  })
}

function checkLimit(document: JsonDocument): Refusal | null {
  if (memberOf(document, 0, "max_tokens") !== NONE) return null
  return invalid("max_tokens", "is missing: it must be an integer from 0")
}

function checkFields(document: JsonDocument, limits: SurfaceLimits): Refusal | null {
  return (
    // None warms the cache. Source: "Prompt caching", "Pre-warming the cache".
    checkCount(document, "max_tokens", 0, OUTPUT_TOKENS_MAX) ??
    checkNumber(document, "temperature", 0, 1) ??
    checkNumber(document, "top_p", 0, 1) ??
    checkBoolean(document, 0, "stream", "stream") ??
    checkList(document, "tools", limits.toolsMax) ??
    checkList(document, "stop_sequences", STOPS_MAX)
  )
}

const STOPS_MAX = 8192
const MESSAGES: TurnWords = Object.freeze({ list: "messages", one: "message" })
const ROLES = ["user", "assistant", "system"] as const

function checkMessage(document: JsonDocument, message: number, index: number): Refusal | null {
  const path = `/messages/${index}`
  if (kindOf(document, message) !== KIND.object) {
    return invalid(path, `must be an object, not ${kindNameOf(document, message)}`)
  }
  const role = memberOf(document, message, "role")
  if (role === NONE || !isString(document, role)) return invalid(`${path}/role`, "must be a string")
  if (!ROLES.some((known) => textEquals(document, role, known))) {
    const given = excerpt(textOf(document, role))
    return invalid(`${path}/role`, `is "${given}"; it may be ${ROLES.join(", ")}`)
  }
  const content = memberOf(document, message, "content")
  return checkBlocks(document, content, `${path}/content`, { mayBeAbsent: false })
}
