/** generateContent answers, whole or as the pieces of a stream, to events. */
import type { JsonDocument } from "#proxy/contract/json-document.ts"
import { JsonView } from "#proxy/contract/json-view.ts"
import { RawJson, writeJson } from "#proxy/contract/json-write.ts"
import type { TokenUsage } from "#proxy/contract/records.ts"
import type { ResponseEvent } from "#proxy/exchange/response-event.ts"
import { tagSignature } from "#proxy/exchange/signatures.ts"
import type { Frame } from "#proxy/wire/frame.ts"
import type { DecodedAnswer, StreamDecoder } from "../adapter.ts"
import { openEvent, refuseMarker, upstreamError } from "../open-event.ts"
import { reportOf } from "../read-report.ts"
import { withCalls } from "../with-calls.ts"
import { CandidateSources } from "./candidate-sources.ts"
import { readUsage, reasonOf } from "./read-answer.ts"

export function decodeAnswer(answer: JsonDocument): DecodedAnswer {
  const view = new JsonView(answer)
  if (!view.isObject) return { ok: false, fault: "it is not a JSON object" }
  if (view.member("error") !== undefined) {
    return { ok: false, fault: "it is an error with status 200" }
  }
  if (view.member("candidates") === undefined && view.member("promptFeedback") === undefined) {
    return { ok: false, fault: "it has no candidates" }
  }
  const decoder = new ContentDecoder()
  const events = [...decoder.read(view), ...decoder.finish()]
  return events.at(-1)?.kind === "response-end"
    ? { ok: true, events }
    : { ok: false, fault: "no candidate has finished" }
}

export function openDecoder(): StreamDecoder {
  return new ContentDecoder()
}

class ContentDecoder implements StreamDecoder {
  private hasStarted = false
  private hasFinished = false
  /** Calls of each candidate so far. */
  private readonly calls = new Map<number, number>()
  private readonly sources = new Map<number, CandidateSources>()
  private answer = ""
  /** The last piece with counts. */
  private last: JsonView | null = null

  push(frame: Frame): readonly ResponseEvent[] {
    refuseMarker(frame, "Gemini")
    const view = openEvent(frame)
    const error = view.member("error")
    return error === undefined ? this.read(view) : [upstreamError(error.textOf("status"))]
  }

  /** The counts before the last piece are of the answer so far. */
  get usageSoFar(): TokenUsage | undefined {
    return this.last === null ? undefined : readUsage(this.last)
  }

  /**
   * There is no terminal event: the close is the end once a candidate has finished. Only then is
   * known which lists of sources are the last, and all of the text that they are of.
   */
  finish(): readonly ResponseEvent[] {
    if (!this.hasFinished) return []
    const cited = [...this.sources].flatMap(([choice, sources]) =>
      sources
        .citations()
        .map((citation): ResponseEvent => ({ kind: "citation-add", choice, citation })),
    )
    return [...cited, { kind: "response-end" }]
  }

  read(view: JsonView): readonly ResponseEvent[] {
    const events: ResponseEvent[] = []
    if (!this.hasStarted) {
      this.hasStarted = true
      const id = view.textOf("responseId") ?? null
      this.answer = id === null ? "" : `${id}_`
      events.push({
        kind: "response-start",
        id,
        model: view.textOf("modelVersion") ?? null,
      })
    }
    for (const [position, candidate] of (view.member("candidates")?.items() ?? []).entries()) {
      const said = this.candidate(candidate, candidate.countOf("index") ?? position)
      for (const event of said) events.push(event)
    }
    if (view.member("promptFeedback")?.member("blockReason") !== undefined) {
      this.hasFinished = true
      events.push({ kind: "choice-end", choice: 0, reason: "content-filter", stopSequence: null })
    }
    if (view.member("usageMetadata") !== undefined) this.last = view
    return this.hasFinished ? [...events, ...reportOf(readUsage(view))] : events
  }

  private candidate(candidate: JsonView, choice: number): readonly ResponseEvent[] {
    const parts = candidate.member("content")?.member("parts")?.items() ?? []
    const events = parts.flatMap((part) => this.part(part, choice))
    const sources = this.sources.get(choice) ?? new CandidateSources()
    this.sources.set(choice, sources)
    sources.note(candidate)
    const logprobs = candidate.member("logprobsResult")
    if (logprobs !== undefined) {
      events.push({ kind: "logprobs-add", choice, entries: entriesOf(logprobs) })
    }
    const reason = candidate.textOf("finishReason")
    if (reason === undefined || reason === "FINISH_REASON_UNSPECIFIED") return events
    this.hasFinished = true
    const ending = withCalls(reasonOf(reason), this.calls.has(choice))
    return [...events, { kind: "choice-end", choice, reason: ending, stopSequence: null }]
  }

  private part(part: JsonView, choice: number): ResponseEvent[] {
    const signature = part.textOf("thoughtSignature") || null
    const call = part.member("functionCall")
    if (call !== undefined) return this.call(call, choice, signature)
    const events: ResponseEvent[] = []
    const text = part.textOf("text") ?? ""
    const isThought = part.member("thought")?.boolean() === true
    if (text !== "")
      events.push({ kind: isThought ? "reasoning-delta" : "text-delta", choice, text })
    if (signature !== null) {
      const signed = tagSignature("google", signature)
      events.push({ kind: "reasoning-signature", choice, signature: signed })
    }
    const data = part.member("inlineData")
    const base64 = data?.textOf("data")
    if (base64 !== undefined) {
      const mimeType = data?.textOf("mimeType") ?? "application/octet-stream"
      events.push({ kind: "media-add", choice, mimeType, base64 })
    }
    return events
  }

  /**
   * A call comes whole. It often has no id: then its place is one, behind the answer's own so that
   * it stays the only one in a conversation of several answers.
   */
  private call(call: JsonView, choice: number, signature: string | null): ResponseEvent[] {
    const index = this.calls.get(choice) ?? 0
    this.calls.set(choice, index + 1)
    const name = call.textOf("name") ?? ""
    const id = call.textOf("id") ?? `call_${this.answer}${choice}_${index}`
    const text = call.member("args")?.raw().text ?? "{}"
    return [
      { kind: "tool-call-start", choice, call: index, id, name, signature },
      { kind: "tool-call-delta", choice, call: index, arguments: text },
    ]
  }
}

/** `LogprobsResult` in OpenAI's form: chosen candidates with the alternatives beside them. */
function entriesOf(result: JsonView): RawJson {
  const tops = result.member("topCandidates")?.items() ?? []
  const entries = (result.member("chosenCandidates")?.items() ?? []).map((chosen, index) => ({
    ...entryOf(chosen),
    top_logprobs: (tops[index]?.member("candidates")?.items() ?? []).map(entryOf),
  }))
  return new RawJson(writeJson(entries))
}

function entryOf(candidate: JsonView) {
  const logprob = candidate.member("logProbability")?.raw() ?? new RawJson("0")
  return { token: candidate.textOf("token") ?? "", logprob, bytes: null }
}
