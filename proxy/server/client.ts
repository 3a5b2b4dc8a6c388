/**
 * The client's side of an exchange: over Node's response, or over a bare socket for what the parser
 * refused.
 *
 * In: a status, headers and bytes from the pipeline. Out: bytes to the socket, one write for a
 * whole answer.
 * Must not know what the bytes mean.
 */
import { type ServerResponse, STATUS_CODES } from "node:http"
import type { Socket } from "node:net"
import type { Client, HeaderList, Holder } from "#proxy/exchange/ports.ts"
import type { Refusal } from "#proxy/exchange/refusal.ts"
import { ChunkRoom, frameChunk, LAST_CHUNK } from "./chunk-frame.ts"

/** How long bytes written before a cut may take to leave; then the connection is destroyed. */
const CUT_MS = 5_000
/**
 * So long a body goes out as Latin-1 text, which is its bytes one for one: Node joins text with
 * the head of the answer and hands both over as one piece, but writes bytes as another.
 */
const JOINED_BYTES_MAX = 16 * 1024
/** What an exchange holds whatever comes: two sockets, timers, records. Measured at 84 KB. */
const EXCHANGE_BYTES = 64 * 1024
/** Of a body: itself, and the copy that goes out. */
const BODY_COPIES = 2
/** So much may still leave when an exchange is given up for its memory. */
const LAST_WORD_BYTES_MAX = 16 * 1024
const CLOSE_HEADERS: HeaderList = Object.freeze(["connection", "close"])
const CHUNKED_HEADERS: HeaderList = Object.freeze(["transfer-encoding", "chunked"])
const utf8 = new TextEncoder()
/** Of all clients: a frame is with the kernel before the next one is made, or kept. */
const room = new ChunkRoom()

export interface Lifecycle {
  /** Then every answer is the last on its connection. */
  readonly isDraining: boolean
}

export class ResponseClient implements Client {
  readonly #response: ServerResponse
  readonly #socket: Socket
  readonly #lifecycle: Lifecycle
  readonly #onClosed: () => void
  #onGone: (() => void) | null = null
  #holder: Holder | null = null
  #isOver = false
  /** Of the request, once it is whole. */
  bodyBytes = 0
  /** Ended for its memory: it only has to leave. */
  isGivenUp = false
  #isClosing = false
  /** The body's chunks are framed here and not by Node. */
  #isFramed = false
  #hasWritten = false
  #onSocketDrain: (() => void) | null = null

  /** `onClosed` runs once, when nothing of the exchange is left on the connection. */
  constructor(
    response: ServerResponse,
    socket: Socket,
    lifecycle: Lifecycle,
    onClosed: () => void,
  ) {
    this.#response = response
    this.#socket = socket
    this.#lifecycle = lifecycle
    this.#onClosed = onClosed
    response.once("close", () => this.#closed())
  }

  /** The connection is not used again after this answer. */
  closeAfterwards(): void {
    this.#isClosing = true
  }

  start(status: number, headers: HeaderList): void {
    const all = [...headers]
    if (this.#isClosing || this.#lifecycle.isDraining) all.push(...CLOSE_HEADERS)
    // A client of HTTP/1.0 reads until the connection ends.
    const isChunked =
      !headers.includes("content-length") && this.#response.req.httpVersion === "1.1"
    if (isChunked) all.push(...CHUNKED_HEADERS)
    this.#response.writeHead(status, all)
    if (!isChunked) return
    this.#isFramed = true
    this.#response.chunkedEncoding = false
  }

  write(bytes: Uint8Array | string): boolean {
    const response = this.#response
    if (!this.#isFramed) return response.write(bytes)
    const chunk = typeof bytes === "string" ? utf8.encode(bytes) : bytes
    if (chunk.length === 0) return true
    // The first one goes out with the head; behind an answer to an earlier request all wait.
    if (!this.#hasWritten || !this.#isOnSocket) {
      this.#hasWritten = true
      return response.write(frameChunk(chunk))
    }
    return this.#writeAtOnce(chunk)
  }

  /** Past Node's response, which would collect pieces for a tick. */
  #writeAtOnce(chunk: Uint8Array): boolean {
    const socket = this.#socket
    if (!socket.writable) return false
    if (socket.writableLength > 0) return socket.write(frameChunk(chunk))
    const isTaken = socket.write(room.frame(chunk))
    if (socket.writableLength > 0) room.keep()
    return isTaken
  }

  end(bytes?: Uint8Array | string): void {
    this.#isOver = true
    const response = this.#response
    if (this.#isFramed) {
      if (bytes !== undefined) this.write(bytes)
      response.end(LAST_CHUNK, "latin1")
    } else if (bytes === undefined) response.end()
    else if (typeof bytes === "string" || bytes.length > JOINED_BYTES_MAX) response.end(bytes)
    else response.end(bytesAsLatin1(bytes), "latin1")
  }

  destroy(): void {
    this.#isOver = true
    // Ends the socket, not the message: what was written goes out, the terminating chunk does not.
    this.#socket.destroySoon()
    if (!this.#socket.destroyed) cutLater(this.#socket)
  }

  onDrain(listener: () => void): void {
    this.#response.on("drain", listener)
    this.#onSocketDrain = () => {
      if (this.#isOnSocket) listener()
    }
    this.#socket.on("drain", this.#onSocketDrain)
  }

  onGone(listener: () => void): void {
    this.#onGone = listener
  }

  heldBy(holder: Holder): void {
    this.#holder = holder
  }

  /** All that goes when it ends, in bytes. */
  get heldBytes(): number {
    const answer = this.#response.writableLength + (this.#holder?.heldBytes ?? 0)
    return EXCHANGE_BYTES + BODY_COPIES * this.bodyBytes + answer
  }

  /** Whether something of an answer is on the connection. */
  get hasStarted(): boolean {
    return this.#response.headersSent
  }

  /** The gateway ends: the exchange says its last word, if there is one yet. */
  cut(reason: Refusal): void {
    if (!this.#isOver) this.#holder?.giveUp(reason)
  }

  /** Ends it for its memory: what is queued for a client that does not take it goes too. */
  giveUp(reason: Refusal): void {
    this.isGivenUp = true
    this.cut(reason)
    if (this.#response.writableLength > LAST_WORD_BYTES_MAX) this.#socket.resetAndDestroy()
  }

  /** Not while an answer to an earlier request is on the connection. */
  get #isOnSocket(): boolean {
    return this.#response.socket === this.#socket
  }

  #closed(): void {
    if (this.#onSocketDrain !== null) this.#socket.off("drain", this.#onSocketDrain)
    const isGone = !this.#isOver
    this.#isOver = true
    this.#holder = null
    if (isGone) this.#onGone?.()
    this.#onClosed()
  }
}

/**
 * One answer on a socket that has no request the parser could make sense of; the connection ends
 * with it.
 */
export class SocketClient implements Client {
  readonly #socket: Socket
  #head = ""

  constructor(socket: Socket) {
    this.#socket = socket
  }

  start(status: number, headers: HeaderList): void {
    const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`, "connection: close"]
    for (let index = 0; index + 1 < headers.length; index += 2) {
      lines.push(`${headers[index]}: ${headers[index + 1]}`)
    }
    this.#head = `${lines.join("\r\n")}\r\n\r\n`
  }

  write(bytes: Uint8Array | string): boolean {
    if (this.#head !== "") this.#socket.write(this.#head, "latin1")
    this.#head = ""
    return this.#socket.write(bytes)
  }

  end(bytes?: Uint8Array | string): void {
    this.write(bytes ?? "")
    this.destroy()
  }

  destroy(): void {
    this.#socket.destroySoon()
    if (!this.#socket.destroyed) cutLater(this.#socket)
  }

  onDrain(listener: () => void): void {
    this.#socket.on("drain", listener)
  }

  onGone(listener: () => void): void {
    this.#socket.once("close", listener)
  }

  /** Its one answer is given at once. */
  heldBy(): void {}
}

function bytesAsLatin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1")
}

function cutLater(socket: Socket): void {
  const timer = setTimeout(() => socket.destroy(), CUT_MS)
  timer.unref()
  socket.once("close", () => clearTimeout(timer))
}
