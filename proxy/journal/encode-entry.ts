/**
 * Intents and records as JSON, written field by field: `JSON.stringify` of a whole record costs as
 * much as all other work of the journal together.
 *
 * In: a typed value. Out: ASCII text on one line that `parseEntry` reads back to an equal value.
 */
import { quoteName, quoteText } from "#proxy/contract/json-text.ts"
import type {
  AttemptFinal,
  AttemptIntent,
  TokenUsage,
  UsageRecord,
} from "#proxy/contract/records.ts"
import { USAGE_PARTS } from "#proxy/contract/token-usage.ts"

/** The fields that an intent and its record share, without braces: written once for both. */
export function encodeAttempt(attempt: Omit<AttemptIntent, "estimate" | "estimatedCost">): string {
  const { id, operation, route, rule, provider, model, requestedModel, user } = attempt
  const ids = `"id":${quoteText(id)},"operation":${quoteText(operation)}`
  const when = `"attempt":${attempt.attempt},"admittedAt":${attempt.admittedAt}`
  const where = `"route":${quoteName(route)},"rule":${quoteName(rule)}`
  const target = `"provider":${quoteName(provider)},"model":${quoteName(model)}`
  const who = user === null ? "null" : quoteName(user)
  const asked = `"requestedModel":${quoteName(requestedModel)},"user":${who}`
  return `${ids},${when},${where},${target},${asked},"stream":${attempt.stream}`
}

/** `attempt` is what `encodeAttempt` says of the intent. */
export function encodeIntent(attempt: string, intent: AttemptIntent): string {
  const { estimate, estimatedCost } = intent
  return `{${attempt},"estimate":${usage(estimate)},"estimatedCost":${estimatedCost}}`
}

/** `attempt` is what `encodeAttempt` says of the intent. */
export function encodeRecord(
  attempt: string,
  final: Omit<AttemptFinal, "id">,
  sequence: number,
): string {
  const { endedAt, outcome, status, source, cost } = final
  const end = `"endedAt":${endedAt},"outcome":"${outcome}","status":${status}`
  const paid = `"usage":${usage(final.usage)},"source":"${source}","cost":${cost}`
  return `{"sequence":${sequence},${attempt},${end},${paid}}`
}

/** A record that was read back. */
export function encodeWhole(record: UsageRecord): string {
  return encodeRecord(encodeAttempt(record), record, record.sequence)
}

/** A part that was not said is not written: most answers say none, and cost nothing more here. */
function usage(counts: TokenUsage): string {
  const { inputTokens, cachedInputTokens, outputTokens } = counts
  let text = `{"inputTokens":${inputTokens},"cachedInputTokens":${cachedInputTokens}`
  text += `,"outputTokens":${outputTokens}`
  for (const part of USAGE_PARTS) {
    const count = counts[part]
    if (count !== undefined) text += `,"${part}":${count}`
  }
  return `${text}}`
}
