/**
 * What the journal says: a segment's first words, an intent, a finished record, an acknowledgement.
 *
 * In: a line of a sound frame. Out: a typed entry, or undefined for one this version cannot
 * read.
 */
import { type JsonLimits, parseJson } from "#proxy/contract/json.ts"
import type {
  AttemptIntent,
  AttemptOutcome,
  TokenUsage,
  UsageRecord,
} from "#proxy/contract/records.ts"
import { USAGE_PARTS } from "#proxy/contract/token-usage.ts"
import { PAYLOAD_BYTES_MAX } from "./frames.ts"

export const JOURNAL_VERSION = 1

export type Entry =
  /** First of every segment: where the stream stood, so that deleted segments leave no gap. */
  | {
      readonly kind: "segment"
      readonly version: number
      readonly next: number
      readonly acknowledged: number
    }
  | { readonly kind: "intent"; readonly intent: AttemptIntent }
  | { readonly kind: "record"; readonly record: UsageRecord }
  | { readonly kind: "acknowledged"; readonly sequence: number }

/** The letter before the JSON of each kind. */
export const LETTERS = { segment: "S", intent: "I", record: "R", acknowledged: "A" } as const

const LIMITS: JsonLimits = Object.freeze({
  bytesMax: PAYLOAD_BYTES_MAX,
  depthMax: 4,
  tokensMax: 10_000,
})

export function parseEntry(letter: string, json: Uint8Array): Entry | undefined {
  const parsed = parseJson(json, LIMITS)
  if (!parsed.ok || typeof parsed.value !== "object" || parsed.value === null) return undefined
  const fields = parsed.value as Fields
  switch (letter) {
    case LETTERS.segment: {
      const { version, next, acknowledged } = fields
      if (version !== JOURNAL_VERSION || !isCount(next) || !isCount(acknowledged)) return undefined
      return { kind: "segment", version, next, acknowledged }
    }
    case LETTERS.intent:
      return isIntent(fields) ? { kind: "intent", intent: fields } : undefined
    case LETTERS.record:
      return isRecord(fields) ? { kind: "record", record: fields } : undefined
    case LETTERS.acknowledged:
      return isCount(fields["sequence"])
        ? { kind: "acknowledged", sequence: fields["sequence"] }
        : undefined
    default:
      return undefined
  }
}

type Fields = Readonly<Record<string, unknown>>

const OUTCOMES: readonly AttemptOutcome[] = [
  "ok",
  "upstream-error",
  "timeout",
  "cancelled",
  "truncated",
  "lost",
]
const ATTEMPT_TEXTS = ["id", "operation", "route", "rule", "provider", "model", "requestedModel"]

function isAttempt(fields: Fields): boolean {
  const { user, stream } = fields
  return (
    ATTEMPT_TEXTS.every((name) => typeof fields[name] === "string") &&
    isCount(fields["attempt"]) &&
    isCount(fields["admittedAt"]) &&
    (user === null || typeof user === "string") &&
    typeof stream === "boolean"
  )
}

function isIntent(fields: Fields): fields is Fields & AttemptIntent {
  return isAttempt(fields) && isUsage(fields["estimate"]) && isCost(fields["estimatedCost"])
}

function isRecord(fields: Fields): fields is Fields & UsageRecord {
  const { outcome, status, source } = fields
  return (
    isAttempt(fields) &&
    isCount(fields["sequence"]) &&
    isCount(fields["endedAt"]) &&
    OUTCOMES.some((one) => one === outcome) &&
    (status === null || isCount(status)) &&
    isUsage(fields["usage"]) &&
    (source === "reported" || source === "estimated") &&
    isCost(fields["cost"])
  )
}

function isUsage(value: unknown): value is TokenUsage {
  if (typeof value !== "object" || value === null) return false
  const fields = value as Fields
  return (
    isCount(fields["inputTokens"]) &&
    isCount(fields["cachedInputTokens"]) &&
    isCount(fields["outputTokens"]) &&
    USAGE_PARTS.every((part) => fields[part] === undefined || isCount(fields[part]))
  )
}

function isCost(value: unknown): boolean {
  return value === null || isCount(value)
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && typeof value === "number" && value >= 0
}
