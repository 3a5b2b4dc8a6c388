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
import { type PromptMeasure, PromptMeter } from "#proxy/exchange/prompt-measure.ts"
import { findMember } from "./find-member.ts"

/** Characters of a media type that are looked at. */
const TYPE_CHARS_MAX = 64

export function measurePrompt(document: JsonDocument, outputTokensDefault: number): PromptMeasure {
  const meter = new PromptMeter(document)
  meter.turns(memberOf(document, 0, "contents"), measureParts)
  measureParts(document, findMember(document, 0, "systemInstruction"), meter)
  meter.tools(memberOf(document, 0, "tools"))
  const config = findMember(document, 0, "generationConfig")
  meter.text(findMember(document, config, "responseSchema"))
  meter.text(findMember(document, config, "responseJsonSchema"))
  const resolution = findMember(document, config, "mediaResolution")
  if (resolution !== NONE && textEquals(document, resolution, "MEDIA_RESOLUTION_LOW")) {
    meter.coarseImages = meter.images
  }
  const limit = countOf(document, findMember(document, config, "maxOutputTokens"))
  const choices = countOf(document, findMember(document, config, "candidateCount")) ?? 1
  return meter.finish((limit ?? outputTokensDefault) * Math.max(1, choices))
}

/** Of one content. */
export function measureParts(document: JsonDocument, content: number, meter: PromptMeter): void {
  meter.content(memberOf(document, content, "parts"), measurePart)
}

function measurePart(document: JsonDocument, part: number, meter: PromptMeter): void {
  const inline = findMember(document, part, "inlineData")
  const file = findMember(document, part, "fileData")
  const text = memberOf(document, part, "text")
  if (inline !== NONE) {
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
  const type = findMember(document, blob, "mimeType")
  if (type === NONE || !isString(document, type)) return ""
  return textOf(document, type).slice(0, TYPE_CHARS_MAX).toLowerCase()
}
