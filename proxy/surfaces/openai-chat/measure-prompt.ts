/** How large the prompt of a chat request is; `exchange/prompt-measure.ts` says of what. */
import {
  beginningOf,
  countOf,
  isString,
  type JsonDocument,
  KIND,
  kindOf,
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
  // OpenRouter's, of an earlier answer.
  const images = memberOf(document, message, "images")
  if (images !== NONE && kindOf(document, images) === KIND.array) {
    meter.content(images, () => meter.images++)
  }
}

/** Documents of vendors: the part has an address, or an object with one, under its type's name. */
const DOCUMENTS = ["document_url", "file_url", "pdf_url"]

function measurePart(document: JsonDocument, part: number, meter: PromptMeter): void {
  const type = memberOf(document, part, "type")
  if (type === NONE) return
  if (textEquals(document, type, "image_url")) {
    meter.images++
    const detail = memberOf(document, memberOf(document, part, "image_url"), "detail")
    if (detail !== NONE && textEquals(document, detail, "low")) meter.coarseImages++
  } else if (textEquals(document, type, "input_audio")) {
    const audio = memberOf(document, part, "input_audio")
    // Mistral's is the data itself.
    const isBare = audio !== NONE && isString(document, audio)
    meter.audio(isBare ? audio : memberOf(document, audio, "data"))
  } else if (textEquals(document, type, "file")) {
    const data = memberOf(document, memberOf(document, part, "file"), "file_data")
    if (data === NONE) meter.references++
    else meter.file(data)
  } else measureOther(document, part, type, meter)
}

/** A video's bytes tell nothing of its length. */
function measureOther(
  document: JsonDocument,
  part: number,
  type: number,
  meter: PromptMeter,
): void {
  const name = DOCUMENTS.find((one) => textEquals(document, type, one))
  if (name !== undefined) measureDocument(document, memberOf(document, part, name), meter)
  else if (textEquals(document, type, "video_url")) meter.references++
  else meter.text(memberOf(document, part, "text"))
}

function measureDocument(document: JsonDocument, holder: number, meter: PromptMeter): void {
  const url = memberOf(document, holder, "url")
  const address = url === NONE ? holder : url
  const isHere =
    address !== NONE &&
    isString(document, address) &&
    beginningOf(document, address, 5).toLowerCase() === "data:"
  if (isHere) meter.file(address)
  else meter.references++
}
