/** How large the prompt of a Messages request is; `exchange/prompt-measure.ts` says of what. */
import {
  countOf,
  firstIn,
  type JsonDocument,
  KIND,
  kindOf,
  memberOf,
  NONE,
  nextIn,
  textEquals,
} from "#proxy/contract/json-document.ts"
import { type PromptMeasure, PromptMeter } from "#proxy/exchange/prompt-measure.ts"

export function measurePrompt(document: JsonDocument, outputTokensDefault: number): PromptMeasure {
  const meter = new PromptMeter(document)
  meter.turns(memberOf(document, 0, "messages"), measureContent)
  meter.content(memberOf(document, 0, "system"), measureBlock)
  measureTools(document, meter)
  noteCache(document, 0, meter)
  meter.text(memberOf(document, 0, "output_config"))
  const limit = countOf(document, memberOf(document, 0, "max_tokens"))
  return meter.finish(limit ?? outputTokensDefault)
}

function measureTools(document: JsonDocument, meter: PromptMeter): void {
  const tools = memberOf(document, 0, "tools")
  meter.tools(tools)
  if (tools === NONE || kindOf(document, tools) !== KIND.array) return
  for (let tool = firstIn(document, tools); tool !== NONE; tool = nextIn(document, tools, tool)) {
    noteCache(document, tool, meter)
  }
}

/** Of a message, or of what holds blocks as a message does. */
function measureContent(document: JsonDocument, holder: number, meter: PromptMeter): void {
  meter.content(memberOf(document, holder, "content"), measureBlock)
}

function measureBlock(document: JsonDocument, block: number, meter: PromptMeter): void {
  noteCache(document, block, meter)
  const type = memberOf(document, block, "type")
  if (type === NONE) meter.text(block)
  else if (textEquals(document, type, "image")) meter.images++
  else if (textEquals(document, type, "tool_result")) {
    measureContent(document, block, meter)
  } else if (textEquals(document, type, "document")) {
    measureSource(document, memberOf(document, block, "source"), meter)
  } else if (textEquals(document, type, "web_fetch_tool_result")) {
    const fetched = memberOf(document, memberOf(document, block, "content"), "content")
    if (fetched === NONE) meter.text(block)
    else measureBlock(document, fetched, meter)
  } else meter.text(block)
}

/** Of a document: base64, text, blocks, or a place. */
function measureSource(document: JsonDocument, source: number, meter: PromptMeter): void {
  const type = memberOf(document, source, "type")
  if (type === NONE) meter.text(source)
  else if (textEquals(document, type, "base64")) meter.file(memberOf(document, source, "data"))
  else if (textEquals(document, type, "text")) meter.text(memberOf(document, source, "data"))
  else if (textEquals(document, type, "content")) {
    measureContent(document, source, meter)
  } else meter.references++
}

/** `cache_control: {"type":"ephemeral","ttl":"1h"}`; the default is five minutes. */
function noteCache(document: JsonDocument, owner: number, meter: PromptMeter): void {
  const control = memberOf(document, owner, "cache_control")
  if (control === NONE) return
  const ttl = memberOf(document, control, "ttl")
  if (ttl !== NONE && textEquals(document, ttl, "1h")) meter.asksHourCache = true
}
