/**
 * Members by either of their names: Google takes `maxOutputTokens` and `max_output_tokens`, as
 * every API made of protocol buffers does, and its own examples have both.
 */
import { type JsonDocument, memberOf, NONE } from "#proxy/contract/json-document.ts"

const OTHER_NAMES: ReadonlyMap<string, string> = new Map(
  [
    ...["systemInstruction", "generationConfig", "maxOutputTokens", "candidateCount"],
    ...["responseSchema", "responseJsonSchema", "mediaResolution"],
    ...["inlineData", "fileData", "mimeType"],
  ].map((name) => [name, name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)]),
)

/** NONE where it has neither. */
export function findMember(document: JsonDocument, object: number, name: string): number {
  const found = memberOf(document, object, name)
  const other = found === NONE ? OTHER_NAMES.get(name) : undefined
  return other === undefined ? found : memberOf(document, object, other)
}
