/**
 * A medium for Gemini: its data, or an address that Google fetches, whose type must be said.
 *
 * Source: Gemini API, "File input methods": public and signed https addresses; FileData of the
 * Gemini API and of Vertex AI, where the type is required; "Image understanding" for the formats.
 */
import type { JsonValue } from "#proxy/contract/json-write.ts"
import type { MediaPart, MediaSource } from "#proxy/exchange/chat-request.ts"
import type { EncodeContext } from "../adapter.ts"
import { cannotSay } from "../cannot-say.ts"

export function encodeMedia({ kind, source }: MediaPart, context: EncodeContext): JsonValue {
  switch (source.kind) {
    case "data":
      return { inlineData: { mimeType: source.mimeType, data: source.base64 } }
    case "text":
      return { text: source.text }
    case "url":
      return { fileData: { mimeType: typeOf(kind, source, context), fileUri: source.url } }
    case "file-id":
      return cannotSay("messages", context, `Gemini takes the ${kind} itself, not its id`)
  }
}

/** By the end of an address. What stands there may be another one: Google then says so itself. */
const TYPES: Readonly<Record<MediaPart["kind"], Readonly<Partial<Record<string, string>>>>> = {
  image: {
    png: "image/png",
    jpg: "image/jpeg",
    jpeg: "image/jpeg",
    webp: "image/webp",
    heic: "image/heic",
    heif: "image/heif",
  },
  file: { pdf: "application/pdf" },
  audio: {},
  video: {},
}

/** As the client says it; most clients' shapes have no place for it. */
function typeOf(
  kind: MediaPart["kind"],
  { url, mimeType }: Extract<MediaSource, { readonly kind: "url" }>,
  context: EncodeContext,
): string {
  const address = URL.parse(url)
  if (address?.protocol !== "https:") {
    return cannotSay("messages", context, `Gemini fetches a ${kind} only from an https address`)
  }
  const types = TYPES[kind]
  const end = /\.([a-z]{3,4})$/i.exec(address.pathname)?.[1]?.toLowerCase() ?? ""
  const type = mimeType ?? (Object.hasOwn(types, end) ? types[end] : undefined)
  if (type !== undefined) return type
  const ends = Object.keys(types).join(", ")
  const why =
    "Gemini must be told the type of what it fetches, and the address of the " +
    `${kind} does not end in one of ${ends}`
  return cannotSay("messages", context, why)
}
