/**
 * Lines to a file descriptor, many in one write, one write at a time.
 *
 * In: whole lines. Out: bytes, in order. A reader that stands still never holds up a request: past
 * the bound lines are dropped and counted. (The log library's own buffer measures all that waits at
 * every line, which cost more than the line.)
 */
import { write } from "node:fs"

/** Lines wait for so many characters or so long. */
const BATCH_CHARS = 64 * 1024
const BATCH_MS = 100
/** Characters that may wait behind a write under way; further lines are dropped. */
const WAITING_CHARS_MAX = 4 * 1024 * 1024
/** A pipe that another process made non-blocking is tried again after this. */
const BUSY_MS = 10

export class LineWriter {
  readonly #fd: number
  #lines: string[] = []
  #chars = 0
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
    if (this.#chars + line.length > WAITING_CHARS_MAX) {
      this.#dropped += 1
      return
    }
    this.#lines.push(line)
    this.#chars += line.length
    if (this.#writing !== null) return
    if (this.#chars >= BATCH_CHARS) {
      this.#start()
    } else if (this.#timer === undefined) {
      this.#timer = setTimeout(() => this.#start(), BATCH_MS)
      this.#timer.unref()
    }
  }

  /** Resolves when everything written so far has left, or cannot. */
  async flush(): Promise<void> {
    while (this.#lines.length > 0 || this.#writing !== null) {
      if (this.#writing === null) this.#start()
      await this.#writing
    }
  }

  #start(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#writing !== null || this.#lines.length === 0) return
    this.#writing = this.#run()
  }

  async #run(): Promise<void> {
    while (this.#lines.length > 0) {
      const text = this.#lines.join("")
      this.#lines = []
      this.#chars = 0
      if (!(await writeAll(this.#fd, Buffer.from(text)))) this.#dropped += 1
      if (this.#chars < BATCH_CHARS) break
    }
    this.#writing = null
    if (this.#lines.length > 0 && this.#timer === undefined) {
      this.#timer = setTimeout(() => this.#start(), BATCH_MS)
      this.#timer.unref()
    }
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
