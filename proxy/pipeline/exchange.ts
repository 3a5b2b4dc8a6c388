/**
 * One exchange from accept to its one record: the attempts, the deadlines, the client's side.
 *
 * In: a plan (who asks, what, which targets in which order). Out: an answer, a stream or a refusal
 * at the client, and one ExchangeRecord, whichever way it ends. It decides only what the order of
 * events decides; what configuration decides is in the plan.
 */
import type { SurfaceName } from "#proxy/exchange/parsed-request.ts"
import type { Cancel, Client, Holder, Ports, RawRequest } from "#proxy/exchange/ports.ts"
import { REFUSALS, type Refusal, refuse } from "#proxy/exchange/refusal.ts"
import type { Target } from "#proxy/exchange/target.ts"
import type { UpstreamError } from "#proxy/exchange/upstream-error.ts"
import type { Operation } from "#proxy/exchange/wire-name.ts"
import { estimateUsage } from "#proxy/quota/estimate-usage.ts"
import type { Runtime } from "#proxy/runtime/runtime.ts"
import { errorsOf, operationOf } from "#proxy/surfaces/registry.ts"
import {
  type AnswerFacts,
  sendAnswer,
  sendEstimate,
  sendRefusal,
  sendUpstreamError,
  startStream,
} from "./answer.ts"
import { Attempt } from "./attempt.ts"
import { type AttemptFailure, refuseAfter } from "./attempt-failure.ts"
import type { AttemptOwner } from "./attempt-owner.ts"
import { planAttempt } from "./attempt-plan.ts"
import type { Arrival, ExchangePlan, PipelineContext } from "./exchange-plan.ts"
import { recordExchange } from "./record-exchange.ts"
import { Retries } from "./retries.ts"
import type { PipelineSettings } from "./settings.ts"
import { noContent, notFinished, wasSilent } from "./time-limits.ts"

export class Exchange implements AttemptOwner<Attempt>, Holder {
  readonly raw: RawRequest
  readonly surface: SurfaceName
  readonly runtime: Runtime | null
  readonly client: Client
  readonly startedAt: number
  readonly admittedAt: number
  /** The surface's own, unless who handles it knows better. */
  operation: Operation
  /** From the Snapshot once the model is found. */
  modelLabel = "other"
  isStream = false
  plan: ExchangePlan | null = null
  readonly attempts: Attempt[] = []
  firstByteAt: number | null = null
  isClientGone = false
  private readonly ports: Ports
  private readonly settings: PipelineSettings
  private readonly failures: AttemptFailure[] = []
  /** Why the first target that was passed over cannot be told the request. */
  private unsaid: Refusal | null = null
  private current: Attempt | null = null
  private isClosed = false
  private retries: Retries | null = null
  private requestDeadline = 0
  private timer: Cancel | null = null
  private timerAt = 0
  private cancelBackoff: Cancel | null = null
  private pausedAt: number | null = null
  private isListeningForDrain = false

  constructor(
    surface: SurfaceName,
    { runtime, raw, client }: Arrival,
    { ports, settings }: PipelineContext,
  ) {
    this.surface = surface
    this.operation = operationOf(surface)
    this.runtime = runtime
    this.raw = raw
    this.client = client
    this.ports = ports
    this.settings = settings
    this.startedAt = ports.monotonic()
    this.admittedAt = ports.now()
  }

  /** Ends it before any attempt, or after the last one. */
  refuse(refusal: Refusal): void {
    if (this.isClosed) return
    const extra = this.runtime === null ? [] : ["x-sidegate-config", this.runtime.version]
    if (this.attempts.length > 0) {
      extra.push("x-sidegate-attempts", String(this.attempts.length))
      if (this.plan !== null) extra.push("x-sidegate-route", this.plan.rule.route)
    }
    sendRefusal(this.client, this.surface, refusal, this.raw.id, extra)
    this.close(REFUSALS[refusal.code].status, refusal)
  }

  /**
   * After a bug: the client gets what can still be said, and the exchange closes like any other.
   */
  crash(): void {
    if (this.isClosed) return
    this.current?.cancel("cancelled")
    if (this.firstByteAt === null) {
      this.refuse(refuse("internal_error", "the gateway failed on this request; it is counted"))
      return
    }
    this.client.destroy()
    this.close(200, refuse("internal_error", "the gateway failed on this request"))
  }

  /** Ends it with a whole body of our own, such as the list of models. */
  answerWith(body: string, headers: readonly string[]): void {
    this.client.start(200, headers)
    this.client.end(body)
    this.close(200, null)
  }

  run(plan: ExchangePlan): void {
    this.plan = plan
    const waitedMs = Math.max(0, this.admittedAt - this.raw.receivedAt)
    this.requestDeadline = this.startedAt + Math.max(1, plan.timeoutMs - waitedMs)
    this.client.onGone(() => this.onClientGone())
    this.client.heldBy(this)
    this.retries = new Retries(plan.rule, plan.out, this.settings.backoffMs)
    const target = this.retries.first(this.startedAt, this.ports.draw())
    if (target === null) this.refuse(refuse("upstream_failed", "no backend can serve"))
    else this.attempt(plan, target)
  }

  get heldBytes(): number {
    return this.current?.body.bytes ?? 0
  }

  onDeadline(attempt: Attempt): void {
    if (this.current === attempt) this.arm()
  }

  onStreamBytes(attempt: Attempt, bytes: Uint8Array): boolean {
    if (this.isClosed) return true
    if (this.firstByteAt === null) {
      this.firstByteAt = this.ports.monotonic()
      this.retries?.succeed(this.ports.monotonic())
      startStream(this.client, this.facts(attempt), attempt.answerType)
      this.arm()
    }
    if (this.client.write(bytes)) return true
    this.pausedAt = this.ports.monotonic()
    if (!this.isListeningForDrain) {
      this.isListeningForDrain = true
      this.client.onDrain(() => this.onDrain())
    }
    this.arm()
    return false
  }

  onStreamDone(attempt: Attempt): void {
    if (this.isClosed) return
    if (this.firstByteAt === null) startStream(this.client, this.facts(attempt), attempt.answerType)
    this.client.end()
    this.close(200, null)
  }

  onStreamBroken(attempt: Attempt, refusal: Refusal): void {
    if (this.isClosed) return
    this.cut(attempt, refusal)
  }

  onAnswer(attempt: Attempt, body: Uint8Array): void {
    if (this.isClosed) return
    this.firstByteAt = this.ports.monotonic()
    this.retries?.succeed(this.ports.monotonic())
    sendAnswer(this.client, this.facts(attempt), attempt.answerType, body, attempt.final)
    this.close(200, null)
  }

  onUpstreamError(attempt: Attempt, status: number, error: UpstreamError | undefined): void {
    if (this.isClosed) return
    this.firstByteAt = this.ports.monotonic()
    this.retries?.succeed(this.ports.monotonic())
    sendUpstreamError(this.client, this.facts(attempt), status, error)
    this.close(status, null)
  }

  onFailure(_attempt: Attempt, failure: AttemptFailure): void {
    const { plan, retries } = this
    if (this.isClosed || plan === null || retries === null) return
    this.current = null
    this.failures.push(failure)
    const now = this.ports.monotonic()
    const next = retries.after(failure, now, this.ports.draw)
    if (next === null || now + next.delayMs >= this.requestDeadline) {
      this.refuse(refuseAfter(this.failures))
      return
    }
    if (next.delayMs === 0) {
      this.attempt(plan, next.target)
      return
    }
    this.cancelBackoff = this.ports.after(next.delayMs, () => {
      this.cancelBackoff = null
      this.attempt(plan, next.target)
    })
  }

  /** Targets that cannot be told the request are passed over; nothing was sent to them. */
  private attempt(plan: ExchangePlan, first: Target): void {
    const { ports, settings, raw, admittedAt } = this
    const { runtime, caller, forms, rule } = plan
    const facts = { runtime, caller, forms, rule, raw, admittedAt }
    let target: Target | null = first
    let planned = planAttempt(facts, first, this.attempts.length + 1, ports.nextAttemptId)
    while (!planned.ok) {
      this.unsaid ??= planned.refusal
      target = this.retries?.skip(target, ports.draw()) ?? null
      if (target === null) {
        this.tellNothing(plan, first, this.unsaid)
        return
      }
      planned = planAttempt(facts, target, this.attempts.length + 1, ports.nextAttemptId)
    }
    const attempt = new Attempt(planned.value, this, ports, settings)
    this.current = attempt
    this.attempts.push(attempt)
    attempt.begin()
    if (this.current === attempt) this.arm()
  }

  /** No target is left that can be told the request. */
  private tellNothing({ forms }: ExchangePlan, first: Target, unsaid: Refusal): void {
    const { surface, request } = forms
    if (this.failures.length > 0) this.refuse(refuseAfter(this.failures))
    else if (surface.renderCount === undefined) this.refuse(unsaid)
    else {
      const { inputTokens } = estimateUsage(request.measure, first.model ?? request.model)
      sendEstimate(
        this.client,
        { target: first, surface: this.surface, id: this.raw.id },
        surface.renderCount(inputTokens),
      )
      this.close(200, null)
    }
  }

  private onClientGone(): void {
    if (this.isClosed) return
    this.isClientGone = true
    this.current?.cancel("cancelled")
    this.close(this.firstByteAt === null ? CLIENT_CLOSED_REQUEST : 200, null)
  }

  private onDrain(): void {
    if (this.pausedAt === null) return
    this.pausedAt = null
    // The silence was the client's: the upstream's begins now.
    this.current?.life.noteContent(this.ports.monotonic())
    this.current?.resume()
    this.arm()
  }

  /** One timer for all deadlines: set for the earliest, and set again when it finds none passed. */
  private arm(): void {
    if (this.isClosed) return
    const at = this.nextDeadline()
    if (this.timer !== null && at >= this.timerAt) return
    this.timer?.()
    this.timerAt = at
    this.timer = this.ports.after(Math.max(0, at - this.ports.monotonic()), () => this.onTimer())
  }

  private nextDeadline(): number {
    const { plan, current } = this
    if (plan === null) return this.requestDeadline
    const { firstTokenMs, streamIdleMs } = plan.rule.timeouts
    if (this.pausedAt !== null) {
      return Math.min(this.requestDeadline, this.pausedAt + this.settings.clientStallMs)
    }
    if (current === null || !plan.forms.isPaced || current.dispatchedAt === null) {
      return this.requestDeadline
    }
    const attemptDeadline =
      this.firstByteAt !== null || current.hasContent
        ? current.life.silentAt(streamIdleMs)
        : current.dispatchedAt + firstTokenMs
    return Math.min(this.requestDeadline, attemptDeadline)
  }

  private onTimer(): void {
    this.timer = null
    if (this.isClosed) return
    const now = this.ports.monotonic()
    if (now < this.nextDeadline()) {
      this.arm()
      return
    }
    const { current, plan } = this
    if (plan === null) return
    if (now >= this.requestDeadline) this.expire(notFinished(plan.rule, plan.timeoutMs))
    else if (this.pausedAt !== null) {
      this.client.destroy()
      this.onClientGone()
    } else if (this.firstByteAt !== null) this.expire(wasSilent(plan.rule))
    else if (current === null) this.arm()
    else this.giveUpWaiting(current, plan)
  }

  /** The client got nothing yet, so that another target may answer. */
  private giveUpWaiting(current: Attempt, { rule }: ExchangePlan): void {
    const detail = current.hasContent ? wasSilent(rule) : noContent(rule)
    const { target } = current.plan
    current.cancel("timeout")
    const kind = "first-token-timeout"
    this.onFailure(current, { kind, target, status: null, detail, retryAfterSeconds: null })
  }

  private expire(detail: string): void {
    const last = this.attempts.at(-1)
    const who = last === undefined ? "the request" : `provider ${last.plan.target.provider.name}`
    this.giveUp(refuse("upstream_timeout", `${who} ${detail}`), "timeout")
  }

  /** Ends it for a reason of ours, whatever it was about to get. */
  giveUp(refusal: Refusal, outcome: "cancelled" | "timeout" = "cancelled"): void {
    if (this.isClosed) return
    const { current } = this
    current?.cancel(outcome)
    if (this.firstByteAt === null || current === null) this.refuse(refusal)
    else this.cut(current, refusal)
  }

  /** Within a stream: the error where its content type has a place for one, and no proper end. */
  private cut({ answerType }: Attempt, refusal: Refusal): void {
    const event = errorsOf(this.surface).event(refusal, answerType, this.raw.id)
    if (event !== "") this.client.write(event)
    this.client.destroy()
    this.close(200, refusal)
  }

  private facts(attempt: Attempt): AnswerFacts {
    return {
      id: this.raw.id,
      surface: this.surface,
      target: attempt.plan.target,
      servedModel: attempt.plan.intent.model,
      attempts: this.attempts.length,
      overheadMs: this.overheadMs(),
    }
  }

  /** Time since accept that no upstream had: ours. */
  overheadMs(): number {
    let upstreamMs = 0
    for (const attempt of this.attempts) {
      if (attempt.dispatchedAt === null) continue
      const end = attempt.answeredAt ?? attempt.dispatchedAt + attempt.summary().durationMs
      upstreamMs += Math.max(0, end - attempt.dispatchedAt)
    }
    const end = this.firstByteAt ?? this.ports.monotonic()
    return Math.max(0, end - this.startedAt - upstreamMs)
  }

  /** The one way out: timers off, the record out. */
  private close(status: number, refusal: Refusal | null): void {
    if (this.isClosed) return
    this.isClosed = true
    this.timer?.()
    this.timer = null
    this.cancelBackoff?.()
    this.cancelBackoff = null
    this.current = null
    this.ports.observe(recordExchange(this, status, refusal, this.ports.monotonic()))
  }
}

/** nginx's number for "the client closed the request": in records only, no one receives it. */
const CLIENT_CLOSED_REQUEST = 499
