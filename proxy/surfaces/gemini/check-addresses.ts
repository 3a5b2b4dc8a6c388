/**
 * Addresses of media in a Gemini request, wherever Google would read one: in a part, in what a
 * function gave back, in the system's instruction.
 */
import {
  beginningOf,
  firstIn,
  isString,
  type JsonDocument,
  KIND,
  kindOf,
  memberOf,
  NONE,
  nextIn,
} from "#proxy/contract/json-document.ts"
import { pointerTo } from "#proxy/contract/json-keys.ts"
import { fieldOf } from "#proxy/exchange/google-names.ts"
import type { Refusal } from "#proxy/exchange/refusal.ts"
import { checkImageUrl } from "../checks/image-url.ts"

type CheckPart = (document: JsonDocument, part: number) => Refusal | null

/** Of a part; refuses `image_url_denied`. */
export function checkAddresses(document: JsonDocument, part: number): Refusal | null {
  const response = fieldOf(document, part, "functionResponse")
  return checkFile(document, part) ?? checkEach(document, response, checkFile)
}

/** Of the instruction in `request`, which is the body or stands in it. */
export function checkInstruction(document: JsonDocument, request: number): Refusal | null {
  return checkEach(document, fieldOf(document, request, "systemInstruction"), checkAddresses)
}

/** Each of `parts` in `object`; none where it has no such list. */
function checkEach(document: JsonDocument, object: number, check: CheckPart): Refusal | null {
  const parts = memberOf(document, object, "parts")
  if (parts === NONE || kindOf(document, parts) !== KIND.array) return null
  for (let part = firstIn(document, parts); part !== NONE; part = nextIn(document, parts, part)) {
    const refusal = check(document, part)
    if (refusal !== null) return refusal
  }
  return null
}

function checkFile(document: JsonDocument, part: number): Refusal | null {
  const uri = fieldOf(document, fieldOf(document, part, "fileData"), "fileUri")
  if (uri === NONE || !isString(document, uri) || isCloudStorage(document, uri)) return null
  return checkImageUrl(document, uri, () => pointerTo(document, uri))
}

/** `gs://`: Google reads it with the provider's own identity, and no other host is asked. */
function isCloudStorage(document: JsonDocument, uri: number): boolean {
  return beginningOf(document, uri, 5) === "gs://"
}
