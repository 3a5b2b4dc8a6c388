/**
 * The other wires of OpenAI's shape, each made once for a place: completions, embeddings,
 * moderations and images.
 *
 * Source: OpenAI API reference, "Create completion", "Create embeddings", "Create moderation",
 * "Create image".
 */
import type { JsonDocument } from "#proxy/contract/json-document.ts"
import { JsonView } from "#proxy/contract/json-view.ts"
import { writeJson } from "#proxy/contract/json-write.ts"
import type { TokenUsage } from "#proxy/contract/records.ts"
import { usageOf } from "#proxy/contract/token-usage.ts"
import type { EmbeddingsRequest } from "#proxy/exchange/embeddings.ts"
import { accept } from "#proxy/exchange/parsed-request.ts"
import type { ResponseEvent } from "#proxy/exchange/response-event.ts"
import type { WireName } from "#proxy/exchange/wire-name.ts"
import type { Frame } from "#proxy/wire/frame.ts"
import {
  type CallPlace,
  type EmbeddingsWire,
  type EncodeContext,
  type SameWire,
  type StreamDecoder,
  type StreamTap,
  type UpstreamWire,
  WireFault,
} from "../adapter.ts"
import { countIn } from "../read-report.ts"
import { sameWireOf } from "../same-wire.ts"
import { spliceModel } from "../splice-body.ts"
import { ChoiceEnds } from "./choice-ends.ts"
import { hasError, readError, readUsage } from "./read-answer.ts"

/** What a place of this shape says of a wire: its owner, its paths and where the key goes. */
export interface OpenAiPlace {
  readonly owner: string
  readonly path: (place: CallPlace, suffix: string) => string
  readonly authorization: UpstreamWire["authorization"]
}

export function createWholeWires(place: OpenAiPlace): readonly UpstreamWire[] {
  const wire = (
    name: WireName,
    title: string,
    suffix: string,
    same: SameWire,
    embeddings: EmbeddingsWire | null = null,
  ): UpstreamWire =>
    Object.freeze({
      name,
      title: `${place.owner} ${title}`,
      path: (at: CallPlace) => place.path(at, suffix),
      headers: Object.freeze([]),
      passedHeaders: Object.freeze([]),
      authorization: place.authorization,
      framing: "sse",
      same,
      chat: null,
      embeddings,
      rerank: null,
      readError,
    })
  return Object.freeze([
    wire("openai.completions", "Completions", "/completions", COMPLETIONS),
    wire("openai.embeddings", "Embeddings", "/embeddings", LISTED, EMBEDDINGS),
    wire("openai.moderations", "Moderations", "/moderations", MODERATED),
    wire("openai.images", "Images", "/images/generations", IMAGES),
  ])
}

function whole(member: string, read: (view: JsonView) => TokenUsage | undefined): SameWire {
  return Object.freeze({
    encodeBody: spliceModel,
    readUsage: (answer: JsonDocument) => read(new JsonView(answer)),
    findAnswerFault: (answer: JsonDocument) => {
      if (hasError(answer)) return "it is an error with status 200"
      const list = new JsonView(answer).member(member)
      return list?.isArray === true ? null : `it has no ${member}`
    },
    measureAnswer: () => 0,
    openTap: (): StreamTap => {
      throw new Error("a request of this wire never streams")
    },
  })
}

const LISTED = whole("data", (view) => {
  const inputTokens = countIn(view.member("usage"), "prompt_tokens")
  return usageOf({ inputTokens, outputTokens: 0 })
})

/** Moderation is not billed and reports nothing. */
const MODERATED = whole("results", () => undefined)

const IMAGES = whole("data", (view) => {
  const usage = view.member("usage")
  const outputTokens = countIn(usage, "output_tokens")
  const drawn = countIn(usage?.member("output_tokens_details"), "image_tokens")
  return usageOf({
    inputTokens: countIn(usage, "input_tokens"),
    inputImageTokens: countIn(usage?.member("input_tokens_details"), "image_tokens"),
    outputTokens,
    // Models that also answer in text tell the two apart.
    outputImageTokens: drawn ?? outputTokens,
  })
})

const EMBEDDINGS: EmbeddingsWire = Object.freeze({
  encode: (request: EmbeddingsRequest, { model }: EncodeContext) =>
    accept(
      writeJson({
        model,
        input: request.inputs.map((input) => (input.kind === "text" ? input.text : input.ids)),
        dimensions: request.dimensions ?? undefined,
        encoding_format: "float",
        user: request.user ?? undefined,
      }),
    ),
  decodeAnswer: (answer: JsonDocument) => {
    const fault = LISTED.findAnswerFault(answer)
    if (fault !== null) return { ok: false, fault }
    const data = new JsonView(answer).member("data")?.items() ?? []
    const vectors = data.flatMap((item) => {
      const vector = item.member("embedding")
      return vector?.isArray === true ? [vector.raw()] : []
    })
    if (vectors.length !== data.length) return { ok: false, fault: "an embedding is no list" }
    return { ok: true, answer: { vectors, usage: LISTED.readUsage(answer) } }
  },
} satisfies EmbeddingsWire)

const COMPLETIONS = sameWireOf({
  decodeAnswer: (answer: JsonDocument) => {
    const view = new JsonView(answer)
    if (hasError(answer)) return { ok: false, fault: "it is an error with status 200" }
    if (view.member("choices")?.isArray !== true) return { ok: false, fault: "it has no choices" }
    return { ok: true, events: eventsOf(view) }
  },
  openDecoder: () => new TextDecoderOfChunks(),
})

class TextDecoderOfChunks implements StreamDecoder {
  private readonly ends = new ChoiceEnds()

  push(frame: Frame): readonly ResponseEvent[] {
    if (frame.kind === "done-marker") return this.ends.onMarker()
    const view = new JsonView(frame.document)
    if (!view.isObject) throw new WireFault("an event is not a JSON object")
    if (hasError(frame.document) || frame.name === "error") {
      return [{ kind: "response-error", message: "the upstream reported an error" }]
    }
    const events = eventsOf(view)
    this.ends.note(events)
    return events
  }

  finish(): readonly ResponseEvent[] {
    return this.ends.onClose()
  }
}

function eventsOf(view: JsonView): readonly ResponseEvent[] {
  const events: ResponseEvent[] = []
  for (const [position, choice] of (view.member("choices")?.items() ?? []).entries()) {
    const index = choice.countOf("index") ?? position
    events.push({ kind: "text-delta", choice: index, text: choice.textOf("text") ?? "" })
    if (choice.textOf("finish_reason") !== undefined) {
      events.push({ kind: "choice-end", choice: index, reason: "stop", stopSequence: null })
    }
  }
  const usage = readUsage(view.document)
  return usage === undefined ? events : [...events, { kind: "usage-report", usage }]
}
