/**
 * A usage batch from a sidecar, checked row by row: one bad row is quarantined, the others still
 * count.
 *
 * Pure. In: the parsed JSON of `POST /v1/usage`. Out: records of known fields only, problems with
 * their JSON path, or the reason why nothing of the batch can be used. Who sent it is not read
 * here: a sidecar says what was used, the token says by whom.
 */
import type { EpochMs } from "#proxy/contract/money.ts"
import { CONTROL_LIMITS } from "#proxy/contract/push.ts"
import type { AttemptOutcome, TokenUsage, UsageRecord } from "#proxy/contract/records.ts"
import { findPartAboveWhole } from "#proxy/contract/token-usage.ts"

/** A row that cannot be true. It is counted and forgotten; the acknowledgement passes over it. */
export interface InvalidRow {
  /** JSON pointer into the batch, e.g. `/records/3/usage/inputTokens`. */
  readonly path: string
  /** What was expected; never the value. */
  readonly message: string
}

export type ParsedBatch =
  | {
      readonly kind: "batch"
      readonly boot: string
      /** Valid rows, ascending by sequence. */
      readonly records: readonly UsageRecord[]
      readonly invalid: readonly InvalidRow[]
      /** First and last sequence of the batch, quarantined rows included. */
      readonly first: number
      readonly last: number
    }
  | { readonly kind: "empty" }
  | {
      readonly kind: "refused"
      readonly code: "bad_message" | "batch_too_large" | "seq_regression"
      readonly message: string
    }

/** A record admitted further in the past or the future than this is not believed. */
export const ADMITTED_PAST_MAX_MS = 90 * 24 * 3_600_000
export const ADMITTED_FUTURE_MAX_MS = 24 * 3_600_000

const OUTCOMES: Readonly<Record<AttemptOutcome, true>> = {
  ok: true,
  "upstream-error": true,
  timeout: true,
  cancelled: true,
  truncated: true,
  lost: true,
}

const NOTHING: Readonly<Record<string, unknown>> = Object.freeze({})

/** Null when the value is in order, else what was expected. */
type Check = (value: unknown) => string | null

/** One check for every field, so that a new field of a record cannot be forgotten here. */
const FIELDS: { readonly [K in keyof UsageRecord]: Check } = {
  id: text(1, 200),
  operation: text(1, 200),
  attempt: integer(1, 1000),
  admittedAt: integer(0, Number.MAX_SAFE_INTEGER),
  route: text(0, 512),
  rule: text(0, 256),
  provider: text(0, 256),
  model: text(0, 1024),
  requestedModel: text(0, 1024),
  user: orNull(text(0, 1024)),
  stream: (value) => (typeof value === "boolean" ? null : "must be true or false"),
  endedAt: integer(0, Number.MAX_SAFE_INTEGER),
  outcome: (value) =>
    typeof value === "string" && Object.hasOwn(OUTCOMES, value)
      ? null
      : `must be one of ${Object.keys(OUTCOMES).join(", ")}`,
  status: orNull(integer(100, 999)),
  usage: (value) => (isObject(value) ? null : "must be an object"),
  source: (value) =>
    value === "reported" || value === "estimated" ? null : "must be reported or estimated",
  cost: orNull(integer(0, Number.MAX_SAFE_INTEGER)),
  sequence: integer(1, Number.MAX_SAFE_INTEGER),
}

const COUNT = integer(0, Number.MAX_SAFE_INTEGER)
/** A part that the provider did not tell is absent; so is each in the records of older sidecars. */
const PART = orAbsent(COUNT)

type Recorded = Exclude<keyof TokenUsage, "terms" | "longestPrompt">

/** Terms and the longest prompt are in the cost, and in no record. */
const USAGE_FIELDS: { readonly [K in Recorded]-?: Check } = {
  inputTokens: COUNT,
  cachedInputTokens: COUNT,
  outputTokens: COUNT,
  cacheWriteTokens: PART,
  cacheWrite1hTokens: PART,
  reasoningTokens: PART,
  inputAudioTokens: PART,
  outputAudioTokens: PART,
  inputImageTokens: PART,
  outputImageTokens: PART,
}

/**
 * Input   `now` in ms, for the bounds on `admittedAt`.
 * Refuses `batch_too_large` over CONTROL_LIMITS.usageRecordsMax rows; `seq_regression` when
 *         sequences do not rise; `bad_message` when the batch, its boot or every sequence is
 *         unreadable.
 * Source  `reliability.md` 4.4, rows U1, U2, U4, U5.
 */
export function parseUsageBatch(body: unknown, now: EpochMs): ParsedBatch {
  if (!isObject(body)) return refused("bad_message", ": must be an object")
  const { boot, records } = body
  const bootProblem = text(1, 128)(boot)
  if (bootProblem !== null) return refused("bad_message", `/boot: ${bootProblem}`)
  if (!Array.isArray(records)) return refused("bad_message", "/records: must be a list")
  const limit = CONTROL_LIMITS.usageRecordsMax
  if (records.length > limit)
    return refused("batch_too_large", `/records: ${records.length} rows, ${limit} at most`)
  if (records.length === 0) return { kind: "empty" }
  return collectRows(String(boot), records, now)
}

function collectRows(boot: string, rows: readonly unknown[], now: EpochMs): ParsedBatch {
  const records: UsageRecord[] = []
  const invalid: InvalidRow[] = []
  let first = 0
  let last = 0
  for (const [index, row] of rows.entries()) {
    const path = `/records/${index}`
    const { sequence } = isObject(row) ? row : NOTHING
    if (typeof sequence === "number" && FIELDS.sequence(sequence) === null) {
      if (sequence <= last)
        return refused("seq_regression", `${path}/sequence: must be above ${last}, the one before`)
      first ||= sequence
      last = sequence
    }
    const problem = findProblem(row, path, now)
    if (problem === null) records.push(toRecord(row))
    else invalid.push(problem)
  }
  if (last === 0) return refused("bad_message", "/records: no row has a valid sequence")
  return { kind: "batch", boot, records, invalid, first, last }
}

function findProblem(row: unknown, path: string, now: EpochMs): InvalidRow | null {
  if (!isObject(row)) return { path, message: "must be an object" }
  for (const [field, check] of Object.entries(FIELDS)) {
    const message = check(row[field])
    if (message !== null) return { path: `${path}/${field}`, message }
  }
  const { usage, admittedAt } = row
  for (const [field, check] of Object.entries(USAGE_FIELDS)) {
    const message = check(isObject(usage) ? usage[field] : undefined)
    if (message !== null) return { path: `${path}/usage/${field}`, message }
  }
  const above = findPartAboveWhole((row as unknown as UsageRecord).usage)
  if (above !== null) {
    return { path: `${path}/usage/${above}`, message: "must not be more than what it is part of" }
  }
  const aheadMs = Number(admittedAt) - now
  if (aheadMs > ADMITTED_FUTURE_MAX_MS || -aheadMs > ADMITTED_PAST_MAX_MS)
    return { path: `${path}/admittedAt`, message: "must lie in the last 90 days, or the next one" }
  return null
}

/** Known fields only, in a fixed order: a repeat of the record has the same content. */
function toRecord(row: unknown): UsageRecord {
  const source = row as UsageRecord
  const counts = Object.keys(USAGE_FIELDS).flatMap((field) => {
    const count = source.usage[field as keyof TokenUsage]
    return count === undefined ? [] : [[field, count]]
  })
  const fields = Object.keys(FIELDS).map((field) => [field, source[field as keyof UsageRecord]])
  return {
    ...(Object.fromEntries(fields) as UsageRecord),
    usage: Object.fromEntries(counts) as TokenUsage,
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

function text(lengthMin: number, lengthMax: number): Check {
  const message = `must be a string of ${lengthMin} to ${lengthMax} characters`
  return (value) =>
    typeof value === "string" && value.length >= lengthMin && value.length <= lengthMax
      ? null
      : message
}

function integer(min: number, max: number): Check {
  const message = `must be an integer from ${min} to ${max}`
  return (value) =>
    typeof value === "number" && Number.isSafeInteger(value) && value >= min && value <= max
      ? null
      : message
}

function orNull(check: Check): Check {
  return (value) => (value === null ? null : check(value))
}

function orAbsent(check: Check): Check {
  return (value) => (value === undefined ? null : check(value))
}

function refused(
  code: Extract<ParsedBatch, { kind: "refused" }>["code"],
  message: string,
): ParsedBatch {
  return { kind: "refused", code, message }
}
