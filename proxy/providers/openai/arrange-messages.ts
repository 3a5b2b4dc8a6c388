/** Turns as a vendor's API wants them to follow each other. */
import type { JsonValue } from "#proxy/contract/json-write.ts"
import type { ChatMessage } from "#proxy/exchange/chat-request.ts"
import { liftMedia } from "../lift-media.ts"
import type { VendorTraits } from "./vendors.ts"

/** A user may speak right behind a result at OpenAI; some want the assistant's word between. */
export function arrangeMessages(
  messages: readonly ChatMessage[],
  { takesUserAfterTool }: VendorTraits,
): readonly ChatMessage[] {
  const lifted = liftMedia(messages)
  if (takesUserAfterTool) return lifted
  return lifted.flatMap((message, at) => {
    const isNext = message.role === "user" && lifted[at - 1]?.role === "tool"
    return isNext ? [WORD, message] : [message]
  })
}

const WORD: ChatMessage = {
  role: "assistant",
  parts: [{ kind: "text", text: "OK.", cache: null }],
}

/** OpenAI takes a text in parts; most others want one text where nothing but texts is said. */
export function joinTexts(
  texts: readonly string[],
  { takesParts }: VendorTraits,
): JsonValue | null {
  const [only] = texts
  if (texts.length === 1 && only !== undefined) return only
  return takesParts || texts.length === 0 ? null : texts.join("\n\n")
}
