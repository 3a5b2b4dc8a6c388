/** A whole answer as a `GenerateContentResponse`. */
import { type JsonValue, writeJson } from "#proxy/contract/json-write.ts"
import type { AnswerChoice, ChatAnswer } from "#proxy/exchange/chat-answer.ts"
import type { RenderContext } from "../surface.ts"
import {
  finishReason,
  renderCitations,
  renderLogprobs,
  renderPart,
  renderSources,
  renderUsage,
} from "./render-candidate.ts"

export function renderAnswer(answer: ChatAnswer, context: RenderContext): string {
  return writeJson({
    candidates: answer.choices.map(renderCandidate),
    usageMetadata: answer.usage === undefined ? undefined : renderUsage(answer.usage),
    modelVersion: answer.model ?? context.model,
    responseId: answer.id ?? context.id,
  })
}

function renderCandidate(choice: AnswerChoice, index: number): JsonValue {
  const citations = choice.parts.flatMap((part) => (part.kind === "text" ? part.citations : []))
  return {
    content: { role: "model", parts: choice.parts.map(renderPart) },
    finishReason: finishReason(choice.reason),
    index,
    citationMetadata: renderCitations(citations),
    groundingMetadata: renderSources(citations),
    logprobsResult: renderLogprobs(choice.logprobs),
  }
}
