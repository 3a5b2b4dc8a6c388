/**
 * Addresses of media in a Gemini request, wherever Google would read one: in a part, in what a
 * function gave back, in the system's instruction. Google's JSON takes both spellings of a name.
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
import type { Refusal } from "#proxy/exchange/refusal.ts"
import { checkImageUrl } from "../checks/image-url.ts"

const FILES = ["fileData", "file_data"] as const
const URIS = ["fileUri", "file_uri"] as const
const RESPONSES = ["functionResponse", "function_response"] as const
const INSTRUCTIONS = ["systemInstruction", "system_instruction"] as const

/** Of the part at `where`; refuses `image_url_denied`. */
export function checkAddresses(
  document: JsonDocument,
  part: number,
  where: string,
): Refusal | null {
  const own = checkFiles(document, part, where)
  if (own !== null) return own
  for (const name of RESPONSES) {
    const response = memberOf(document, part, name)
    const refusal = checkEach(document, response, `${where}/${name}`, checkFiles)
    if (refusal !== null) return refusal
  }
  return null
}

/** Of the instruction in `request`, a body or one within it at `path`. */
export function checkInstruction(
  document: JsonDocument,
  request: number,
  path: string,
): Refusal | null {
  for (const name of INSTRUCTIONS) {
    const content = memberOf(document, request, name)
    const refusal = checkEach(document, content, `${path}/${name}`, checkAddresses)
    if (refusal !== null) return refusal
  }
  return null
}

/** Each of `parts` in `object`; none where it has no such list. */
export function checkEach(
  document: JsonDocument,
  object: number,
  path: string,
  check: (document: JsonDocument, part: number, where: string) => Refusal | null,
): Refusal | null {
  const parts = memberOf(document, object, "parts")
  if (parts === NONE || kindOf(document, parts) !== KIND.array) return null
  let index = 0
  for (let part = firstIn(document, parts); part !== NONE; part = nextIn(document, parts, part)) {
    const refusal = check(document, part, `${path}/parts/${index}`)
    if (refusal !== null) return refusal
    index++
  }
  return null
}

function checkFiles(document: JsonDocument, part: number, where: string): Refusal | null {
  for (const file of FILES) {
    const data = memberOf(document, part, file)
    if (data === NONE) continue
    for (const name of URIS) {
      const uri = memberOf(document, data, name)
      if (uri === NONE || !isString(document, uri) || isCloudStorage(document, uri)) continue
      const refusal = checkImageUrl(document, uri, `${where}/${file}/${name}`)
      if (refusal !== null) return refusal
    }
  }
  return null
}

/** `gs://`: Google reads it with the provider's own identity, and no other host is asked. */
function isCloudStorage(document: JsonDocument, uri: number): boolean {
  return beginningOf(document, uri, 5) === "gs://"
}
