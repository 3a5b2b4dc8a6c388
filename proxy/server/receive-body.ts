/**
 * A request's body, whole, within its limits.
 *
 * In: the request as it arrives. Out: once, its bytes or a refusal. Counts bytes itself: a length
 * that was announced is only a promise. Stalls are found by a sweep in whole ticks, so that no
 * request needs a timer.
 */
import type { IncomingMessage } from "node:http"
import type { Holder } from "#proxy/exchange/ports.ts"
import { type Refusal, refuse } from "#proxy/exchange/refusal.ts"
import type { Gatekeeper } from "./memory-guard.ts"
import { checkBodyBytes } from "./read-head.ts"

export interface BodyLimits {
  readonly bodyBytesMax: number
  /** Of all bodies together; 503 `overloaded`. */
  readonly bodiesBytesMax: number
  readonly bodyStallMs: number
}

/** Between two sweeps; a stall is noticed up to this much late. */
export const SWEEP_MS = 500
/** Of a body that is little over the limit the rest is read and the connection serves on. */
const LET_GO_MAX = 4

export type BodyResult =
  | { readonly ok: true; readonly body: Uint8Array }
  | { readonly ok: false; readonly refusal: Refusal }
  /** The client is gone; there is nobody to answer. */
  | { readonly ok: false; readonly refusal: null }

/** Receives the bodies of one surface. */
export class BodyReceiver {
  readonly #limits: BodyLimits
  readonly #stallTicks: number
  /** In no order; each knows its place. (A Set that grows and shrinks is dear to collect.) */
  readonly #receiving: Receiving[] = []
  #bytes = 0
  #tick = 0

  readonly #memory: Gatekeeper

  constructor(limits: BodyLimits, memory: Gatekeeper) {
    this.#limits = limits
    this.#memory = memory
    this.#stallTicks = Math.max(1, Math.ceil(limits.bodyStallMs / SWEEP_MS))
  }

  /** Bytes of all bodies held. */
  get bytes(): number {
    return this.#bytes
  }

  /** Calls `done` exactly once. The bytes count as held until `release`. */
  receive(request: IncomingMessage, done: (result: BodyResult) => void): Holder {
    const receiving = new Receiving(this, done)
    receiving.tick = this.#tick
    receiving.place = this.#receiving.push(receiving) - 1
    receiving.listen(request)
    return receiving
  }

  /**
   * What still comes of a refused body is read, so that its sender gets to the answer; at
   * `bodyBytesMax` times LET_GO_MAX the connection is cut.
   */
  letGo(request: IncomingMessage): void {
    if (request.complete) return
    let bytes = 0
    request.on("data", (piece: Buffer) => {
      bytes += piece.length
      this.#memory.moved(piece.length)
      if (bytes > this.#limits.bodyBytesMax * LET_GO_MAX) request.socket.destroy()
    })
  }

  /** The exchange that held a body of `bytes` bytes is over. */
  release(bytes: number): void {
    this.#bytes -= bytes
  }

  /** To be called every SWEEP_MS. */
  sweep(): void {
    this.#tick += 1
    for (const receiving of [...this.#receiving]) {
      if (this.#tick - receiving.tick <= this.#stallTicks) continue
      const message = `no more of the body came for ${this.#limits.bodyStallMs} ms`
      receiving.finish(refuse("body_timeout", message))
    }
  }

  /** Takes one piece into account; a refusal when it goes over a bound. */
  admit(receiving: Receiving, pieceBytes: number): Refusal | undefined {
    receiving.tick = this.#tick
    this.#bytes += pieceBytes
    this.#memory.moved(pieceBytes)
    if (this.#bytes > this.#limits.bodiesBytesMax) {
      const bytes = this.#limits.bodiesBytesMax
      const message = `the requests in progress hold ${bytes} bytes; try again`
      return refuse("overloaded", message, { retryAfterSeconds: 1 })
    }
    return checkBodyBytes(receiving.bytes, this.#limits.bodyBytesMax) ?? this.refuseLate()
  }

  refuseLate(): Refusal | undefined {
    return this.#memory.refuseLate() ?? undefined
  }

  /** `pieces` of a whole body become one. */
  join(pieces: readonly Buffer[], bytes: number): Buffer {
    const [only] = pieces
    if (pieces.length === 1 && only !== undefined) return only
    this.#memory.moved(bytes)
    return Buffer.concat(pieces, bytes)
  }

  forget(receiving: Receiving): void {
    const last = this.#receiving.pop()
    if (last === undefined || last === receiving) return
    last.place = receiving.place
    this.#receiving[receiving.place] = last
  }
}

class Receiving implements Holder {
  readonly #receiver: BodyReceiver
  readonly #done: (result: BodyResult) => void
  readonly #pieces: Buffer[] = []
  #isOver = false
  bytes = 0
  tick = 0
  /** Where it stands among those that are being received. */
  place = 0

  constructor(receiver: BodyReceiver, done: (result: BodyResult) => void) {
    this.#receiver = receiver
    this.#done = done
  }

  /** Whole, it is the exchange's. */
  get heldBytes(): number {
    return this.#isOver ? 0 : this.bytes
  }

  giveUp(reason: Refusal): void {
    this.finish(reason)
  }

  listen(request: IncomingMessage): void {
    request.on("data", (piece: Buffer) => this.#take(piece))
    request.on("end", () => this.#end())
    request.on("close", () => this.finish(null))
    // A connection that breaks is told by "close"; without a listener the error would be uncaught.
    request.on("error", () => this.finish(null))
  }

  finish(refusal: Refusal | null): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#receiver.forget(this)
    this.#receiver.release(this.bytes)
    this.#pieces.length = 0
    this.#done(refusal === null ? { ok: false, refusal } : { ok: false, refusal })
  }

  /** After the end pieces still come and are let go: the answer is on its way already. */
  #take(piece: Buffer): void {
    if (this.#isOver) return
    this.bytes += piece.length
    this.#pieces.push(piece)
    const refusal = this.#receiver.admit(this, piece.length)
    if (refusal !== undefined) this.finish(refusal)
  }

  #end(): void {
    if (this.#isOver) return
    const late = this.#receiver.refuseLate()
    if (late !== undefined) {
      this.finish(late)
      return
    }
    this.#isOver = true
    this.#receiver.forget(this)
    const body = this.#receiver.join(this.#pieces, this.bytes)
    this.#pieces.length = 0
    this.#done({ ok: true, body })
  }
}
