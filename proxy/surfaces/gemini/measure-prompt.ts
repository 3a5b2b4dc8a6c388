/** How large the prompt of a generateContent request is, by `exchange/prompt-measure.ts`. */
import {
  countOf,
  isString,
  type JsonDocument,
  memberOf,
  NONE,
  textEquals,
  textOf,
} from "#proxy/contract/json-document.ts"
import { fieldOf } from "#proxy/exchange/google-names.ts"
import { type PromptMeasure, PromptMeter } from "#proxy/exchange/prompt-measure.ts"

/** Characters of a media type that are looked at. */
const TYPE_CHARS_MAX = 64

/** Of `request`, which is the body or stands in it. */
export function measurePrompt(
  document: JsonDocument,
  request: number,
  outputTokensDefault: number,
): PromptMeasure {
  const meter = new PromptMeter(document)
  meter.turns(memberOf(document, request, "contents"), measureParts)
  measureParts(document, fieldOf(document, request, "systemInstruction"), meter)
  meter.tools(memberOf(document, request, "tools"))
  const config = fieldOf(document, request, "generationConfig")
  meter.text(fieldOf(document, config, "responseSchema"))
  meter.text(fieldOf(document, config, "responseJsonSchema"))
  const resolution = fieldOf(document, config, "mediaResolution")
  if (resolution !== NONE && textEquals(document, resolution, "MEDIA_RESOLUTION_LOW")) {
    meter.coarseImages = meter.images
  }
  const limit = countOf(document, fieldOf(document, config, "maxOutputTokens"))
  const choices = countOf(document, fieldOf(document, config, "candidateCount")) ?? 1
  return meter.finish((limit ?? outputTokensDefault) * Math.max(1, choices))
}

/** Of one content. */
export function measureParts(document: JsonDocument, content: number, meter: PromptMeter): void {
  meter.content(memberOf(document, content, "parts"), measurePart)
}

function measurePart(document: JsonDocument, part: number, meter: PromptMeter): void {
  const inline = fieldOf(document, part, "inlineData")
  const file = fieldOf(document, part, "fileData")
  const text = memberOf(document, part, "text")
  const given = fieldOf(document, part, "functionResponse")
  if (memberOf(document, given, "parts") !== NONE) {
    meter.text(memberOf(document, given, "response"))
    measureParts(document, given, meter)
  } else if (inline !== NONE) {
    const data = memberOf(document, inline, "data")
    const type = mediaTypeOf(document, inline)
    if (type.startsWith("image/")) meter.images++
    else if (type.startsWith("audio/")) meter.audio(data)
    else meter.file(data)
  } else if (file !== NONE) {
    if (mediaTypeOf(document, file).startsWith("image/")) meter.images++
    else meter.references++
  } else meter.text(text === NONE ? part : text)
}

function mediaTypeOf(document: JsonDocument, blob: number): string {
  const type = fieldOf(document, blob, "mimeType")
  if (type === NONE || !isString(document, type)) return ""
  return textOf(document, type).slice(0, TYPE_CHARS_MAX).toLowerCase()
}
