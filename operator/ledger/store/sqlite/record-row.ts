/** One usage record as a row of `usage_record`. */
import type { SQLInputValue } from "node:sqlite"
import type { UsageRecord } from "#proxy/contract/records.ts"
import type { RecordOrigin } from "../store.ts"

export const COLUMNS = [
  "pod_uid",
  "id",
  "content_hash",
  "sequence",
  "operation",
  "attempt",
  "admitted_at",
  "ended_at",
  "route",
  "rule",
  "provider",
  "model",
  "requested_model",
  "user",
  "stream",
  "outcome",
  "status",
  "source",
  "input_tokens",
  "cached_input_tokens",
  "output_tokens",
  "cache_write_tokens",
  "cache_write_1h_tokens",
  "reasoning_tokens",
  "input_audio_tokens",
  "output_audio_tokens",
  "input_image_tokens",
  "output_image_tokens",
  "cost_nano",
  "namespace",
  "pod",
  "application",
  "team",
  "cost_center",
  "term",
] as const

/** Throws a RangeError for a number that is not an integer: intake lets none through. */
export function rowOf(
  term: number,
  origin: RecordOrigin,
  record: UsageRecord,
  hash: string,
): Record<(typeof COLUMNS)[number], SQLInputValue> {
  return {
    pod_uid: origin.podUid,
    id: record.id,
    content_hash: hash,
    sequence: integer(record.sequence),
    operation: record.operation,
    attempt: integer(record.attempt),
    admitted_at: integer(record.admittedAt),
    ended_at: integer(record.endedAt),
    route: record.route,
    rule: record.rule,
    provider: record.provider,
    model: record.model,
    requested_model: record.requestedModel,
    user: record.user,
    stream: record.stream ? 1 : 0,
    outcome: record.outcome,
    status: record.status === null ? null : integer(record.status),
    source: record.source,
    input_tokens: integer(record.usage.inputTokens),
    cached_input_tokens: integer(record.usage.cachedInputTokens),
    output_tokens: integer(record.usage.outputTokens),
    cache_write_tokens: orNull(record.usage.cacheWriteTokens),
    cache_write_1h_tokens: orNull(record.usage.cacheWrite1hTokens),
    reasoning_tokens: orNull(record.usage.reasoningTokens),
    input_audio_tokens: orNull(record.usage.inputAudioTokens),
    output_audio_tokens: orNull(record.usage.outputAudioTokens),
    input_image_tokens: orNull(record.usage.inputImageTokens),
    output_image_tokens: orNull(record.usage.outputImageTokens),
    cost_nano: record.cost === null ? null : integer(record.cost),
    namespace: origin.namespace,
    pod: origin.pod,
    application: origin.application,
    team: origin.team,
    cost_center: origin.costCenter,
    term: integer(term),
  }
}

/** What was not told is NULL, never zero. */
function orNull(count: number | undefined): bigint | null {
  return count === undefined ? null : integer(count)
}

/** As a bigint, so that it is bound as a 64-bit integer and never as a float. */
function integer(value: number): bigint {
  return BigInt(value)
}
