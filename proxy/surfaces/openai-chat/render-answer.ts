/** A whole answer as a `chat.completion` object. */
import { type JsonValue, writeJson } from "#proxy/contract/json-write.ts"
import { type AnswerChoice, type ChatAnswer, textOfChoice } from "#proxy/exchange/chat-answer.ts"
import {
  finishReason,
  renderCitations,
  renderSignature,
  renderUsage,
} from "../openai/finish-reason.ts"
import { inputOf } from "../openai/text-tools.ts"
import type { RenderContext } from "../surface.ts"
import { CustomTools } from "./custom-tools.ts"

export function renderAnswer(answer: ChatAnswer, context: RenderContext): string {
  const tools = new CustomTools(context)
  return writeJson({
    id: answer.id ?? context.id,
    object: "chat.completion",
    created: context.createdSeconds,
    model: answer.model ?? context.model,
    choices: answer.choices.map((choice, index) => ({
      index,
      message: renderMessage(choice, tools),
      logprobs: choice.logprobs === null ? null : { content: choice.logprobs, refusal: null },
      finish_reason: finishReason(choice.reason),
    })),
    usage: answer.usage === undefined ? undefined : renderUsage(answer.usage),
  })
}

function renderMessage(choice: AnswerChoice, tools: CustomTools): JsonValue {
  const { parts } = choice
  const text = textOfChoice(choice)
  const hasText = parts.some(({ kind }) => kind === "text")
  const refusal = parts.flatMap((part) => (part.kind === "refusal" ? [part.text] : []))
  const thoughts = parts.flatMap((part) => (part.kind === "reasoning" ? [part.text] : []))
  const citations = parts.flatMap((part) => (part.kind === "text" ? part.citations : []))
  const calls = parts.flatMap((part) => (part.kind === "tool-call" ? [part] : []))
  const images = parts.flatMap((part) => (part.kind === "media" ? [part] : []))
  return {
    role: "assistant",
    content: hasText ? text : null,
    refusal: refusal.length === 0 ? null : refusal.join(""),
    reasoning_content: thoughts.length === 0 ? undefined : thoughts.join(""),
    reasoning_details: renderDetails(choice),
    ...renderCitations(citations),
    images: images.length === 0 ? undefined : images.map(renderImage),
    tool_calls:
      calls.length === 0
        ? undefined
        : calls.map(({ id, name, arguments: text, signature }) => ({
            id,
            ...(tools.has(name)
              ? { type: "custom", custom: { name, input: inputOf(text) } }
              : { type: "function", function: { name, arguments: text === "" ? "{}" : text } }),
            extra_content: renderSignature(signature),
          })),
  }
}

/** Only where there is a signature or a hidden thought to give back. */
function renderDetails({ parts }: AnswerChoice): JsonValue | undefined {
  const details = parts.flatMap((part): JsonValue[] => {
    if (part.kind === "reasoning-redacted")
      return [{ type: "reasoning.encrypted", data: part.data }]
    if (part.kind !== "reasoning" || part.signature === null) return []
    return [{ type: "reasoning.text", text: part.text, signature: part.signature }]
  })
  return details.length === 0 ? undefined : details
}

export function renderImage(image: { readonly mimeType: string; readonly base64: string }) {
  const url = `data:${image.mimeType};base64,${image.base64}`
  return { type: "image_url", image_url: { url } }
}
