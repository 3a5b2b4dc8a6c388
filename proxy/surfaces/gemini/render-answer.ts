/** A whole answer as a `GenerateContentResponse`. */
import { writeJson } from "#proxy/contract/json-write.ts"
import type { ChatAnswer } from "#proxy/exchange/chat-answer.ts"
import type { RenderContext } from "../surface.ts"
import {
  finishReason,
  renderCitations,
  renderLogprobs,
  renderPart,
  renderUsage,
} from "./render-candidate.ts"

export function renderAnswer(answer: ChatAnswer, context: RenderContext): string {
  return writeJson({
    candidates: answer.choices.map((choice, index) => ({
      content: { role: "model", parts: choice.parts.map(renderPart) },
      finishReason: finishReason(choice.reason),
      index,
      citationMetadata: renderCitations(
        choice.parts.flatMap((part) => (part.kind === "text" ? part.citations : [])),
      ),
      logprobsResult: renderLogprobs(choice.logprobs),
    })),
    usageMetadata: answer.usage === undefined ? undefined : renderUsage(answer.usage),
    modelVersion: answer.model ?? context.model,
    responseId: answer.id ?? context.id,
  })
}
