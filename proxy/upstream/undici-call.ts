/**
 * One request to an upstream under way: what the client library says of it, handed on once a turn,
 * and what of a stream comes later at once.
 *
 * In: the library's callbacks. Out: the answer's head, pieces and end to the handler, or one named
 * failure; it holds the pieces back while the handler takes none, and is over once it is aborted.
 * It must not know destinations nor how a credential is sent: it only conceals one in texts.
 */
import type { Dispatcher } from "undici"
import type { UpstreamCall, UpstreamFailure, UpstreamHandler } from "#proxy/exchange/ports.ts"
import { nameFailure } from "./name-failure.ts"
import type { Secret } from "./secret.ts"

/** Interim answers (1xx) before the real one; more is a failure `protocol`. */
const INTERIM_MAX = 8
/**
 * Bytes of an answer that wait for the end of the turn, or for a handler that takes none; at so
 * many its connection is read no further. Else one turn of a fast upstream leaves 2 MiB here, all
 * the kernel has, and a client that reads nothing holds them.
 */
const WAITING_BYTES_MAX = 64 * 1024

const ABORTED = new Error("the exchange ended this attempt")
const TOO_LARGE = new Error("the answer is over its limit")
const TOO_MANY_INTERIM = new Error("too many interim answers")

/** What is asked of the memory. */
export interface Room {
  /** Bytes came in, went out, or were copied. */
  readonly moved: (bytes: number) => void
  /** True: nothing more fits, and the call is resumed once when something does. */
  readonly isFull: (call: Pick<UpstreamCall, "resume">) => boolean
}

interface CallOptions {
  readonly bodyBytesMax: number
  readonly defer: (run: () => void) => void
  readonly memory: Room
}

interface Head {
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
}

/** Given to the library as the handler of one request, and to its owner as the call. */
export class UndiciCall implements Dispatcher.DispatchHandler, UpstreamCall {
  readonly #handler: UpstreamHandler
  readonly #origin: string
  readonly #options: CallOptions
  readonly #secret: Secret | undefined
  #controller: Dispatcher.DispatchController | null = null
  #bytes = 0
  #interim = 0
  /** The library has nothing more to say. */
  #hasEnded = false
  /** The handler is not called any more. */
  #isOver = false
  #isDeferred = false
  /**
   * Head and first pieces are handed on. What comes later comes alone, and nothing is gained by
   * waiting for the end of its turn.
   */
  #isStreaming = false
  /** The handler takes no more data until `resume`. */
  #isHeld = false
  /** What came in this turn; the pieces lie behind the head, the end behind the pieces. */
  #head: Head | null = null
  #pieces: Uint8Array[] = []
  #waitingBytes = 0
  #isPaused = false
  #failure: UpstreamFailure | null = null

  constructor(
    handler: UpstreamHandler,
    origin: string,
    options: CallOptions,
    secret: Secret | undefined,
  ) {
    this.#secret = secret
    this.#handler = handler
    this.#origin = origin
    this.#options = options
  }

  conceal(text: string): string {
    return this.#secret === undefined ? text : this.#secret.concealIn(text)
  }

  resume(): void {
    if (!this.#isHeld) return
    this.#isHeld = false
    // What waits goes first; its connection is read again behind it.
    if (this.#pieces.length > 0 || this.#hasEnded) this.#later()
    else this.#readOn()
  }

  abort(): void {
    this.#isOver = true
    this.#pieces = []
    if (this.#hasEnded) return
    this.#hasEnded = true
    // Before its start it waits in the pool; onRequestStart then ends it.
    this.#controller?.abort(ABORTED)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#hasEnded) controller.abort(ABORTED)
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    if (this.#hasEnded) return
    if (status < 200) {
      this.#interim += 1
      if (this.#interim <= INTERIM_MAX) return
      this.#fail("protocol", TOO_MANY_INTERIM, controller)
      return
    }
    this.#head = { status, headers: flatten(headers) }
    this.#later()
  }

  onResponseData(controller: Dispatcher.DispatchController, bytes: Uint8Array): void {
    if (this.#hasEnded) return
    this.#bytes += bytes.length
    this.#options.memory.moved(bytes.length)
    if (this.#bytes > this.#options.bodyBytesMax) {
      this.#fail("too-large", TOO_LARGE, controller)
      return
    }
    if (this.#mayHandOn && !this.#isHeldByMemory()) {
      this.#handOnAtOnce(bytes)
      return
    }
    this.#pieces.push(bytes)
    this.#waitingBytes += bytes.length
    if (this.#waitingBytes >= WAITING_BYTES_MAX) this.#pause()
    this.#later()
  }

  onResponseEnd(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    // A whole answer is joined now.
    this.#options.memory.moved(this.#bytes)
    if (this.#mayHandOn) this.#handOnAtOnce(null)
    else this.#later()
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#failure = nameFailure(error, this.#origin, this.#controller !== null)
    this.#later()
  }

  #fail(
    kind: "protocol" | "too-large",
    error: Error,
    controller: Dispatcher.DispatchController,
  ): void {
    this.#hasEnded = true
    this.#failure = { kind, wasSent: true, detail: `${this.#origin}: ${error.message}` }
    controller.abort(error)
    this.#later()
  }

  #later(): void {
    if (this.#isDeferred) return
    this.#isDeferred = true
    this.#options.defer(() => this.#handOn())
  }

  /** The handler may abort within each of its calls. */
  #handOn(): void {
    this.#isDeferred = false
    if (this.#isHeld || this.#isOver) return
    const head = this.#head
    this.#head = null
    if (head !== null) this.#handler.onResponse(head.status, head.headers)
    this.#handOnPieces()
    this.#isStreaming = true
    if (this.#isHeld) return
    if (this.#hasEnded) this.#handOnEnd()
    else this.#readOn()
  }

  #handOnEnd(): void {
    if (this.#isOver) return
    this.#isOver = true
    if (this.#failure === null) this.#handler.onEnd()
    else this.#handler.onFailure(this.#failure)
  }

  #handOnPieces(): void {
    const pieces = this.#pieces
    this.#pieces = []
    for (const [index, piece] of pieces.entries()) {
      if (this.#isOver) return
      this.#waitingBytes -= piece.length
      this.#handOnPiece(piece)
      if (!this.#isHeld) continue
      this.#pieces = pieces.slice(index + 1)
      return
    }
  }

  /** Nothing more of an answer is read while memory is full; what came waits here. */
  #isHeldByMemory(): boolean {
    if (!this.#options.memory.isFull(this)) return false
    this.#isHeld = true
    this.#pause()
    return true
  }

  /** Nothing waits for the end of the turn, nor for the handler. */
  get #mayHandOn(): boolean {
    return this.#isStreaming && !this.#isDeferred && !this.#isHeld
  }

  /**
   * Null: the end. A throw is a bug of the handler: it reaches the process, as from a turn, not the
   * library.
   */
  #handOnAtOnce(piece: Uint8Array | null): void {
    try {
      if (piece === null) this.#handOnEnd()
      else this.#handOnPiece(piece)
    } catch (bug) {
      this.#options.defer(() => {
        throw bug
      })
    }
  }

  #handOnPiece(piece: Uint8Array): void {
    if (this.#handler.onData(piece)) return
    this.#isHeld = true
    this.#pause()
  }

  #pause(): void {
    if (this.#isPaused || this.#hasEnded) return
    this.#isPaused = true
    this.#controller?.pause()
  }

  #readOn(): void {
    if (!this.#isPaused || this.#hasEnded) return
    this.#isPaused = false
    this.#controller?.resume()
  }
}

type Told = Readonly<Record<string, string | string[] | undefined>>
type Flat = Readonly<Record<string, string | undefined>>

/** The same object where every header came once, as nearly always. */
function flatten(headers: Told): Flat {
  if (isFlat(headers)) return headers
  const flat: Record<string, string | undefined> = {}
  for (const name in headers) {
    const value = headers[name]
    flat[name] = Array.isArray(value) ? value.join(", ") : value
  }
  return flat
}

function isFlat(headers: Told): headers is Flat {
  for (const name in headers) {
    if (Array.isArray(headers[name])) return false
  }
  return true
}
