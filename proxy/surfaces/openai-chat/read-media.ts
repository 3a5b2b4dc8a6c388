/** Content parts that are no text: images, files and sound, by URL or with their data. */
import type { JsonView } from "#proxy/contract/json-view.ts"
import type { CacheMarker, MediaPart, MediaSource } from "#proxy/exchange/chat-request.ts"
import {
  BodyFault,
  type FeatureNotes,
  missing,
  needText,
  textIn,
} from "#proxy/exchange/read-body.ts"
import { refuse } from "#proxy/exchange/refusal.ts"
import { readUrl } from "../openai/read-url.ts"

export function readMedia(
  part: JsonView,
  type: string,
  cache: CacheMarker | null,
  notes: FeatureNotes,
): MediaPart {
  switch (type) {
    case "image_url":
      return readImage(part, cache, notes)
    case "input_audio":
      return readAudio(part, cache, notes)
    case "file":
      return readFile(part, cache, notes)
    default: {
      const { where } = part
      const message = `${where}/type "${type.slice(0, 64)}" is not known; it cannot be translated`
      throw new BodyFault(refuse("unsupported_parameter", message, { param: where }))
    }
  }
}

const MEDIA = Object.freeze({ name: null, detail: null, isCited: false } as const)

function readImage(part: JsonView, cache: CacheMarker | null, notes: FeatureNotes): MediaPart {
  const image = part.member("image_url") ?? missing(part, "image_url")
  const source = readUrl(needText(image, "url"), image)
  notes.noteSource("image", source, image)
  const detail = textIn(image, "detail") ?? null
  if (detail !== null && detail !== "auto") notes.note("image-detail", image)
  return { ...MEDIA, kind: "image", source, detail, cache }
}

function readAudio(part: JsonView, cache: CacheMarker | null, notes: FeatureNotes): MediaPart {
  const audio = part.member("input_audio") ?? missing(part, "input_audio")
  notes.note("audio-input", audio)
  const mimeType = `audio/${needText(audio, "format")}`
  const source: MediaSource = { kind: "data", mimeType, base64: needText(audio, "data") }
  return { ...MEDIA, kind: "audio", source, cache }
}

function readFile(part: JsonView, cache: CacheMarker | null, notes: FeatureNotes): MediaPart {
  const file = part.member("file") ?? missing(part, "file")
  const name = textIn(file, "filename") ?? null
  const id = textIn(file, "file_id")
  if (id !== undefined) {
    notes.note("file-id", file)
    return { ...MEDIA, kind: "file", source: { kind: "file-id", id }, name, cache }
  }
  notes.note("file-data", file)
  const source = readUrl(needText(file, "file_data"), file)
  return { ...MEDIA, kind: "file", source, name, cache }
}
