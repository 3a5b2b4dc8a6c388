/**
 * The log line of one exchange, written field by field: the one line that every request costs.
 *
 * In: the record. Out: one JSON line, as the log's other lines are; fields as `docs/operations.md`
 * lists them. Ids, names from the Snapshot, numbers: no word of the client's is in it.
 */
import type { AttemptSummary, ExchangeRecord } from "#proxy/exchange/exchange-record.ts"

/** Names kept as JSON text; at the bound all are let go, since a Snapshot holds far fewer. */
const NAMES_MAX = 4_096
const quoted = new Map<string, string>()

/** `now` is wall clock in ms. A field that does not apply is left out. */
export function exchangeLine(record: ExchangeRecord, program: string, now: number): string {
  const { id, status, refusal, attempts, isStream, durationMs, overheadMs } = record
  const time = new Date(now).toISOString()
  const head = `{"level":"info","time":"${time}","program":"${program}","id":${JSON.stringify(id)}`
  const code = refusal === null ? "" : `,"code":"${refusal}"`
  const counts = `,"stream":${isStream},"attempts":${attempts.length}`
  const times = `,"durationMs":${round(durationMs)},"overheadMs":${round(overheadMs)}`
  const what = `,"status":${status}${code}${counts}${times}`
  return `${head}${what}${namesOf(record)}${numbersOf(record)},"msg":"exchange"}\n`
}

function namesOf(record: ExchangeRecord): string {
  const { surface, team, application, modelLabel, configVersion, route, rule, provider } = record
  const who = `,"team":${quote(team)},"application":${quote(application)}`
  const asked = `,"surface":${quote(surface)},"model":${quote(modelLabel)}`
  const where = `${optional("route", route)}${optional("rule", rule)}`
  const config = `,"config":${quote(configVersion)}`
  return `${who}${asked}${where}${optional("provider", provider)}${config}`
}

function numbersOf(record: ExchangeRecord): string {
  const { cost, firstByteMs, attempts, isClientGone } = record
  const paid = cost === null ? "" : `,"costNanoUsd":${cost}`
  const first = firstByteMs === null ? "" : `,"firstByteMs":${round(firstByteMs)}`
  const tried = attempts.length > 1 ? `,"outcomes":${JSON.stringify(outcomesOf(attempts))}` : ""
  return `${tokensOf(record)}${paid}${first}${tried}${isClientGone ? ',"clientGone":true' : ""}`
}

function tokensOf({ usage }: ExchangeRecord): string {
  if (usage === null) return ""
  const input = `"inputTokens":${usage.inputTokens},"cachedInputTokens":${usage.cachedInputTokens}`
  return `,${input},"outputTokens":${usage.outputTokens}`
}

function outcomesOf(attempts: readonly AttemptSummary[]): string {
  return attempts
    .map(({ provider, outcome, status }) => `${provider}:${outcome}:${status ?? "-"}`)
    .join(" ")
}

function optional(name: string, value: string | null): string {
  return value === null ? "" : `,"${name}":${quote(value)}`
}

function quote(name: string): string {
  const known = quoted.get(name)
  if (known !== undefined) return known
  if (quoted.size >= NAMES_MAX) quoted.clear()
  const text = JSON.stringify(name)
  quoted.set(name, text)
  return text
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100
}
