/** A whole answer of an upstream: read by its codec, and what it is charged without a report. */
import { scanJson } from "#proxy/contract/json-scan.ts"
import type { AttemptIntent, TokenUsage } from "#proxy/contract/records.ts"
import type { PromptMeasure } from "#proxy/exchange/prompt-measure.ts"
import { estimateRecording } from "#proxy/quota/estimate-usage.ts"
import type { AnswerReading, AttemptCodec } from "./attempt-codec.ts"
import type { PipelineSettings } from "./settings.ts"

export function readWholeAnswer(
  codec: AttemptCodec,
  contentType: string,
  body: Uint8Array,
  { answerBytesMax }: PipelineSettings,
): AnswerReading {
  const text = codec.readText(contentType, body)
  if (text !== null) return text
  const scanned = scanJson(body, {
    bytesMax: answerBytesMax,
    depthMax: 128,
    tokensMax: 2_000_000,
    loneSurrogates: "accepted",
  })
  return scanned.ok
    ? codec.readAnswer(scanned.document)
    : { ok: false, fault: scanned.fault.message }
}

/** The prompt by its size or by the seconds that the answer tells, the output by its size. */
export function estimateAnswered(
  { outputTokens, audioSeconds }: Extract<AnswerReading, { readonly ok: true }>,
  { estimate, model }: AttemptIntent,
  measure: PromptMeasure,
): TokenUsage {
  const known =
    audioSeconds === undefined ? estimate : estimateRecording(measure, audioSeconds, model)
  return { ...known, outputTokens }
}
