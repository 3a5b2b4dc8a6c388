/** Stage 16: the finished exchange as a value, for metrics, the log line and the usage counters. */
import type { AttemptFinal } from "#proxy/contract/records.ts"
import type { ExchangeRecord } from "#proxy/exchange/exchange-record.ts"
import type { SurfaceName } from "#proxy/exchange/parsed-request.ts"
import type { RawRequest } from "#proxy/exchange/ports.ts"
import type { Refusal } from "#proxy/exchange/refusal.ts"
import type { Operation } from "#proxy/exchange/wire-name.ts"
import { NO_USAGE } from "#proxy/quota/attempt-cost.ts"
import type { LinkedRule } from "#proxy/route/linked-route.ts"
import type { Runtime } from "#proxy/runtime/runtime.ts"
import type { Attempt } from "./attempt.ts"

/** What an exchange knows of itself at its end. Times are monotonic. */
export interface FinishedExchange {
  readonly raw: RawRequest
  readonly surface: SurfaceName
  readonly operation: Operation
  readonly runtime: Runtime | null
  readonly plan: { readonly rule: LinkedRule } | null
  readonly attempts: readonly Attempt[]
  readonly modelLabel: string
  readonly isStream: boolean
  readonly isClientGone: boolean
  readonly startedAt: number
  readonly admittedAt: number
  readonly firstByteAt: number | null
  overheadMs(): number
}

/** `now` is monotonic. The last attempt is the one that answered, if any did. */
export function recordExchange(
  exchange: FinishedExchange,
  status: number,
  refusal: Refusal | null,
  now: number,
): ExchangeRecord {
  const { raw, runtime, plan, attempts, startedAt, firstByteAt } = exchange
  const waitedMs = Math.max(0, exchange.admittedAt - raw.receivedAt)
  const last = attempts.at(-1)
  const answered = last !== undefined && last.answeredAt !== null ? last : undefined
  return {
    id: raw.id,
    surface: exchange.surface,
    operation: exchange.operation,
    modelLabel: exchange.modelLabel,
    team: runtime?.teamName ?? "",
    application: runtime?.application ?? "",
    route: plan?.rule.route ?? null,
    rule: plan?.rule.name ?? null,
    provider: answered?.plan.intent.provider ?? null,
    servedModel: answered?.plan.intent.model ?? null,
    configVersion: runtime?.version ?? "",
    isStream: exchange.isStream,
    status,
    refusal: refusal?.code ?? null,
    attempts: attempts.map((attempt) => attempt.summary()),
    usage: last?.final?.usage ?? null,
    isEstimated: isEstimated(last?.final),
    cost: last?.final?.cost ?? null,
    receivedAt: raw.receivedAt,
    durationMs: now - startedAt + waitedMs,
    firstByteMs: firstByteAt === null ? null : firstByteAt - startedAt + waitedMs,
    overheadMs: exchange.overheadMs(),
    isClientGone: exchange.isClientGone,
  }
}

/** What was never billed is known to be nothing. */
function isEstimated(final: AttemptFinal | null | undefined): boolean {
  return final?.source === "estimated" && final.usage !== NO_USAGE
}
