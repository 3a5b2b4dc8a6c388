/**
 * The signatures of calls. From its third generation on Gemini refuses a turn of calls whose first
 * one has none; another model's calls never had one, and most clients of other shapes lose it.
 */
import type { ContentPart } from "#proxy/exchange/chat-request.ts"
import { isBeforeThird } from "./generation.ts"

/** Stands for a signature that there is not. Source: Gemini API, "Thought signatures", the FAQ. */
const NONE = "skip_thought_signature_validator"

export function signCalls(parts: readonly ContentPart[], model: string): readonly ContentPart[] {
  const first = parts.find((part) => part.kind === "tool-call")
  if (first === undefined || first.signature !== null || isBeforeThird(model)) return parts
  return parts.map((part) => (part === first ? { ...first, signature: NONE } : part))
}
