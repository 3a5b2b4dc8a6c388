/**
 * The rules of `messages`: what every OpenAI-schema provider would refuse is refused here, with a
 * pointer.
 */
import {
  firstIn,
  isString,
  type JsonDocument,
  KIND,
  kindNameOf,
  kindOf,
  memberOf,
  NONE,
  nextIn,
  textEquals,
  textOf,
} from "#proxy/contract/json-document.ts"
import { excerpt, type Refusal } from "#proxy/exchange/refusal.ts"
import { checkTurns, type TurnWords } from "../checks/check-turns.ts"
import { invalid } from "../checks/field-checks.ts"
import { checkImageUrl } from "../checks/image-url.ts"

const ROLES = ["user", "assistant", "system", "tool", "developer", "function"] as const

const MESSAGES: TurnWords = Object.freeze({ list: "messages", one: "message" })

export function checkMessages(document: JsonDocument, messagesMax: number): Refusal | null {
  return checkTurns(document, MESSAGES, messagesMax, checkMessage)
}

function checkMessage(document: JsonDocument, message: number, index: number): Refusal | null {
  const at = (field: string): string => `/messages/${index}${field}`
  if (kindOf(document, message) !== KIND.object) {
    return invalid(at(""), `must be an object, not ${kindNameOf(document, message)}`)
  }
  const role = memberOf(document, message, "role")
  if (role === NONE) return invalid(at("/role"), "is missing")
  if (!isString(document, role)) {
    return invalid(at("/role"), `must be a string, not ${kindNameOf(document, role)}`)
  }
  if (!ROLES.some((known) => textEquals(document, role, known))) {
    const given = excerpt(textOf(document, role))
    return invalid(at("/role"), `is "${given}"; it may be ${ROLES.join(", ")}`)
  }
  return checkContent(document, message, role, at)
}

function checkContent(
  document: JsonDocument,
  message: number,
  role: number,
  at: (field: string) => string,
): Refusal | null {
  const content = memberOf(document, message, "content")
  if (content === NONE || kindOf(document, content) === KIND.null) {
    if (textEquals(document, role, "function") || isContentOptional(document, message, role)) {
      return null
    }
    return invalid(at("/content"), "must not be null or missing here")
  }
  if (isString(document, content)) return null
  if (kindOf(document, content) !== KIND.array) {
    const kind = kindNameOf(document, content)
    return invalid(at("/content"), `must be a string or a list of parts, not ${kind}`)
  }
  return checkParts(document, content, at)
}

/** An assistant's message may be nothing but calls, a refusal, or the name of earlier audio. */
function isContentOptional(document: JsonDocument, message: number, role: number): boolean {
  if (!textEquals(document, role, "assistant")) return false
  return ["tool_calls", "function_call", "refusal", "audio"].some((name) => {
    const node = memberOf(document, message, name)
    return node !== NONE && kindOf(document, node) !== KIND.null
  })
}

function checkParts(
  document: JsonDocument,
  content: number,
  at: (field: string) => string,
): Refusal | null {
  let index = 0
  for (
    let part = firstIn(document, content);
    part !== NONE;
    part = nextIn(document, content, part)
  ) {
    const path = at(`/content/${index}`)
    if (kindOf(document, part) !== KIND.object) {
      return invalid(path, `must be an object with a type, not ${kindNameOf(document, part)}`)
    }
    const type = memberOf(document, part, "type")
    if (type === NONE || !isString(document, type)) {
      return invalid(`${path}/type`, "must be a string such as text or image_url")
    }
    const refusal = textEquals(document, type, "image_url")
      ? checkImage(document, part, path)
      : (checkTextPart(document, part, type, path) ?? checkOthers(document, part, path))
    if (refusal !== null) return refusal
    index++
  }
  return null
}

function checkTextPart(
  document: JsonDocument,
  part: number,
  type: number,
  path: string,
): Refusal | null {
  if (!textEquals(document, type, "text")) return null
  const text = memberOf(document, part, "text")
  if (text !== NONE && isString(document, text)) return null
  return invalid(`${path}/text`, "must be a string")
}

function checkImage(document: JsonDocument, part: number, path: string): Refusal | null {
  const url = memberOf(document, memberOf(document, part, "image_url"), "url")
  if (url === NONE || !isString(document, url)) {
    return invalid(`${path}/image_url/url`, "must be a string")
  }
  return checkImageUrl(document, url, `${path}/image_url/url`)
}

/** Media that servers of this shape fetch besides, such as vLLM. */
function checkOthers(document: JsonDocument, part: number, path: string): Refusal | null {
  for (const [name, inline] of OTHERS) {
    const member = memberOf(document, part, name)
    const url = isText(document, member) ? member : memberOf(document, member, "url")
    if (!isText(document, url)) continue
    const refusal = checkImageUrl(document, url, `${path}/${name}/url`, inline)
    if (refusal !== null) return refusal
  }
  return null
}

const OTHERS = [
  ["image_url", "data:image/"],
  ["video_url", "data:video/"],
  ["audio_url", "data:audio/"],
] as const

function isText(document: JsonDocument, node: number): boolean {
  return node !== NONE && isString(document, node)
}
