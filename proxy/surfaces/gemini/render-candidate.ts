/** Parts, reasons, usage and log-probabilities in Gemini's words. */
import { scanJson } from "#proxy/contract/json-scan.ts"
import { JsonView } from "#proxy/contract/json-view.ts"
import { type JsonValue, RawJson } from "#proxy/contract/json-write.ts"
import type { TokenUsage } from "#proxy/contract/records.ts"
import type { AnswerPart } from "#proxy/exchange/chat-answer.ts"
import type { FinishReason } from "#proxy/exchange/response-event.ts"
import { argumentsOrText } from "#proxy/exchange/tool-arguments.ts"
import { showHidden, showSignature } from "./signatures.ts"

export function finishReason(reason: FinishReason): string {
  switch (reason) {
    case "stop":
    case "stop-sequence":
    case "tool-calls":
    case "pause":
      return "STOP"
    case "length":
    case "context-length":
      return "MAX_TOKENS"
    case "content-filter":
    case "refusal":
      return "SAFETY"
    case "failed":
    case "other":
      return "OTHER"
  }
}

export function renderPart(part: AnswerPart): JsonValue {
  switch (part.kind) {
    case "text":
    case "refusal":
      return { text: part.text }
    case "reasoning":
      return renderThought(
        part.text,
        part.signature === null ? null : showSignature(part.signature),
      )
    case "reasoning-redacted":
      return renderThought("", showHidden(part.data))
    case "media":
      return { inlineData: { mimeType: part.mimeType, data: part.base64 } }
    case "tool-call":
      return renderCall(part)
  }
}

export function renderThought(text: string, thoughtSignature: string | null): JsonValue {
  return { text, thought: true, thoughtSignature: thoughtSignature ?? undefined }
}

export function renderCall(call: {
  readonly id: string
  readonly name: string
  readonly arguments: string
  readonly signature: string | null
}): JsonValue {
  return {
    functionCall: { id: call.id, name: call.name, args: argumentsOrText(call.arguments) },
    thoughtSignature: call.signature ?? undefined,
  }
}

export function renderUsage(usage: TokenUsage): JsonValue {
  const { inputTokens, cachedInputTokens, outputTokens, reasoningTokens } = usage
  return {
    promptTokenCount: inputTokens,
    cachedContentTokenCount: cachedInputTokens,
    candidatesTokenCount: outputTokens - (reasoningTokens ?? 0),
    thoughtsTokenCount: reasoningTokens,
    totalTokenCount: inputTokens + outputTokens,
  }
}

const LIMITS = { bytesMax: 8 * 1024 * 1024, depthMax: 16, tokensMax: 1_000_000 }

/** From OpenAI's entries: the chosen token, and the likeliest at its place. */
export function renderLogprobs(entries: RawJson | null): JsonValue | undefined {
  if (entries === null) return undefined
  const scanned = scanJson(new TextEncoder().encode(entries.text), LIMITS)
  if (!scanned.ok) return undefined
  const views = new JsonView(scanned.document).items()
  return {
    chosenCandidates: views.map(renderToken),
    topCandidates: views.map((view) => ({
      candidates: (view.member("top_logprobs")?.items() ?? []).map(renderToken),
    })),
  }
}

function renderToken(view: JsonView): JsonValue {
  const logProbability = view.member("logprob")?.raw() ?? new RawJson("0")
  return { token: view.textOf("token") ?? "", logProbability }
}
