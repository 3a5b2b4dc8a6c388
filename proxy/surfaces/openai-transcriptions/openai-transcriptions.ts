/**
 * `POST /v1/audio/transcriptions` as clients speak it, a form; only an upstream of this shape
 * serves it. Fields that are not known here pass. Source: OpenAI API reference, "Create
 * transcription".
 */
import { type JsonDocument, memberOf, NONE, textOf } from "#proxy/contract/json-document.ts"
import {
  accept,
  type Decision,
  type ParsedRequest,
  type RequestForm,
  reject,
} from "#proxy/exchange/parsed-request.ts"
import type { RawRequest } from "#proxy/exchange/ports.ts"
import { PromptMeter } from "#proxy/exchange/prompt-measure.ts"
import type { Refusal } from "#proxy/exchange/refusal.ts"
import { invalid } from "../checks/field-checks.ts"
import { openForm } from "../checks/open-form.ts"
import { readModel } from "../checks/read-model.ts"
import { readUser } from "../checks/read-user.ts"
import type { SurfaceLimits } from "../limits.ts"
import { openAiErrors } from "../openai/render-error.ts"
import { EVENT_STREAM, type Surface } from "../surface.ts"

const ONCE = ["file", "model", "prompt", "response_format", "stream", "user"] as const
/** People say about four tokens a second, and a second is taken for 16 kB (`estimate-usage.ts`). */
const BYTES_PER_OUTPUT_TOKEN = 4000

export const openAiTranscriptions: Surface = Object.freeze({
  name: "openai-transcriptions",
  wire: "openai.transcriptions",
  operation: "transcription",
  takes: "form",
  errors: openAiErrors,
  parse: parseTranscription,
  chat: null,
  embeddings: null,
  rerank: null,
} satisfies Surface)

function parseTranscription(raw: RawRequest, limits: SurfaceLimits): Decision<ParsedRequest> {
  const opened = openForm(raw, limits, ONCE)
  if (!opened.ok) return opened
  const { form, document } = opened.value
  const named = readModel(document)
  if (!named.ok) return named
  const recording = recordingIn(form)
  if (recording === null) return reject(invalid("file", "is missing: send a part with a filename"))
  const stream = streamIn(document)
  if (typeof stream !== "boolean") return reject(stream)
  const meter = new PromptMeter(document)
  meter.text(memberOf(document, 0, "prompt"))
  meter.recording(recording.length)
  return accept({
    surface: "openai-transcriptions",
    document,
    form,
    ...named.value,
    isStream: stream,
    streamType: EVENT_STREAM,
    wantsUsage: true,
    user: readUser(document, [memberOf(document, 0, "user")]),
    measure: meter.finish(Math.ceil(recording.length / BYTES_PER_OUTPUT_TOKEN)),
  })
}

function recordingIn({ parts }: RequestForm): Uint8Array | null {
  const file = parts.find(({ name, isFile }) => isFile && name === "file")
  return file?.content ?? null
}

/** Strict, since what an upstream takes for true must be a stream here too. */
function streamIn(document: JsonDocument): boolean | Refusal {
  const node = memberOf(document, 0, "stream")
  if (node === NONE) return false
  const text = textOf(document, node).toLowerCase()
  if (text === "true" || text === "false") return text === "true"
  return invalid("stream", "must be true or false")
}
