/**
 * One attempt at one target, from its intent in the journal to its one settlement.
 *
 * A state machine around the upstream's handler: `waiting` for the head, then `streaming`,
 * `collecting` an answer or `collecting-error` (the words of one whose status is not enough), then
 * `over`. It is over when it has settled, exactly once, whatever happens; what it learns goes to
 * its owner, which decides. What is still read then, so that the connection can be kept, is its
 * call's affair.
 */
import type { AttemptFinal, AttemptOutcome, TokenUsage } from "#proxy/contract/records.ts"
import type { AttemptSummary } from "#proxy/exchange/exchange-record.ts"
import type {
  AnswerHeaders,
  Cancel,
  Ports,
  UpstreamFailure,
  UpstreamHandler,
} from "#proxy/exchange/ports.ts"
import { refuse } from "#proxy/exchange/refusal.ts"
import type { StreamTap } from "#proxy/providers/adapter.ts"
import { NO_USAGE } from "#proxy/quota/attempt-cost.ts"
import { AttemptCall } from "./attempt-call.ts"
import { type AttemptFailure, failureOf, ofBrokenAnswer, ofError } from "./attempt-failure.ts"
import type { AttemptOwner } from "./attempt-owner.ts"
import type { AttemptPlan } from "./attempt-plan.ts"
import { BodyParts } from "./body-parts.ts"
import { failureOfAnswer, isPassedOn, isWorthReading } from "./judge-error.ts"
import { judgeHead } from "./judge-head.ts"
import { Liveness } from "./liveness.ts"
import { readUpstreamError, readWholeAnswer } from "./read-whole-answer.ts"
import type { PipelineSettings } from "./settings.ts"
import { Settlement, type Used } from "./settlement.ts"
import { usageSeen } from "./usage-seen.ts"

/** What an upstream refuses it does not bill. */
const NOTHING: Used = Object.freeze({ usage: NO_USAGE, source: "estimated" })

type State = "waiting" | "streaming" | "collecting" | "collecting-error" | "over"

export class Attempt implements UpstreamHandler {
  /** Monotonic ms; null before the dispatch. */
  dispatchedAt: number | null = null
  readonly life = new Liveness()
  /** Monotonic ms at which the answer (of a stream: its first content) was here. */
  answeredAt: number | null = null
  /** Content type of what the client gets. */
  answerType = "application/json"
  readonly plan: AttemptPlan
  private readonly owner: AttemptOwner<Attempt>
  private readonly ports: Ports
  private readonly settings: PipelineSettings
  private state: State = "waiting"
  private status: number | null = null
  private readonly settlement: Settlement
  private readonly call: AttemptCall
  private tap: StreamTap | null = null
  readonly body = new BodyParts()
  private headers: AnswerHeaders = {}
  private cancelWait: Cancel | null = null
  private endedAt = 0

  constructor(
    plan: AttemptPlan,
    owner: AttemptOwner<Attempt>,
    ports: Ports,
    settings: PipelineSettings,
  ) {
    this.plan = plan
    this.owner = owner
    this.ports = ports
    this.settings = settings
    this.settlement = new Settlement(plan, ports)
    this.call = new AttemptCall(ports)
  }

  /** Null until it is settled. */
  get final(): AttemptFinal | null {
    return this.settlement.final
  }

  /** Intent first: the bytes go out only when the journal has it, or has said that it cannot. */
  begin(): void {
    this.ports.journal.intend(this.plan.intent, (entry) => {
      this.settlement.open(entry)
      this.dispatch()
    })
  }

  resume(): void {
    this.call.resume()
  }

  /**
   * Ends it from outside: the client is gone or a deadline passed. The connection is not reused.
   */
  cancel(outcome: "cancelled" | "timeout"): void {
    if (this.state === "over") return
    const isDispatched = this.dispatchedAt !== null
    const used = this.state === "collecting-error" || !isDispatched ? NOTHING : this.used()
    // Not yet dispatched: the intent is on its way to the journal, and settles when it is there.
    this.settle(outcome, used)
    this.call.cut()
  }

  summary(): AttemptSummary {
    const { intent } = this.plan
    const startedAt = this.dispatchedAt ?? this.endedAt
    return {
      provider: intent.provider,
      model: intent.model,
      outcome: this.final?.outcome ?? "cancelled",
      status: this.status,
      durationMs: this.endedAt - startedAt,
    }
  }

  onResponse(status: number, headers: AnswerHeaders): void {
    if (this.state !== "waiting") return
    this.status = status
    if (status === 200) this.acceptHead(headers)
    else if (isPassedOn(status) || isWorthReading(status)) this.collectError(status, headers)
    else this.failByStatus(status, headers)
  }

  onData(bytes: Uint8Array): boolean {
    switch (this.state) {
      case "streaming":
        return this.onStreamData(bytes)
      case "collecting":
        return this.collect(bytes, this.settings.answerBytesMax)
      case "collecting-error":
        return this.collect(bytes, this.settings.errorBytesMax)
      case "waiting":
        return true
      case "over":
        this.call.skip(bytes)
        return true
    }
  }

  onEnd(): void {
    this.call.noteEnd()
    switch (this.state) {
      case "streaming":
        this.closeStream()
        return
      case "collecting":
        this.deliver()
        return
      case "collecting-error":
        this.endWithError()
        return
      case "waiting":
        this.fail("invalid-answer", "ended without a response")
        return
      case "over":
        return
    }
  }

  onFailure(failure: UpstreamFailure): void {
    this.call.noteEnd()
    switch (this.state) {
      case "waiting": {
        const outcome = failureOf(failure, this.plan.target)
        this.failWith(outcome, failure.wasSent ? this.used() : NOTHING)
        return
      }
      case "streaming":
        this.breakStream(`was cut: ${failure.kind}`)
        return
      case "collecting":
        this.fail(...ofBrokenAnswer(failure))
        return
      case "collecting-error":
        this.endWithError()
        return
      case "over":
        return
    }
  }

  private dispatch(): void {
    if (this.state === "over") return
    this.dispatchedAt = this.ports.monotonic()
    this.life.noteContent(this.dispatchedAt)
    this.owner.onDeadline(this)
    this.call.open(this.ports.dispatch(this.plan.upstream, this))
  }

  /** A method, since the owner may have ended it within a call. */
  private isOver(): boolean {
    return this.state === "over"
  }

  private acceptHead(headers: AnswerHeaders): void {
    const promised = judgeHead(this.plan, headers, this.settings)
    this.headers = headers
    this.answerType = this.plan.request.streamType ?? headers["content-type"] ?? ""
    if (promised.kind === "unfit") this.fail("invalid-answer", promised.detail)
    else if (promised.kind === "whole") this.state = "collecting"
    else {
      this.tap = promised.tap
      this.state = "streaming"
    }
  }

  private onStreamData(bytes: Uint8Array): boolean {
    const { tap } = this
    if (tap === null) return true
    const eventsBefore = tap.contentEvents
    return this.forward(tap, tap.push(bytes), eventsBefore)
  }

  /** The upstream closed the stream: of some wires that is its end. */
  private closeStream(): void {
    const { tap } = this
    if (tap === null) return
    const eventsBefore = tap.contentEvents
    this.forward(tap, tap.finish(), eventsBefore)
    if (tap.end === null) this.breakStream("ended without its terminal event")
  }

  private forward(tap: StreamTap, bytes: Uint8Array | null, eventsBefore: number): boolean {
    let mayGoOn = true
    // What broke before any of it went out is kept back: another target may still answer.
    const isKept = this.answeredAt === null && tap.end !== null && tap.end.kind !== "done"
    const forward = isKept ? null : bytes
    // Also content that the client's shape shows later, or not at all.
    const isContent = tap.contentEvents !== eventsBefore
    const isFirst = forward !== null && this.answeredAt === null
    const now = this.ports.monotonic()
    if (isContent || isFirst) this.life.noteContent(now)
    else this.life.noteBytes(now)
    if (isFirst) this.answeredAt = now
    if (isContent && eventsBefore === 0 && forward === null) this.owner.onDeadline(this)
    if (forward !== null) {
      mayGoOn = this.owner.onStreamBytes(this, forward)
      if (this.isOver()) return true
    }
    if (tap.end === null) return mayGoOn
    if (tap.end.kind === "done") this.endStream()
    else if (tap.end.kind === "error") this.breakStream(ofError(tap.end.name))
    else this.breakStream(`sent a broken stream: ${tap.end.detail}`, "upstream_invalid_response")
    return true
  }

  /** Whether a stream has begun, shown to the client or not. */
  get hasContent(): boolean {
    return this.tap?.hasContent === true
  }

  private endStream(): void {
    this.settle("ok", this.used())
    this.call.drain(this.settings.afterDoneMs, this.settings.errorBytesMax)
    this.owner.onStreamDone(this)
  }

  /**
   * While the client got nothing: a failure like any other, whatever had come. After that: the
   * client must learn that this is not the end.
   */
  private breakStream(
    detail: string,
    code: "upstream_truncated" | "upstream_invalid_response" = "upstream_truncated",
  ): void {
    const { tap } = this
    if (tap === null || this.answeredAt === null) {
      this.fail(code === "upstream_invalid_response" ? "invalid-answer" : "broken", detail)
      return
    }
    this.settle("truncated", this.used())
    this.call.cut()
    const { name } = this.plan.target.provider
    this.owner.onStreamBroken(this, refuse(code, `provider ${name} ${detail}`))
  }

  private collect(bytes: Uint8Array, max: number): boolean {
    if (this.body.add(bytes, max)) return true
    if (this.state === "collecting")
      this.fail("too-large", `gave an answer of more than ${max} bytes`)
    else this.endWithError()
    return true
  }

  private deliver(): void {
    const body = this.body.take()
    this.answeredAt = this.ports.monotonic()
    const answer = readWholeAnswer(this.plan, this.headers, body, this.settings)
    if (!answer.ok) {
      this.fail(answer.kind, `gave an answer that is not valid: ${answer.fault}`, answer.usage)
      return
    }
    this.answerType = answer.contentType
    this.settle("ok", answer)
    this.owner.onAnswer(this, answer.body)
  }

  /** What is said of the request is waited for as an answer is; of ourselves, only a moment. */
  private collectError(status: number, headers: AnswerHeaders): void {
    this.state = "collecting-error"
    this.headers = headers
    if (isPassedOn(status)) return
    this.cancelWait = this.ports.after(this.settings.errorWaitMs, () => this.endWithError())
  }

  private endWithError(): void {
    const conceal = (text: string): string => this.call.conceal(text)
    const error = readUpstreamError(this.body.take(), this.plan.wire, conceal, this.settings)
    const status = this.status ?? 400
    const refused = { status, headers: this.headers, error }
    const failure = failureOfAnswer(refused, this.plan, this.settings.retryAfterSecondsMax)
    if (failure === null) this.answeredAt = this.ports.monotonic()
    this.settle("upstream-error", NOTHING)
    this.call.cut()
    if (failure === null) this.owner.onUpstreamError(this, status, error)
    else this.owner.onFailure(this, failure)
  }

  private failByStatus(status: number, headers: AnswerHeaders): void {
    const { retryAfterSecondsMax, drainMs, errorBytesMax } = this.settings
    const failure = failureOfAnswer({ status, headers }, this.plan, retryAfterSecondsMax)
    if (failure === null) return
    this.settle("upstream-error", NOTHING)
    this.call.drain(drainMs, errorBytesMax)
    this.owner.onFailure(this, failure)
  }

  /** `reported` is usage that an answer told which was none otherwise. */
  private fail(kind: AttemptFailure["kind"], detail: string, reported?: TokenUsage): void {
    const { target } = this.plan
    const failure = { kind, target, status: this.status, detail, retryAfterSeconds: null }
    this.failWith(failure, this.used(reported))
  }

  private failWith(failure: AttemptFailure, used: Used): void {
    this.settle("upstream-error", used)
    this.call.cut()
    this.owner.onFailure(this, failure)
  }

  /** The one way out. */
  private settle(outcome: AttemptOutcome, used: Used): void {
    this.endedAt = this.ports.monotonic()
    this.cancelWait?.()
    this.cancelWait = null
    this.body.drop()
    this.state = "over"
    this.settlement.settle(outcome, used, this.status)
  }

  /** What was reported; without a report of a stream what was seen, else the upper bound. */
  private used(reported = this.tap?.usage): Used {
    if (reported !== undefined) return { usage: reported, source: "reported" }
    const { intent, request } = this.plan
    const usage = request.isStream ? usageSeen(this.tap, intent) : intent.estimate
    return { usage, source: "estimated" }
  }
}
