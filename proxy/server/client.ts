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
import type { Client, HeaderList } from "#proxy/exchange/ports.ts"

/** How long bytes written before a cut may take to leave; then the connection is destroyed. */
const CUT_MS = 5_000
/**
 * So long a body goes out as Latin-1 text, which is its bytes one for one: Node joins text with
 * the head of the answer and hands both over as one piece, but writes bytes as another.
 */
const JOINED_BYTES_MAX = 16 * 1024
const CLOSE_HEADERS: HeaderList = Object.freeze(["connection", "close"])

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
  #onCut: (() => void) | null = null
  #isOver = false
  #isClosing = false

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
    const isLast = this.#isClosing || this.#lifecycle.isDraining
    const all = isLast ? [...headers, ...CLOSE_HEADERS] : [...headers]
    this.#response.writeHead(status, all)
  }

  write(bytes: Uint8Array | string): boolean {
    return this.#response.write(bytes)
  }

  end(bytes?: Uint8Array | string): void {
    this.#isOver = true
    const response = this.#response
    if (bytes === undefined) response.end()
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
  }

  onGone(listener: () => void): void {
    this.#onGone = listener
  }

  onCut(listener: () => void): void {
    this.#onCut = listener
  }

  /** Whether something of an answer is on the connection. */
  get hasStarted(): boolean {
    return this.#response.headersSent
  }

  /** The gateway ends: the exchange says its last word, if there is one yet. */
  cut(): void {
    if (!this.#isOver) this.#onCut?.()
  }

  #closed(): void {
    const isGone = !this.#isOver
    this.#isOver = true
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
  onCut(): void {}
}

function bytesAsLatin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1")
}

function cutLater(socket: Socket): void {
  const timer = setTimeout(() => socket.destroy(), CUT_MS)
  timer.unref()
  socket.once("close", () => clearTimeout(timer))
}
