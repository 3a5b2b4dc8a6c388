/**
 * Intents and records as JSON, written field by field: `JSON.stringify` of a whole record costs as
 * much as all other work of the journal together.
 *
 * In: a typed value. Out: text that `parseEntry` reads back to an equal value.
 */
import type { AttemptIntent, TokenUsage, UsageRecord } from "#proxy/contract/records.ts"
import { quoteName } from "./quote-name.ts"

export function encodeIntent(intent: AttemptIntent): string {
  const { estimate, estimatedCost } = intent
  return `{${attemptFields(intent)},"estimate":${usage(estimate)},"estimatedCost":${estimatedCost}}`
}

export function encodeRecord(record: UsageRecord): string {
  const { sequence, endedAt, outcome, status, source, cost } = record
  const end = `"endedAt":${endedAt},"outcome":"${outcome}","status":${status}`
  const paid = `"usage":${usage(record.usage)},"source":"${source}","cost":${cost}`
  return `{"sequence":${sequence},${attemptFields(record)},${end},${paid}}`
}

type Attempt = Omit<AttemptIntent, "estimate" | "estimatedCost">

/** Ids are ours and differ every time; names come from the Snapshot and repeat. */
function attemptFields(attempt: Attempt): string {
  const { id, operation, route, rule, provider, model, requestedModel, user } = attempt
  const ids = `"id":${JSON.stringify(id)},"operation":${JSON.stringify(operation)}`
  const when = `"attempt":${attempt.attempt},"admittedAt":${attempt.admittedAt}`
  const where = `"route":${quoteName(route)},"rule":${quoteName(rule)}`
  const target = `"provider":${quoteName(provider)},"model":${quoteName(model)}`
  const asked = `"requestedModel":${quoteName(requestedModel)},"user":${JSON.stringify(user)}`
  return `${ids},${when},${where},${target},${asked},"stream":${attempt.stream}`
}

function usage({ inputTokens, cachedInputTokens, outputTokens }: TokenUsage): string {
  const input = `"inputTokens":${inputTokens},"cachedInputTokens":${cachedInputTokens}`
  return `{${input},"outputTokens":${outputTokens}}`
}
