/** Bytes to lines, for watch streams. */
import { KubeError } from "./kube-error.ts"

export interface LineSplitter {
  /**
   * The lines that `chunk` completes, without their ends. Throws `bad-answer` for a line over the
   * limit.
   */
  push(chunk: Buffer): readonly Buffer[]
  /** Bytes of the line that is not complete yet. */
  rest(): number
}

const LINE_FEED = 0x0a

export function createLineSplitter(lineBytesMax: number): LineSplitter {
  let parts: Buffer[] = []
  let held = 0
  const hold = (part: Buffer): void => {
    held += part.length
    if (held > lineBytesMax) {
      throw new KubeError("bad-answer", `a line is longer than ${lineBytesMax} bytes`)
    }
    if (part.length > 0) parts.push(part)
  }
  return {
    push: (chunk) => {
      const lines: Buffer[] = []
      let from = 0
      for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, from)) {
        hold(chunk.subarray(from, end))
        lines.push(parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts))
        parts = []
        held = 0
        from = end + 1
      }
      hold(chunk.subarray(from))
      return lines
    },
    rest: () => held,
  }
}
