/** Content of a message or of the system prompt: a text, or blocks with a type. */
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
} from "#proxy/contract/json-document.ts"
import type { Refusal } from "#proxy/exchange/refusal.ts"
import { invalid } from "../checks/field-checks.ts"
import { checkImageUrl } from "../checks/image-url.ts"

export function checkBlocks(
  document: JsonDocument,
  content: number,
  path: string,
  { mayBeAbsent }: { readonly mayBeAbsent: boolean },
): Refusal | null {
  if (content === NONE || kindOf(document, content) === KIND.null) {
    return mayBeAbsent ? null : invalid(path, "must not be null or missing")
  }
  if (isString(document, content)) return null
  if (kindOf(document, content) !== KIND.array) {
    const kind = kindNameOf(document, content)
    return invalid(path, `must be a string or a list of blocks, not ${kind}`)
  }
  let index = 0
  for (
    let block = firstIn(document, content);
    block !== NONE;
    block = nextIn(document, content, block)
  ) {
    const refusal = checkBlock(document, block, `${path}/${index}`)
    if (refusal !== null) return refusal
    index++
  }
  return null
}

function checkBlock(document: JsonDocument, block: number, path: string): Refusal | null {
  if (kindOf(document, block) !== KIND.object) {
    const kind = kindNameOf(document, block)
    return invalid(path, `must be an object with a type, not ${kind}`)
  }
  const type = memberOf(document, block, "type")
  if (type === NONE || !isString(document, type)) {
    return invalid(`${path}/type`, "must be a string such as text or image")
  }
  if (textEquals(document, type, "text")) {
    const text = memberOf(document, block, "text")
    return text !== NONE && isString(document, text)
      ? null
      : invalid(`${path}/text`, "must be a string")
  }
  if (textEquals(document, type, "tool_result")) {
    const content = memberOf(document, block, "content")
    return checkBlocks(document, content, `${path}/content`, { mayBeAbsent: true })
  }
  return checkSource(document, memberOf(document, block, "source"), `${path}/source`)
}

/** No upstream is sent to an address that is no public one. */
function checkSource(document: JsonDocument, source: number, path: string): Refusal | null {
  const url = memberOf(document, source, "url")
  // A document of blocks, some of which may be images.
  if (url === NONE) {
    const content = memberOf(document, source, "content")
    return checkBlocks(document, content, `${path}/content`, { mayBeAbsent: true })
  }
  if (!isString(document, url)) return invalid(`${path}/url`, "must be a string")
  return checkImageUrl(document, url, `${path}/url`)
}
