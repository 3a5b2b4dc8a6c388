/** Signatures of calls, for shapes in which a call has no place for one: as those of thoughts. */
import type { AnswerPart } from "./chat-answer.ts"
import { tagSignature } from "./signatures.ts"

/** Before each signed call stands a thought with its signature: one without, or an empty one. */
export function signBeforeCalls(parts: readonly AnswerPart[]): readonly AnswerPart[] {
  const signed: AnswerPart[] = []
  for (const part of parts) {
    if (part.kind === "tool-call" && part.signature !== null) {
      const signature = tagSignature("google", part.signature)
      const last = signed.at(-1)
      const isOpen = last?.kind === "reasoning" && last.signature === null
      if (isOpen) signed[signed.length - 1] = { ...last, signature }
      else signed.push({ kind: "reasoning", text: "", signature })
    }
    signed.push(part)
  }
  return signed
}
