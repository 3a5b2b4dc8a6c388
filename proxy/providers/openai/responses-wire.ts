/**
 * Responses as OpenAI and vendors of its shape serve them: for clients that speak them too, so only
 * read along. Source: OpenAI API reference, "Create a response", "Streaming events".
 */
import { type JsonDocument, memberOf } from "#proxy/contract/json-document.ts"
import { JsonView } from "#proxy/contract/json-view.ts"
import { readTerms } from "#proxy/contract/price-terms.ts"
import type { TokenUsage } from "#proxy/contract/records.ts"
import { usageOf } from "#proxy/contract/token-usage.ts"
import type { ParsedRequest } from "#proxy/exchange/parsed-request.ts"
import type { ResponseEvent } from "#proxy/exchange/response-event.ts"
import type { Target } from "#proxy/exchange/target.ts"
import type { Frame } from "#proxy/wire/frame.ts"
import type { DecodedAnswer, SameWire, StreamDecoder, UpstreamWire } from "../adapter.ts"
import { hasTag, isOfType, withoutForeign } from "../foreign-thoughts.ts"
import { openEvent, upstreamError } from "../open-event.ts"
import { countIn, reportOf } from "../read-report.ts"
import { sameWireOf } from "../same-wire.ts"
import { spliceModelAnd } from "../splice-body.ts"
import { createWire, type OpenAiPlace } from "./create-wire.ts"
import { errorOf, hasError } from "./read-answer.ts"
import { isNoReport } from "./read-usage.ts"

export function createResponsesWire(place: OpenAiPlace): UpstreamWire {
  return createWire(place, {
    name: "openai.responses",
    title: "Responses",
    suffix: "/responses",
    same: SAME,
  })
}

const PASSED = sameWireOf({ decodeAnswer, openDecoder: () => new ResponseDecoder() })

const SAME: SameWire = Object.freeze({
  ...PASSED,
  encodeBody: spliceOwn,
  // With `background` the answer is made later, and nobody tells here what it used.
  measureAnswer: (answer: JsonDocument, expected: number) =>
    isReceipt(answer) ? expected : PASSED.measureAnswer(answer, expected),
} satisfies SameWire)

function isReceipt(answer: JsonDocument): boolean {
  const status = new JsonView(answer).textOf("status")
  return status === "queued" || status === "in_progress"
}

/** A client's own bytes without the thoughts that OpenAI did not hide. */
function spliceOwn(request: ParsedRequest, target: Target): Uint8Array {
  const { document } = request
  const edit = withoutForeign(document, memberOf(document, 0, "input"), isForeign)
  return spliceModelAnd(request, target, edit === null ? [] : [edit])
}

function isForeign(document: JsonDocument, item: number): boolean {
  return isOfType(document, item, "reasoning") && hasTag(document, item, "encrypted_content")
}

function decodeAnswer(answer: JsonDocument): DecodedAnswer {
  const view = new JsonView(answer)
  if (hasError(answer)) return { ok: false, fault: "it is an error with status 200" }
  const output = view.member("output")
  if (output?.isArray !== true) return { ok: false, fault: "it has no output" }
  const events: ResponseEvent[] = output.items().map((item) => ({
    kind: "text-delta",
    choice: 0,
    text: contentOf(item),
  }))
  return { ok: true, events: [...events, ...reportIn(view), { kind: "response-end" }] }
}

/** For its length alone: all that an item says, whatever it is. */
function contentOf(item: JsonView): string {
  const content = item.member("content") ?? item.member("arguments") ?? item.member("summary")
  return content === undefined ? "" : content.raw().text
}

/** `response.web_search_call.searching`, `response.mcp_list_tools.in_progress` and the like. */
const TOOL_EVENT = /^response\.(?:[a-z_]+_call|mcp_list_tools)[._]/

class ResponseDecoder implements StreamDecoder {
  push(frame: Frame): readonly ResponseEvent[] {
    if (frame.kind === "done-marker") return []
    const view = openEvent(frame)
    const type = view.textOf("type") ?? frame.name ?? ""
    switch (type) {
      case "response.completed":
      case "response.incomplete":
        return [...reportIn(view.member("response")), { kind: "response-end" }]
      case "response.failed":
        return [...reportIn(view.member("response")), errorIn(view.member("response"))]
      case "error":
        return [errorOf(frame)]
      case "response.created":
      case "response.queued":
      case "response.in_progress":
        return []
      default:
        return [{ kind: "text-delta", choice: 0, text: view.textOf("delta") ?? "" }]
    }
  }

  /** What a hosted tool does, and a call before its arguments. */
  isOtherWork(frame: Frame): boolean {
    if (frame.kind !== "json") return false
    const view = new JsonView(frame.document)
    const type = view.textOf("type") ?? ""
    if (TOOL_EVENT.test(type)) return true
    const item = view.member("item")?.textOf("type") ?? "message"
    return type === "response.output_item.added" && item !== "message" && item !== "reasoning"
  }

  /** A close is no end: the last event says so. */
  finish(): readonly ResponseEvent[] {
    return []
  }
}

function errorIn(response: JsonView | undefined): ResponseEvent {
  return upstreamError(response?.member("error")?.textOf("code"))
}

function reportIn(response: JsonView | undefined): readonly ResponseEvent[] {
  return reportOf(response === undefined ? undefined : readUsage(response))
}

function readUsage(response: JsonView): TokenUsage | undefined {
  const usage = response.member("usage")
  const input = usage?.member("input_tokens_details")
  const output = usage?.member("output_tokens_details")
  const inputTokens = countIn(usage, "input_tokens")
  // SGLang's leave the prompt out (issue 10012).
  if (isNoReport(inputTokens, countIn(usage, "cost"))) return undefined
  return usageOf({
    inputTokens,
    cachedInputTokens: countIn(input, "cached_tokens"),
    cacheWriteTokens: countIn(input, "cache_write_tokens"),
    outputTokens: countIn(usage, "output_tokens"),
    reasoningTokens: countIn(output, "reasoning_tokens"),
    terms: readTerms(response.document, response.node),
  })
}
