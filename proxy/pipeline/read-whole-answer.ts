/** A whole answer of an upstream: read by its codec, and what it is settled at. */
import { scanJson } from "#proxy/contract/json-scan.ts"
import type { AttemptFinal, TokenUsage } from "#proxy/contract/records.ts"
import type { AnswerHeaders } from "#proxy/exchange/ports.ts"
import type { UpstreamError } from "#proxy/exchange/upstream-error.ts"
import type { UpstreamWire } from "#proxy/providers/adapter.ts"
import { estimateRecording } from "#proxy/quota/estimate-usage.ts"
import type { AnswerReading } from "./attempt-codec.ts"
import type { AttemptPlan } from "./attempt-plan.ts"
import type { PipelineSettings } from "./settings.ts"

export type WholeAnswer =
  | {
      readonly ok: true
      /** For the client. */
      readonly body: Uint8Array
      readonly contentType: string
      readonly usage: TokenUsage
      readonly source: AttemptFinal["source"]
    }
  | {
      readonly ok: false
      readonly kind: "invalid-answer" | "too-large"
      readonly fault: string
      /** What it reports all the same. */
      readonly usage?: TokenUsage | undefined
    }

/** Usage is what the body reports, else what the head does, else the estimate. */
export function readWholeAnswer(
  plan: AttemptPlan,
  headers: AnswerHeaders,
  bytes: Uint8Array,
  settings: PipelineSettings,
): WholeAnswer {
  const reading = readBody(plan, headers["content-type"] ?? "", bytes, settings)
  if (!reading.ok) return { kind: "invalid-answer", ...reading }
  const reported = reading.usage ?? plan.wire.usageOfHeaders?.(headers)
  const usage = reported ?? estimateAnswered(reading, plan)
  return {
    ok: true,
    body: reading.render(reported, usage),
    contentType: reading.contentType ?? "application/json",
    usage,
    source: reported === undefined ? "estimated" : "reported",
  }
}

function readBody(
  { codec }: AttemptPlan,
  contentType: string,
  bytes: Uint8Array,
  { answerBytesMax }: PipelineSettings,
): AnswerReading | Extract<WholeAnswer, { readonly ok: false }> {
  const text = codec.readText(contentType, bytes)
  if (text !== null) return text
  const scanned = scanJson(bytes, {
    bytesMax: answerBytesMax,
    depthMax: 128,
    tokensMax: 2_000_000,
    loneSurrogates: "accepted",
  })
  if (scanned.ok) return codec.readAnswer(scanned.document)
  const { code, message } = scanned.fault
  const kind = code === "json_too_many_tokens" ? "too-large" : "invalid-answer"
  return { ok: false, kind, fault: message }
}

/** The prompt by its size or by the seconds that the answer tells, the output by its size. */
function estimateAnswered(
  { outputTokens, audioSeconds }: Extract<AnswerReading, { readonly ok: true }>,
  { intent: { estimate, model }, request: { measure } }: AttemptPlan,
): TokenUsage {
  const known =
    audioSeconds === undefined ? estimate : estimateRecording(measure, audioSeconds, model)
  return { ...known, outputTokens }
}

/** An upstream's words about a request that it refused; undefined where there are none. */
export function readUpstreamError(
  body: Uint8Array,
  wire: UpstreamWire,
  conceal: (text: string) => string,
  { errorBytesMax }: PipelineSettings,
): UpstreamError | undefined {
  const scanned = scanJson(body, {
    bytesMax: errorBytesMax,
    depthMax: 64,
    tokensMax: 10_000,
    loneSurrogates: "accepted",
  })
  return scanned.ok ? wire.readError(scanned.document, conceal) : undefined
}
