/** Converse answers and ConverseStream events to events of the intermediate form. */
import type { JsonDocument } from "#proxy/contract/json-document.ts"
import { JsonView } from "#proxy/contract/json-view.ts"
import type { TokenUsage } from "#proxy/contract/records.ts"
import { usageOf } from "#proxy/contract/token-usage.ts"
import type { FinishReason, FoundPlace, ResponseEvent } from "#proxy/exchange/response-event.ts"
import { spanOf } from "#proxy/exchange/text-ruler.ts"
import type { UpstreamError } from "#proxy/exchange/upstream-error.ts"
import type { Frame } from "#proxy/wire/frame.ts"
import type { DecodedAnswer, StreamDecoder } from "../adapter.ts"
import { BareCalls } from "../bare-calls.ts"
import { beginCall } from "../begin-call.ts"
import { addressIn, CitedBlocks } from "../cited-blocks.ts"
import { refuseMarker, upstreamError } from "../open-event.ts"
import { countIn, quoteMessage, reportOf } from "../read-report.ts"
import { withCalls } from "../with-calls.ts"

export function decodeAnswer(answer: JsonDocument): DecodedAnswer {
  const view = new JsonView(answer)
  const content = view.member("output")?.member("message")?.member("content")
  if (content?.isArray !== true) return { ok: false, fault: "it has no output message" }
  const events: ResponseEvent[] = [START]
  const cited = new CitedBlocks()
  let calls = 0
  for (const block of content.items()) {
    const call = block.member("toolUse")
    if (call === undefined) {
      for (const event of cited.pass(contentOf(block))) events.push(event)
      for (const event of cited.end()) events.push(event)
    } else {
      const input = call.member("input")?.raw().text ?? "{}"
      events.push(beginToolUse(call, calls))
      events.push({ kind: "tool-call-delta", choice: 0, call: calls, arguments: input })
      calls++
    }
  }
  events.push(endOf(view, calls > 0))
  events.push(...reportOf(readUsage(view)))
  return { ok: true, events: [...events, { kind: "response-end" }] }
}

export function openDecoder(): StreamDecoder {
  return new ConverseDecoder()
}

/** Converse names neither the answer nor the model that gave it. */
const START: ResponseEvent = Object.freeze({ kind: "response-start", id: null, model: null })

/** Whatever an upstream leaves out: blocks follow one another. */
const BLOCK_ENDS: ReadonlySet<string> = new Set([
  ...["contentBlockStart", "contentBlockStop", "messageStop"],
])

class ConverseDecoder implements StreamDecoder {
  private hasStopped = false
  private hasEnded = false
  /** The call of each block that is one. */
  private readonly calls = new Map<number, number>()
  private readonly bare = new BareCalls()
  private readonly cited = new CitedBlocks()

  push(frame: Frame): readonly ResponseEvent[] {
    refuseMarker(frame, "Bedrock")
    const name = frame.name ?? ""
    if (name.startsWith("!")) {
      return [upstreamError(name.slice(1))]
    }
    const told = BLOCK_ENDS.has(name) ? this.cited.end() : []
    const events = this.cited.pass(this.read(new JsonView(frame.document), name))
    return told.length === 0 ? events : [...told, ...events]
  }

  private read(view: JsonView, name: string): readonly ResponseEvent[] {
    switch (name) {
      case "messageStart":
        return [START]
      case "contentBlockStart":
        return this.begin(view)
      case "contentBlockDelta":
        return this.delta(view)
      case "contentBlockStop":
        return this.bare.end(this.calls.get(view.countOf("contentBlockIndex") ?? 0))
      case "messageStop":
        this.hasStopped = true
        return [endOf(view, this.calls.size > 0)]
      case "metadata":
        return this.end(view)
      default:
        return []
    }
  }

  /** The metadata come last; an answer without them is whole all the same. */
  finish(): readonly ResponseEvent[] {
    return this.hasStopped && !this.hasEnded ? [{ kind: "response-end" }] : []
  }

  private begin(view: JsonView): readonly ResponseEvent[] {
    const call = view.member("start")?.member("toolUse")
    if (call === undefined) return []
    const index = this.calls.size
    this.calls.set(view.countOf("contentBlockIndex") ?? 0, index)
    this.bare.begin(index)
    return [beginToolUse(call, index)]
  }

  private delta(view: JsonView): readonly ResponseEvent[] {
    const delta = view.member("delta")
    if (delta === undefined) return []
    const input = delta.member("toolUse")?.textOf("input")
    if (input === undefined) return contentOf(delta)
    const call = this.calls.get(view.countOf("contentBlockIndex") ?? 0)
    if (call === undefined || input === "") return []
    this.bare.grow(call)
    return [{ kind: "tool-call-delta", choice: 0, call, arguments: input }]
  }

  private end(view: JsonView): readonly ResponseEvent[] {
    this.hasEnded = true
    return [...reportOf(readUsage(view)), { kind: "response-end" }]
  }
}

function beginToolUse(call: JsonView, index: number): ResponseEvent {
  return beginCall(index, call.textOf("toolUseId"), call.textOf("name"))
}

/** A whole block and a delta of one have the same members, but for the nesting of a thought. */
function contentOf(block: JsonView): readonly ResponseEvent[] {
  const events: ResponseEvent[] = []
  const text = block.textOf("text")
  if (text !== undefined && text !== "") events.push({ kind: "text-delta", choice: 0, text })
  const thought = block.member("reasoningContent")
  if (thought !== undefined) events.push(...thoughtOf(thought))
  const cited = block.member("citationsContent")
  for (const part of cited?.member("content")?.items() ?? []) {
    events.push({ kind: "text-delta", choice: 0, text: part.textOf("text") ?? "" })
  }
  const single = block.member("citation")
  const citations = single === undefined ? (cited?.member("citations")?.items() ?? []) : [single]
  for (const citation of citations) events.push(citationOf(citation))
  return events
}

function thoughtOf(thought: JsonView): readonly ResponseEvent[] {
  const told = thought.member("reasoningText") ?? thought
  const text = told.textOf("text") ?? ""
  const signature = told.textOf("signature") ?? ""
  const redacted = thought.textOf("redactedContent")
  const events: ResponseEvent[] = []
  if (text !== "") events.push({ kind: "reasoning-delta", choice: 0, text })
  if (signature !== "") events.push({ kind: "reasoning-signature", choice: 0, signature })
  if (redacted !== undefined) events.push({ kind: "reasoning-redacted", choice: 0, data: redacted })
  return events
}

function citationOf(citation: JsonView): ResponseEvent {
  const location = citation.member("location")
  const place = location?.member("documentChar")
  const source = citation.member("sourceContent")?.items()[0]
  const found = foundOf(citation, location?.member("searchResultLocation"))
  return {
    kind: "citation-add",
    choice: 0,
    citation: {
      url: location?.member("web")?.textOf("url") ?? addressIn(found),
      title: citation.textOf("title") ?? null,
      citedText: source?.textOf("text") ?? null,
      place: null,
      ...(found === null ? {} : { found }),
      documentIndex: place?.countOf("documentIndex") ?? null,
      documentPlace: spanOf(place?.countOf("start"), place?.countOf("end")),
    },
  }
}

function foundOf(citation: JsonView, at: JsonView | undefined): FoundPlace | null {
  if (at === undefined) return null
  const start = at.countOf("start") ?? 0
  // "Where the cited content ends" does not say whether the text there is cited too.
  const texts = spanOf(start, at.countOf("end")) ?? { start, end: start + 1 }
  const source = citation.textOf("source") ?? null
  return { index: at.countOf("searchResultIndex") ?? 0, source, texts }
}

function endOf(view: JsonView, hasCalls: boolean): ResponseEvent {
  const reason = withCalls(reasonOf(view.textOf("stopReason") ?? ""), hasCalls)
  const more = view.member("additionalModelResponseFields")
  const told = more?.textOf("stop_sequence") ?? more?.member("delta")?.textOf("stop_sequence")
  return { kind: "choice-end", choice: 0, reason, stopSequence: told ?? null }
}

function reasonOf(reason: string): FinishReason {
  switch (reason) {
    case "end_turn":
      return "stop"
    case "stop_sequence":
      return "stop-sequence"
    case "max_tokens":
      return "length"
    case "model_context_window_exceeded":
      return "context-length"
    case "tool_use":
      return "tool-calls"
    case "guardrail_intervened":
    case "content_filtered":
      return "content-filter"
    case "malformed_model_output":
    case "malformed_tool_use":
      return "failed"
    default:
      return "other"
  }
}

/**
 * `TokenUsage` of Bedrock: what was read from and written to a cache is counted apart, and
 * `cacheDetails` tells for how long it was written.
 */
function readUsage(view: JsonView): TokenUsage | undefined {
  const usage = view.member("usage")
  const count = (name: string) => countIn(usage, name)
  const input = count("inputTokens")
  const read = count("cacheReadInputTokens")
  const written = count("cacheWriteInputTokens")
  return usageOf({
    inputTokens: input === undefined ? undefined : input + (read ?? 0) + (written ?? 0),
    cachedInputTokens: read,
    cacheWriteTokens: written,
    cacheWrite1hTokens: writtenForHour(usage),
    outputTokens: count("outputTokens"),
  })
}

/** At most one entry a lifetime; undefined when none is of an hour. */
function writtenForHour(usage: JsonView | undefined): number | undefined {
  const details = usage?.member("cacheDetails")?.items() ?? []
  return countIn(
    details.find((detail) => detail.textOf("ttl") === "1h"),
    "inputTokens",
  )
}

/** `{"message"}`; the error's name is a header that is not kept. */
export function readError(
  answer: JsonDocument,
  conceal: (text: string) => string,
): UpstreamError | undefined {
  const view = new JsonView(answer)
  const message = view.textOf("message") ?? view.textOf("Message")
  if (message === undefined) return undefined
  return { message: quoteMessage(message, conceal), type: null, param: null, code: null }
}
