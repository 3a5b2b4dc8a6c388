/** A file of text that came as data, as the text that it is: wires take PDF as data, and texts. */
import type { MediaPart } from "#proxy/exchange/chat-request.ts"

const TEXT = /^(?:text\/|application\/(?:json|xml|yaml|x-yaml)$)/

/** The part itself where it is no such file, or not in UTF-8. */
export function textFile(part: MediaPart): MediaPart {
  const { kind, source } = part
  if (kind !== "file" || source.kind !== "data" || !TEXT.test(source.mimeType)) return part
  const text = decode(source.base64)
  return text === null ? part : { ...part, source: { kind: "text", text } }
}

function decode(base64: string): string | null {
  try {
    const bytes = Uint8Array.from(atob(base64), (unit) => unit.charCodeAt(0))
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes)
  } catch {
    return null
  }
}
