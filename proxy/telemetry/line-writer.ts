/**
 * Lines to a file descriptor, many in one write, one write at a time.
 *
 * In: whole lines. Out: bytes, in order. A reader that stands still never holds up a request: past
 * the bound lines are dropped and counted. (The log library's own buffer measures all that waits at
 * every line, which cost more than the line.)
 */
import { write } from "node:fs"

/** Lines wait for so many bytes or so long. */
const CHUNK_BYTES = 64 * 1024
const CHUNK_MS = 100
/** Bytes that may wait behind a write under way; further lines are dropped. */
const WAITING_BYTES_MAX = 4 * 1024 * 1024
/** Of one UTF-16 unit, at most. */
const BYTES_PER_UNIT = 3
/** A pipe that another process made non-blocking is tried again after this. */
const BUSY_MS = 10

export class LineWriter {
  readonly #fd: number
  /**
   * Lines become bytes at once: as texts, which are trees of their parts, they would outlive the
   * collector's young generation.
   */
  #chunk: Buffer = Buffer.allocUnsafe(CHUNK_BYTES)
  #end = 0
  /** Full ones, each of whole lines and no more than `end`. */
  readonly #full: { readonly chunk: Buffer; readonly end: number }[] = []
  #waitingBytes = 0
  #spare: Buffer | null = null
  #writing: Promise<void> | null = null
  #timer: NodeJS.Timeout | undefined
  #dropped = 0

  constructor(fd: number) {
    this.#fd = fd
  }

  get dropped(): number {
    return this.#dropped
  }

  write(line: string): void {
    if (this.#waitingBytes + line.length > WAITING_BYTES_MAX) {
      this.#dropped += 1
      return
    }
    const most = line.length * BYTES_PER_UNIT
    if (this.#end + most > this.#chunk.length) this.#turnOver(most)
    const bytes = this.#chunk.write(line, this.#end)
    this.#end += bytes
    this.#waitingBytes += bytes
    if (this.#writing !== null) return
    if (this.#full.length > 0) this.#start()
    else this.#startLater()
  }

  /** Resolves when everything written so far has left, or cannot. */
  async flush(): Promise<void> {
    while (this.#waitingBytes > 0 || this.#writing !== null) {
      if (this.#writing === null) this.#start()
      await this.#writing
    }
  }

  /** The chunk waits to be written, and a new one with room for `bytes` is begun. */
  #turnOver(bytes: number): void {
    if (this.#end > 0) this.#full.push({ chunk: this.#chunk, end: this.#end })
    const spare = this.#spare
    this.#spare = null
    const isEnough = spare !== null && spare.length >= bytes
    this.#chunk = isEnough ? spare : Buffer.allocUnsafe(Math.max(CHUNK_BYTES, bytes))
    this.#end = 0
  }

  #startLater(): void {
    if (this.#timer !== undefined) return
    this.#timer = setTimeout(() => this.#start(), CHUNK_MS)
    this.#timer.unref()
  }

  #start(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#writing !== null || this.#waitingBytes === 0) return
    this.#writing = this.#run()
  }

  async #run(): Promise<void> {
    do {
      if (this.#full.length === 0) this.#turnOver(0)
      const next = this.#full.shift()
      if (next === undefined) break
      this.#waitingBytes -= next.end
      if (!(await writeAll(this.#fd, next.chunk.subarray(0, next.end)))) this.#dropped += 1
      this.#spare = next.chunk
    } while (this.#full.length > 0)
    this.#writing = null
    if (this.#waitingBytes > 0) this.#startLater()
  }
}

/** False when the output is closed: nobody is left to tell. */
async function writeAll(fd: number, bytes: Buffer): Promise<boolean> {
  let from = 0
  while (from < bytes.length) {
    const written = await writeSome(fd, bytes, from)
    if (written === "closed") return false
    if (written === "busy") await new Promise((resolve) => setTimeout(resolve, BUSY_MS))
    else from += written
  }
  return true
}

function writeSome(fd: number, bytes: Buffer, from: number): Promise<number | "busy" | "closed"> {
  return new Promise((resolve) => {
    write(fd, bytes, from, bytes.length - from, null, (error, written) => {
      if (error === null) resolve(written)
      else resolve(error.code === "EAGAIN" ? "busy" : "closed")
    })
  })
}
