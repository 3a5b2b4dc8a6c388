/**
 * Entries of an `input` that is a list: texts, or parts as of a chat where some of them may be
 * images, as OpenAI's moderations take them and, of vectors, servers of its shape.
 */
import {
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
import type { PromptMeter } from "#proxy/exchange/prompt-measure.ts"
import type { Refusal } from "#proxy/exchange/refusal.ts"
import { checkImageUrl } from "./image-url.ts"

export function measureEntry(document: JsonDocument, entry: number, meter: PromptMeter): void {
  if (imageIn(document, entry) !== NONE) meter.images++
  else meter.text(entry)
}

/** The addresses of images in `list`, which may be no list or NONE. Refuses `image_url_denied`. */
export function checkEntries(document: JsonDocument, list: number): Refusal | null {
  if (list === NONE || kindOf(document, list) !== KIND.array) return null
  for (let entry = firstIn(document, list); entry !== NONE; ) {
    const url = imageIn(document, entry)
    const refusal =
      url === NONE ? null : checkImageUrl(document, url, () => pointerTo(document, url))
    if (refusal !== null) return refusal
    entry = nextIn(document, list, entry)
  }
  return null
}

/** The address of an entry that is an image, with or without an object around it; else NONE. */
function imageIn(document: JsonDocument, entry: number): number {
  if (kindOf(document, entry) !== KIND.object) return NONE
  const image = memberOf(document, entry, "image_url")
  if (image === NONE) return NONE
  const url = isString(document, image) ? image : memberOf(document, image, "url")
  return url !== NONE && isString(document, url) ? url : NONE
}
