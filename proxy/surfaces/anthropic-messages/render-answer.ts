/** A whole answer as a `message` object. */
import { type JsonValue, writeJson } from "#proxy/contract/json-write.ts"
import type { TokenUsage } from "#proxy/contract/records.ts"
import {
  type AnswerChoice,
  type AnswerPart,
  type ChatAnswer,
  placesOfTexts,
} from "#proxy/exchange/chat-answer.ts"
import { signBeforeCalls } from "#proxy/exchange/sign-before-calls.ts"
import { tagSignature } from "#proxy/exchange/signatures.ts"
import type { Span } from "#proxy/exchange/text-ruler.ts"
import { argumentsOrText } from "#proxy/exchange/tool-arguments.ts"
import type { RenderContext } from "../surface.ts"
import { FoundResults } from "./found-results.ts"
import { splitCited } from "./split-cited.ts"
import { renderCitation, renderUsage, stopReason } from "./stop-reason.ts"

/** This shape has one choice, since a request in it never asks for more, and always a usage. */
export function renderAnswer(
  answer: ChatAnswer,
  context: RenderContext,
  settled: TokenUsage,
): string {
  const choice = answer.choices[0]
  return writeJson({
    id: answer.id ?? context.id,
    type: "message",
    role: "assistant",
    model: answer.model ?? context.model,
    content: choice === undefined ? [] : renderContent(choice, new FoundResults(context)),
    stop_reason: choice === undefined ? "end_turn" : stopReason(choice.reason, hasRefused(choice)),
    stop_sequence: choice?.stopSequence ?? null,
    usage: renderUsage(settled),
  })
}

function hasRefused({ parts }: AnswerChoice): boolean {
  return parts.some(({ kind }) => kind === "refusal")
}

function renderContent({ parts }: AnswerChoice, results: FoundResults): readonly JsonValue[] {
  const signed = signBeforeCalls(parts)
  const places = placesOfTexts(signed)
  return signed.flatMap((part, index) => renderPart(part, places[index] ?? NOWHERE, results))
}

const NOWHERE: Span = Object.freeze({ start: 0, end: 0 })

function renderPart(part: AnswerPart, own: Span, results: FoundResults): readonly JsonValue[] {
  switch (part.kind) {
    case "text":
      if (part.text === "" && part.citations.length === 0) return []
      return splitCited(part.text, own, part.citations).map(({ text, citations }) => ({
        type: "text",
        text,
        citations:
          citations.length === 0
            ? undefined
            : citations.map((citation) => renderCitation(citation, results)),
      }))
    case "reasoning":
      return [
        {
          type: "thinking",
          thinking: part.text,
          signature: part.signature ?? tagSignature("nobody", ""),
        },
      ]
    case "reasoning-redacted":
      return [{ type: "redacted_thinking", data: part.data }]
    case "refusal":
      return [{ type: "text", text: part.text }]
    case "media": {
      const source = { type: "base64", media_type: part.mimeType, data: part.base64 }
      return [{ type: "image", source }]
    }
    case "tool-call": {
      const input = argumentsOrText(part.arguments)
      return [{ type: "tool_use", id: part.id, name: part.name, input }]
    }
  }
}
