/** Tokens of a Messages request before its answer, from sizes alone: no tokenizer runs. */
import {
  endOf,
  firstIn,
  isString,
  type JsonDocument,
  KIND,
  kindOf,
  memberOf,
  NONE,
  nextIn,
  startOf,
  textEquals,
} from "#proxy/contract/json-document.ts"

const BYTES_PER_TOKEN = 4
/** Role and separators of one message. */
const TOKENS_PER_MESSAGE = 4
/** An image of 1,092 x 1,092 pixels, the largest that is not scaled down ("Vision"). */
const TOKENS_PER_IMAGE = 1600

export function measurePrompt(document: JsonDocument): number {
  const measure = { bytes: 0, fixed: 3 }
  const messages = memberOf(document, 0, "messages")
  for (
    let message = firstIn(document, messages);
    message !== NONE;
    message = nextIn(document, messages, message)
  ) {
    measure.fixed += TOKENS_PER_MESSAGE
    measureBlocks(document, memberOf(document, message, "content"), measure)
  }
  measureBlocks(document, memberOf(document, 0, "system"), measure)
  addWhole(document, memberOf(document, 0, "tools"), measure)
  addWhole(document, memberOf(document, 0, "output_config"), measure)
  const wideBytes = Math.min(document.wideBytes, measure.bytes)
  const plain = Math.ceil((measure.bytes - wideBytes) / BYTES_PER_TOKEN)
  return plain + document.wideChars + measure.fixed
}

interface Measure {
  bytes: number
  fixed: number
}

function measureBlocks(document: JsonDocument, content: number, measure: Measure): void {
  if (content === NONE) return
  if (kindOf(document, content) !== KIND.array) {
    addWhole(document, content, measure)
    return
  }
  for (
    let block = firstIn(document, content);
    block !== NONE;
    block = nextIn(document, content, block)
  ) {
    const type = memberOf(document, block, "type")
    if (type !== NONE && textEquals(document, type, "image")) measure.fixed += TOKENS_PER_IMAGE
    else if (type !== NONE && textEquals(document, type, "tool_result")) {
      measureBlocks(document, memberOf(document, block, "content"), measure)
    } else addWhole(document, block, measure)
  }
}

function addWhole(document: JsonDocument, node: number, measure: Measure): void {
  if (node === NONE || kindOf(document, node) === KIND.null) return
  const quotes = isString(document, node) ? 2 : 0
  measure.bytes += endOf(document, node) - startOf(document, node) - quotes
}
