/**
 * The signatures of calls. From its third generation on Gemini refuses a turn of calls whose first
 * one has none; another model's calls never had one, and most clients of other shapes lose it.
 */
import type { ContentPart } from "#proxy/exchange/chat-request.ts"
import { bareSignature } from "#proxy/exchange/signatures.ts"
import { isBeforeThird } from "./generation.ts"

/** Stands for a signature that there is not. Source: Gemini API, "Thought signatures", the FAQ. */
const NONE = "skip_thought_signature_validator"

export function signCalls(given: readonly ContentPart[], model: string): readonly ContentPart[] {
  const parts = takeSignatures(given)
  const first = parts.find((part) => part.kind === "tool-call")
  if (first === undefined || first.signature !== null || isBeforeThird(model)) return parts
  return parts.map((part) => (part === first ? { ...first, signature: NONE } : part))
}

/** Where a call had no place for its signature, the thought before it was given that. */
function takeSignatures(given: readonly ContentPart[]): readonly ContentPart[] {
  const parts: ContentPart[] = []
  for (const part of given) {
    const last = parts.at(-1)
    const signature =
      part.kind === "tool-call" && part.signature === null && last?.kind === "reasoning"
        ? bareSignature("google", last.signature ?? "")
        : null
    if (signature === null || part.kind !== "tool-call") parts.push(part)
    else parts[parts.length - 1] = { ...part, signature }
  }
  return parts
}
