/** A whole answer as a `response` object. */
import { type JsonValue, writeJson } from "#proxy/contract/json-write.ts"
import {
  type AnswerChoice,
  type AnswerPart,
  type ChatAnswer,
  placesOfTexts,
} from "#proxy/exchange/chat-answer.ts"
import { signBeforeCalls } from "#proxy/exchange/sign-before-calls.ts"
import type { Span } from "#proxy/exchange/text-ruler.ts"
import type { RenderContext } from "../surface.ts"
import { CallKinds, renderCall } from "./render-call.ts"
import {
  type ItemStatus,
  renderFrame,
  renderHidden,
  renderImage,
  renderMessage,
  renderOutcome,
  renderText,
  renderThought,
  renderUsage,
  statusOfCall,
} from "./render-items.ts"

/** This shape has one choice; a request in it never asks for more. */
export function renderAnswer(answer: ChatAnswer, context: RenderContext): string {
  const [choice] = answer.choices
  return writeJson({
    ...renderFrame(context, answer),
    ...renderOutcome(choice?.reason ?? null),
    output: choice === undefined ? [] : renderOutput(choice, context),
    usage: renderUsage(answer.usage),
  })
}

/** Log-probabilities are of a choice and told once: with its first text. */
function renderOutput(choice: AnswerChoice, context: RenderContext): readonly JsonValue[] {
  const kinds = new CallKinds(context)
  const { status } = renderOutcome(choice.reason)
  const parts = signBeforeCalls(choice.parts)
  const places = placesOfTexts(parts)
  const weighed = parts.findIndex(({ kind }) => kind === "text")
  return parts.map((part, index) => {
    const isLast = index === parts.length - 1
    const logprobs = index === weighed ? choice.logprobs : null
    const outcome = isLast || part.kind === "tool-call" ? status : "completed"
    const own = places[index] ?? NOWHERE
    return renderItem(part, own, `${index}_${context.id}`, logprobs ?? [], outcome, kinds)
  })
}

const NOWHERE: Span = Object.freeze({ start: 0, end: 0 })

function renderItem(
  part: AnswerPart,
  own: Span,
  suffix: string,
  logprobs: JsonValue,
  outcome: ItemStatus,
  kinds: CallKinds,
): JsonValue {
  switch (part.kind) {
    case "text":
      return renderMessage(`msg_${suffix}`, outcome, [
        renderText(part.text, own, part.citations, logprobs),
      ])
    case "refusal":
      return renderMessage(`msg_${suffix}`, outcome, [{ type: "refusal", refusal: part.text }])
    case "reasoning":
      return renderThought(`rs_${suffix}`, part.text, part.signature)
    case "reasoning-redacted":
      return renderHidden(`rs_${suffix}`, part.data)
    case "media":
      return renderImage(`ig_${suffix}`, part)
    case "tool-call": {
      const text = part.arguments === "" ? "{}" : part.arguments
      return renderCall(`fc_${suffix}`, statusOfCall(text, outcome), kinds.of(part), text)
    }
  }
}
