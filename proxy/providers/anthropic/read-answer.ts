/** Errors, reasons and citations in Anthropic's words. */
import type { JsonDocument } from "#proxy/contract/json-document.ts"
import { JsonView } from "#proxy/contract/json-view.ts"
import type { Citation, FinishReason, FoundPlace } from "#proxy/exchange/response-event.ts"
import { spanOf } from "#proxy/exchange/text-ruler.ts"
import type { UpstreamError } from "#proxy/exchange/upstream-error.ts"
import { addressIn } from "../cited-blocks.ts"
import { quoteMessage, quoteName } from "../read-report.ts"

export function reasonOf(reason: string): FinishReason {
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
    case "refusal":
      return "refusal"
    case "pause_turn":
      return "pause"
    default:
      return "other"
  }
}

/** `char_location` is a place in a document: the one in the answer is the block's own. */
export function citationOf(citation: JsonView): Citation {
  const found = foundOf(citation)
  return {
    ...(found === null ? {} : { found }),
    url: citation.textOf("url") ?? addressIn(found),
    title: citation.textOf("title") ?? citation.textOf("document_title") ?? null,
    citedText: citation.textOf("cited_text") ?? null,
    place: null,
    documentIndex: citation.countOf("document_index") ?? null,
    documentPlace: spanOf(citation.countOf("start_char_index"), citation.countOf("end_char_index")),
  }
}

/** `search_result_location`. */
function foundOf(citation: JsonView): FoundPlace | null {
  const index = citation.countOf("search_result_index")
  const first = citation.countOf("start_block_index")
  const texts = spanOf(first, citation.countOf("end_block_index"))
  if (index === undefined || texts === null) return null
  return { index, source: citation.textOf("source") ?? null, texts }
}

/** `{"type":"error","error":{"type","message"}}`. */
export function readError(
  answer: JsonDocument,
  conceal: (text: string) => string,
): UpstreamError | undefined {
  const error = new JsonView(answer).member("error")
  const message = error?.textOf("message")
  if (message === undefined) return undefined
  const type = error?.textOf("type") ?? null
  return {
    message: quoteMessage(message, conceal),
    type: quoteName(type, conceal),
    param: null,
    code: null,
  }
}
