/**
 * The log line of one exchange, written field by field: the one line that every request costs.
 *
 * In: the record. Out: one JSON line, as the log's other lines are; its fields are those of
 * `docs/observability.md`. Ids, names from the Snapshot, numbers: no word of the client's is in it.
 */
import { quoteName, quoteText } from "#proxy/contract/json-text.ts"
import { namesOfTerms } from "#proxy/contract/price-terms.ts"
import { USAGE_PARTS } from "#proxy/contract/token-usage.ts"
import type { AttemptSummary, ExchangeRecord } from "#proxy/exchange/exchange-record.ts"

/** `now` is wall clock in ms. A field that does not apply is left out. */
export function exchangeLine(record: ExchangeRecord, program: string, now: number): string {
  const { id, status, refusal, attempts, isStream, durationMs, overheadMs } = record
  const time = isoTime(now)
  const head = `{"level":"info","time":"${time}","program":"${program}","id":${quoteText(id)}`
  const code = refusal === null ? "" : `,"code":"${refusal}"`
  const counts = `,"stream":${isStream},"attempts":${attempts.length}`
  const times = `,"durationMs":${round(durationMs)},"overheadMs":${round(overheadMs)}`
  const what = `,"status":${status}${code}${counts}${times}`
  return `${head}${what}${namesOf(record)}${numbersOf(record)},"msg":"exchange"}\n`
}

let lastMs = Number.NaN
let lastTime = ""

/** Exchanges are logged several in a row, most of them in the same millisecond. */
function isoTime(ms: number): string {
  if (ms !== lastMs) {
    lastTime = new Date(ms).toISOString()
    lastMs = ms
  }
  return lastTime
}

function namesOf(record: ExchangeRecord): string {
  const { surface, team, application, modelLabel, configVersion, route, rule, provider } = record
  const who = `,"team":${quoteName(team)},"application":${quoteName(application)}`
  const asked = `,"surface":${quoteName(surface)},"model":${quoteName(modelLabel)}`
  const where = `${optional("route", route)}${optional("rule", rule)}`
  const config = `,"config":${quoteName(configVersion)}`
  return `${who}${asked}${where}${optional("provider", provider)}${config}`
}

function numbersOf(record: ExchangeRecord): string {
  const { cost, firstByteMs, attempts, isClientGone } = record
  const paid = cost === null ? "" : `,"costNanoUsd":${cost}`
  const first = firstByteMs === null ? "" : `,"firstByteMs":${round(firstByteMs)}`
  const isTold = attempts.length > 1 || attempts.some(({ outcome }) => outcome !== "ok")
  const tried = isTold ? `,"outcomes":${JSON.stringify(outcomesOf(attempts))}` : ""
  return `${tokensOf(record)}${paid}${first}${tried}${isClientGone ? ',"clientGone":true' : ""}`
}

function tokensOf({ usage, isEstimated }: ExchangeRecord): string {
  if (usage === null) return ""
  let text = `,"inputTokens":${usage.inputTokens},"cachedInputTokens":${usage.cachedInputTokens}`
  text += `,"outputTokens":${usage.outputTokens}`
  for (const part of USAGE_PARTS) {
    const count = usage[part]
    if (count !== undefined) text += `,"${part}":${count}`
  }
  if (isEstimated) text += ',"estimated":true'
  const terms = namesOfTerms(usage.terms)
  return terms.length === 0 ? text : `${text},"terms":"${terms.join(" ")}"`
}

function outcomesOf(attempts: readonly AttemptSummary[]): string {
  return attempts
    .map(({ provider, outcome, status }) => `${provider}:${outcome}:${status ?? "-"}`)
    .join(" ")
}

function optional(name: string, value: string | null): string {
  return value === null ? "" : `,"${name}":${quoteName(value)}`
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100
}
