/** Content parts that are no text: images, files and sound, by URL or with their data. */
import type { JsonView } from "#proxy/contract/json-view.ts"
import type { CacheMarker, MediaPart, MediaSource } from "#proxy/exchange/chat-request.ts"
import {
  type FeatureNotes,
  missing,
  needText,
  textIn,
  untranslatable,
} from "#proxy/exchange/read-body.ts"
import { excerpt } from "#proxy/exchange/refusal.ts"
import { readData, readUrl } from "../openai/read-url.ts"

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
    default:
      return untranslatable(part, `a part of type ${excerpt(type)}`)
  }
}

const IMAGE_FIELDS: ReadonlySet<string> = new Set(["url", "detail"])
const AUDIO_FIELDS: ReadonlySet<string> = new Set(["data", "format"])
const FILE_FIELDS: ReadonlySet<string> = new Set(["file_id", "filename", "file_data"])

const MEDIA = Object.freeze({ name: null, detail: null, isCited: false } as const)

function readImage(part: JsonView, cache: CacheMarker | null, notes: FeatureNotes): MediaPart {
  const image = part.member("image_url") ?? missing(part, "image_url")
  notes.noteUnknown(image, IMAGE_FIELDS)
  const source = readUrl(needText(image, "url"), image)
  notes.noteSource("image", source, image)
  const detail = textIn(image, "detail") ?? null
  if (detail !== null && detail !== "auto") notes.note("image-detail", image)
  return { ...MEDIA, kind: "image", source, detail, cache }
}

function readAudio(part: JsonView, cache: CacheMarker | null, notes: FeatureNotes): MediaPart {
  const audio = part.member("input_audio") ?? missing(part, "input_audio")
  notes.noteUnknown(audio, AUDIO_FIELDS)
  notes.note("audio-input", audio)
  const mimeType = `audio/${needText(audio, "format")}`
  const source: MediaSource = { kind: "data", mimeType, base64: needText(audio, "data") }
  return { ...MEDIA, kind: "audio", source, cache }
}

function readFile(part: JsonView, cache: CacheMarker | null, notes: FeatureNotes): MediaPart {
  const file = part.member("file") ?? missing(part, "file")
  notes.noteUnknown(file, FILE_FIELDS)
  const name = textIn(file, "filename") ?? null
  const id = textIn(file, "file_id")
  if (id !== undefined) {
    notes.note("file-id", file)
    return { ...MEDIA, kind: "file", source: { kind: "file-id", id }, name, cache }
  }
  notes.note("file-data", file)
  const source = readData(needText(file, "file_data"), file)
  return { ...MEDIA, kind: "file", source, name, cache }
}
