/** Turns of parts to Gemini's contents. */
import type { JsonValue } from "#proxy/contract/json-write.ts"
import type { ChatMessage, ContentPart, ToolResultPart } from "#proxy/exchange/chat-request.ts"
import { bareSignature } from "#proxy/exchange/signatures.ts"
import type { EncodeContext } from "../adapter.ts"
import { cannotSay } from "../cannot-say.ts"
import { encodeArguments } from "../encode-arguments.ts"
import { joinTurns } from "../join-turns.ts"
import { liftMedia } from "../lift-media.ts"
import { encodeMedia } from "./encode-media.ts"
import { isBeforeThird } from "./generation.ts"
import { orderResults } from "./order-results.ts"
import { signCalls } from "./sign-calls.ts"

export function encodeSystem(messages: readonly ChatMessage[]): JsonValue | undefined {
  const parts = messages.flatMap(({ role, parts: said }) =>
    role === "system"
      ? said.flatMap((part) => (part.kind === "text" ? [{ text: part.text }] : []))
      : [],
  )
  return parts.length === 0 ? undefined : { parts }
}

/** Results are a user's turn here. */
export function encodeContents(
  messages: readonly ChatMessage[],
  context: EncodeContext,
): readonly JsonValue[] {
  const ordered = orderResults(messages)
  // Before the third generation a result is a text, and results follow each other.
  const told = isBeforeThird(context.model) ? liftMedia(ordered) : ordered
  const said = told.map(({ role, parts }) => ({
    role: role === "assistant" ? "model" : "user",
    content: signCalls(parts, context.model).flatMap((part) => encodePart(part, context)),
  }))
  return joinTurns(said).map(({ role, content }) => ({ role, parts: content }))
}

function encodePart(part: ContentPart, context: EncodeContext): readonly JsonValue[] {
  switch (part.kind) {
    case "text":
    case "refusal":
      return part.text === "" ? [] : [{ text: part.text }]
    case "image":
    case "file":
    case "audio":
    case "video":
      return [encodeMedia(part, context)]
    case "reasoning":
      // The text of a thought is a summary for people; what the model wants back is the signature.
      return part.signature === null ? [] : encodeThought(part.signature)
    case "tool-call":
      return [
        {
          functionCall: { name: part.name, args: encodeArguments(part, context) },
          thoughtSignature: part.signature ?? undefined,
        },
      ]
    case "tool-result":
      return encodeResult(part, context)
  }
}

function encodeThought(signed: string): readonly JsonValue[] {
  const signature = bareSignature("google", signed)
  return signature === null ? [] : [{ text: "", thoughtSignature: signature }]
}

/** Its media are parts of it. */
function encodeResult(part: ToolResultPart, context: EncodeContext): readonly JsonValue[] {
  const { name, callId, isError } = part
  if (name === null) {
    const why = `no call in the conversation has the id ${callId.slice(0, 64)}`
    return cannotSay("messages", context, why)
  }
  const texts: string[] = []
  const media: JsonValue[] = []
  for (const inner of part.parts) {
    if (inner.kind === "text") texts.push(inner.text)
    else if (inner.source.kind === "text") texts.push(inner.source.text)
    else media.push(encodeMedia(inner, context))
  }
  const text = texts.join("\n")
  const response = isError ? { error: text } : { output: text }
  if (media.length === 0) return [{ functionResponse: { name, response } }]
  return [{ functionResponse: { name, response, parts: media } }]
}
