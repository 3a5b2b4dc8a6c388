/**
 * Audio as OpenAI and vendors of its shape serve it, each wire made once for a place.
 *
 * Only for clients that speak it too: sound passes as it comes. Source: OpenAI API reference,
 * "Create speech", "Create transcription" and the events of their streams.
 */
import type { JsonDocument } from "#proxy/contract/json-document.ts"
import { JsonView } from "#proxy/contract/json-view.ts"
import type { TokenUsage } from "#proxy/contract/records.ts"
import { usageOf } from "#proxy/contract/token-usage.ts"
import type { ParsedRequest, RequestForm } from "#proxy/exchange/parsed-request.ts"
import type { ResponseEvent } from "#proxy/exchange/response-event.ts"
import type { Target } from "#proxy/exchange/target.ts"
import type { Frame } from "#proxy/wire/frame.ts"
import { buildForm, formField } from "#proxy/wire/multipart.ts"
import type { DecodedAnswer, SameWire, StreamDecoder, UpstreamWire } from "../adapter.ts"
import { openBytesTap } from "../bytes-tap.ts"
import { openEvent } from "../open-event.ts"
import { openPassTap } from "../pass-tap.ts"
import { countIn, reportOf } from "../read-report.ts"
import { sameWireOf } from "../same-wire.ts"
import { spliceModel } from "../splice-body.ts"
import { createWire, type OpenAiPlace } from "./create-wire.ts"
import { errorOf, hasError, isErrorEvent } from "./read-answer.ts"
import { readUsage } from "./read-usage.ts"

export function createAudioWires(place: OpenAiPlace): readonly UpstreamWire[] {
  return Object.freeze([
    createWire(place, {
      name: "openai.speech",
      title: "Speech",
      suffix: "/audio/speech",
      same: SPEECH,
    }),
    createWire(place, {
      name: "openai.transcriptions",
      title: "Transcriptions",
      suffix: "/audio/transcriptions",
      same: TRANSCRIPTIONS,
    }),
  ])
}

const EVENTS = /^text\/event-stream\b/i
/** Servers have many names for the same sound: `audio/mp3`, `audio/x-wav`, `audio/L16`. */
const SOUND = ["audio/[\\w.+-]{1,64}", "(?:application|binary)/octet-stream", "text/event-stream"]
const TEXT = ["text/plain", "text/vtt", "text/srt", "application/x-subrip"]

/** With parameters such as `rate=24000`, each a token: nothing that could end a header. */
function oneOf(types: readonly string[]): RegExp {
  const parameters = '(?:[\\t ]*;[\\t ]*[a-z]{1,16}=(?:[\\w.+-]{1,32}|"[\\w.+-]{1,32}")){0,4}'
  return new RegExp(`^(?:${types.join("|")})${parameters}$`, "i")
}

const SPEECH: SameWire = Object.freeze({
  encodeBody: spliceModel,
  readUsage: () => undefined,
  findAnswerFault: () => "it is no sound",
  measureAnswer: () => 0,
  openTap: (options, stream) =>
    EVENTS.test(stream.contentType)
      ? openPassTap(new SpeechDecoder(), options, stream.outputTokensExpected)
      : openBytesTap(stream),
  media: Object.freeze({
    contentType: () => "application/json",
    accept: "*/*",
    streams: oneOf(SOUND),
    texts: null,
    readSeconds: () => undefined,
  }),
} satisfies SameWire)

/** Longest recording that a report is believed. */
const SECONDS_MAX = 1_000_000

const TRANSCRIPTIONS: SameWire = Object.freeze({
  ...sameWireOf({ decodeAnswer: decodeTranscript, openDecoder: () => new TranscriptDecoder() }),
  encodeBody: (request: ParsedRequest, target: Target) => {
    const { parts, boundary } = formOf(request)
    const model = formField("model", target.model ?? request.model)
    return buildForm(
      parts.map((part) => (part.name === "model" ? model : part)),
      boundary,
    )
  },
  media: Object.freeze({
    contentType: (request: ParsedRequest) =>
      `multipart/form-data; boundary=${formOf(request).boundary}`,
    accept: "*/*",
    streams: EVENTS,
    texts: oneOf(TEXT),
    readSeconds: (answer: JsonDocument) => {
      const view = new JsonView(answer)
      const usage = view.member("usage")
      // Mistral's are called otherwise.
      const seconds = usage?.member("seconds") ?? usage?.member("prompt_audio_seconds")
      const told = (seconds ?? view.member("duration"))?.number()
      return told !== undefined && told >= 0 && told <= SECONDS_MAX ? told : undefined
    },
  }),
} satisfies SameWire)

function formOf({ form }: ParsedRequest): RequestForm {
  if (form === undefined) throw new Error("a transcription is asked for in a form")
  return form
}

function decodeTranscript(answer: JsonDocument): DecodedAnswer {
  if (hasError(answer)) return { ok: false, fault: "it is an error with status 200" }
  const text = new JsonView(answer).textOf("text")
  if (text === undefined) return { ok: false, fault: "it has no text" }
  const usage = reportOf(readTranscriptUsage(answer))
  return { ok: true, events: [textDelta(text), ...usage, { kind: "response-end" }] }
}

/**
 * `transcript.text.delta` and `.segment`, many; `transcript.text.done`, last. Mistral's are called
 * `transcription.text.delta` and `transcription.done`; vLLM's are chunks as of a chat.
 */
class TranscriptDecoder implements StreamDecoder {
  push(frame: Frame): readonly ResponseEvent[] {
    if (frame.kind === "done-marker") return [{ kind: "response-end" }]
    const view = openEvent(frame)
    if (isErrorEvent(frame)) return [errorOf(frame)]
    const type = view.textOf("type") ?? frame.name ?? ""
    const usage = reportOf(readTranscriptUsage(view.document))
    if (type.endsWith(".done")) return [...usage, { kind: "response-end" }]
    const [choice] = view.member("choices")?.items() ?? []
    const chunk = choice?.member("delta")?.textOf("content")
    return [textDelta(view.textOf("delta") ?? chunk ?? view.textOf("text") ?? ""), ...usage]
  }

  /** A close is no end: the last event says so. */
  finish(): readonly ResponseEvent[] {
    return []
  }
}

function textDelta(text: string): ResponseEvent {
  return { kind: "text-delta", choice: 0, text }
}

/** By tokens, or as a chat's by the servers that count so; undefined by `duration`. */
function readTranscriptUsage(answer: JsonDocument): TokenUsage | undefined {
  const usage = new JsonView(answer).member("usage")
  const tokens = usageOf({
    inputTokens: countIn(usage, "input_tokens"),
    inputAudioTokens: countIn(usage?.member("input_token_details"), "audio_tokens"),
    outputTokens: countIn(usage, "output_tokens"),
  })
  return tokens ?? readUsage(answer)
}

/** `speech.audio.delta`, many; `speech.audio.done`, last. */
class SpeechDecoder implements StreamDecoder {
  push(frame: Frame): readonly ResponseEvent[] {
    if (frame.kind === "done-marker") return [{ kind: "response-end" }]
    const view = openEvent(frame)
    if (isErrorEvent(frame)) return [errorOf(frame)]
    switch (view.textOf("type") ?? frame.name ?? "") {
      case "speech.audio.delta":
        return [{ kind: "media-add", choice: 0, mimeType: "", base64: "" }]
      case "speech.audio.done":
        return [...reportOf(readSpeechUsage(view.document)), { kind: "response-end" }]
      default:
        return []
    }
  }

  /** A close is no end: the last event says so. */
  finish(): readonly ResponseEvent[] {
    return []
  }
}

function readSpeechUsage(event: JsonDocument): TokenUsage | undefined {
  const usage = new JsonView(event).member("usage")
  const outputTokens = countIn(usage, "output_tokens")
  return usageOf({
    inputTokens: countIn(usage, "input_tokens"),
    outputTokens,
    outputAudioTokens: outputTokens,
  })
}
