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
    cost_nano: record.cost === null ? null : integer(record.cost),
    namespace: origin.namespace,
    pod: origin.pod,
    application: origin.application,
    team: origin.team,
    cost_center: origin.costCenter,
    term: integer(term),
  }
}

/** As a bigint, so that it is bound as a 64-bit integer and never as a float. */
function integer(value: number): bigint {
  return BigInt(value)
}
