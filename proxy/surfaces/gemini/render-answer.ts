/** A whole answer as a `GenerateContentResponse`. */
import { type JsonValue, writeJson } from "#proxy/contract/json-write.ts"
import type { AnswerChoice, ChatAnswer } from "#proxy/exchange/chat-answer.ts"
import type { RenderContext } from "../surface.ts"
import { finishReason, renderLogprobs, renderPart, renderUsage } from "./render-candidate.ts"
import { renderSources } from "./render-sources.ts"

export function renderAnswer(answer: ChatAnswer, context: RenderContext): string {
  return writeJson({
    candidates: answer.choices.map(renderCandidate),
    usageMetadata: answer.usage === undefined ? undefined : renderUsage(answer.usage),
    modelVersion: answer.model ?? context.model,
    responseId: answer.id ?? context.id,
  })
}

function renderCandidate(choice: AnswerChoice, index: number): JsonValue {
  return {
    content: { role: "model", parts: choice.parts.map(renderPart) },
    finishReason: finishReason(choice.reason),
    index,
    ...renderSources(choice.parts),
    logprobsResult: renderLogprobs(choice.logprobs),
  }
}
