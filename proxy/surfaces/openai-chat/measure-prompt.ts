/** How large the prompt of a chat request is; `exchange/prompt-measure.ts` says of what. */
import {
  countOf,
  type JsonDocument,
  memberOf,
  NONE,
  textEquals,
} from "#proxy/contract/json-document.ts"
import { type PromptMeasure, PromptMeter } from "#proxy/exchange/prompt-measure.ts"

export function measurePrompt(document: JsonDocument, outputTokensDefault: number): PromptMeasure {
  const meter = new PromptMeter(document)
  meter.turns(memberOf(document, 0, "messages"), measureMessage)
  meter.tools(memberOf(document, 0, "tools"))
  meter.tools(memberOf(document, 0, "functions"))
  meter.text(memberOf(document, 0, "response_format"))
  const limit =
    countOf(document, memberOf(document, 0, "max_completion_tokens")) ??
    countOf(document, memberOf(document, 0, "max_tokens")) ??
    outputTokensDefault
  return meter.finish(limit * (countOf(document, memberOf(document, 0, "n")) ?? 1))
}

function measureMessage(document: JsonDocument, message: number, meter: PromptMeter): void {
  meter.content(memberOf(document, message, "content"), measurePart)
  meter.text(memberOf(document, message, "tool_calls"))
}

function measurePart(document: JsonDocument, part: number, meter: PromptMeter): void {
  const type = memberOf(document, part, "type")
  if (type === NONE) return
  if (textEquals(document, type, "image_url")) {
    meter.images++
    const detail = memberOf(document, memberOf(document, part, "image_url"), "detail")
    if (detail !== NONE && textEquals(document, detail, "low")) meter.coarseImages++
  } else if (textEquals(document, type, "input_audio")) {
    meter.audio(memberOf(document, memberOf(document, part, "input_audio"), "data"))
  } else if (textEquals(document, type, "file")) {
    const data = memberOf(document, memberOf(document, part, "file"), "file_data")
    if (data === NONE) meter.references++
    else meter.file(data)
  } else meter.text(memberOf(document, part, "text"))
}
