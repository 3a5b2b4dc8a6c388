/** What an item of a Responses request adds to its prompt, by `exchange/prompt-measure.ts`. */
import {
  isString,
  type JsonDocument,
  KIND,
  kindOf,
  memberOf,
  NONE,
  textEquals,
} from "#proxy/contract/json-document.ts"
import type { PromptMeter } from "#proxy/exchange/prompt-measure.ts"

/** An item without content: a call, what it gave, or a thought. */
export function measureItem(document: JsonDocument, item: number, meter: PromptMeter): void {
  const output = memberOf(document, item, "output")
  const isParts = output !== NONE && kindOf(document, output) === KIND.array
  if (isOfType(document, item, "image_generation_call")) meter.images++
  else if (isParts) meter.content(output, measurePart)
  else if (isOfType(document, output, "computer_screenshot")) meter.images++
  else meter.text(item)
}

/** Of a message, or of what a tool gave. */
export function measurePart(document: JsonDocument, part: number, meter: PromptMeter): void {
  const data = memberOf(document, part, "file_data")
  const text = memberOf(document, part, "text")
  if (isOfType(document, part, "input_image")) meter.images++
  else if (isOfType(document, part, "input_audio")) {
    meter.audio(memberOf(document, memberOf(document, part, "input_audio"), "data"))
  } else if (!isOfType(document, part, "input_file")) meter.text(text === NONE ? part : text)
  else if (data === NONE) meter.references++
  else meter.file(data)
}

function isOfType(document: JsonDocument, object: number, name: string): boolean {
  const type = memberOf(document, object, "type")
  return type !== NONE && isString(document, type) && textEquals(document, type, name)
}
