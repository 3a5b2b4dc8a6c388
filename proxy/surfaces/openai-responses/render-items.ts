/** Output items, usage and the frame of a response, for whole answers and streams alike. */
import { JsonView } from "#proxy/contract/json-view.ts"
import { type JsonValue, RawJson } from "#proxy/contract/json-write.ts"
import type { TokenUsage } from "#proxy/contract/records.ts"
import type { Citation, FinishReason } from "#proxy/exchange/response-event.ts"
import { bareSignature, isTagged, tagSignature } from "#proxy/exchange/signatures.ts"
import { cutSpan, type Span } from "#proxy/exchange/text-ruler.ts"
import { parseArguments } from "#proxy/exchange/tool-arguments.ts"
import { renderDocument, renderPlace } from "../openai/finish-reason.ts"
import type { RenderContext } from "../surface.ts"

export type ItemStatus = "in_progress" | "completed" | "incomplete"

export function renderMessage(id: string, status: ItemStatus, content: readonly JsonValue[]) {
  return { id, type: "message", status, role: "assistant", content }
}

/** `own`: where this text lies in the choice's; positions count from the start of this one. */
export function renderText(
  text: string,
  own: Span,
  citations: readonly Citation[],
  logprobs: JsonValue,
) {
  const cited = citations.map((citation) => placeWithin(citation, own))
  const documents = cited.flatMap((citation) => renderDocument(citation))
  return {
    type: "output_text",
    text,
    annotations: cited.flatMap((citation) => renderLink(citation)),
    // No kind of OpenAI's annotations: its clients refuse one that they do not know.
    document_citations: documents.length === 0 ? undefined : documents,
    logprobs,
  }
}

export function renderThought(id: string, text: string, kept: string | null): JsonValue {
  const summary = text === "" ? [] : [{ type: "summary_text", text }]
  return { id, type: "reasoning", summary, encrypted_content: showKept(kept) }
}

/** A thought that its provider hid goes back as it came. */
export function renderHidden(id: string, data: string): JsonValue {
  return renderThought(id, "", isTagged(data) ? data : tagSignature("hidden", data))
}

/** OpenAI's own is bare here; it takes no item of others back, so that none is without a tag. */
function showKept(kept: string | null): string {
  if (kept === null) return tagSignature("nobody", "")
  const own = bareSignature("openai", kept)
  if (own !== null) return own
  return isTagged(kept) ? kept : tagSignature("anthropic", kept)
}

/** Of a call in an answer that ended so: one that was cut shows it in its arguments. */
export function statusOfCall(text: string, outcome: ItemStatus): ItemStatus {
  return parseArguments(text) === null ? outcome : "completed"
}

/** An image, which comes whole. */
export function renderImage(
  id: string,
  { mimeType, base64 }: { readonly mimeType: string; readonly base64: string },
): JsonValue {
  const output_format = mimeType.replace("image/", "")
  return { id, type: "image_generation_call", status: "completed", result: base64, output_format }
}

/** What of its place lies in another text is cut off; one that lies there whole has none here. */
export function placeWithin(citation: Citation, own: Span): Citation {
  return { ...citation, place: cutSpan(citation.place, own) }
}

export function renderLink({ url, title, place }: Citation): readonly JsonValue[] {
  if (url === null) return []
  return [{ type: "url_citation", url, title: title ?? url, ...renderPlace(place) }]
}

/** What a response says beside its output: the request's own settings, and OpenAI's defaults. */
export function renderFrame(
  context: RenderContext,
  facts: { readonly id: string | null; readonly model: string | null },
): Readonly<Record<string, JsonValue | undefined>> {
  const body = new JsonView(context.request.document)
  const echo = (name: string, absent: JsonValue): JsonValue => body.member(name)?.raw() ?? absent
  return {
    id: facts.id ?? `resp_${context.id}`,
    object: "response",
    created_at: context.createdSeconds,
    error: null,
    instructions: echo("instructions", null),
    max_output_tokens: echo("max_output_tokens", null),
    metadata: echo("metadata", EMPTY),
    model: facts.model ?? context.model,
    parallel_tool_calls: echo("parallel_tool_calls", true),
    previous_response_id: null,
    reasoning: echo("reasoning", null),
    store: false,
    temperature: echo("temperature", null),
    text: echo("text", TEXT),
    tool_choice: echo("tool_choice", "auto"),
    tools: echo("tools", []),
    top_p: echo("top_p", null),
    truncation: "disabled",
  }
}

const EMPTY = new RawJson("{}")
const TEXT: JsonValue = Object.freeze({ format: { type: "text" } })

/** `status`, which the last item shares, and why a response is not complete. */
export function renderOutcome(reason: FinishReason | null): {
  readonly status: "completed" | "incomplete"
  readonly incomplete_details: { readonly reason: string } | null
} {
  switch (reason) {
    case "length":
    case "context-length":
      return { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } }
    case "content-filter":
    case "refusal":
      return { status: "incomplete", incomplete_details: { reason: "content_filter" } }
    default:
      return { status: "completed", incomplete_details: null }
  }
}

export function renderUsage(usage: TokenUsage | undefined): JsonValue {
  if (usage === undefined) return null
  const { inputTokens, cachedInputTokens, outputTokens, reasoningTokens } = usage
  return {
    input_tokens: inputTokens,
    input_tokens_details: {
      cached_tokens: cachedInputTokens,
      cache_write_tokens: usage.cacheWriteTokens ?? 0,
    },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: reasoningTokens ?? 0 },
    total_tokens: inputTokens + outputTokens,
  }
}
