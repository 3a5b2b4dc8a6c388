/**
 * Counts whole HTTP/1.1 messages with a content-length off a socket, as cheaply as JavaScript can:
 * the bench's own ends must cost less than the gateway between them. Not for untrusted peers.
 */

export interface MessageReader {
  /**
   * Takes the next bytes; calls `onMessage` for each whole message with its head and body length.
   */
  readonly push: (chunk: Buffer) => void
}

const HEAD_END = Buffer.from("\r\n\r\n")
const CONTENT_LENGTH = /\r\ncontent-length: *(\d+)/i

export function createMessageReader(
  onMessage: (head: string, bodyBytes: number) => void,
): MessageReader {
  let pending: Buffer | undefined
  let head = ""
  let bodyBytes = 0
  let missing = 0
  const push = (chunk: Buffer): void => {
    let rest = chunk
    while (rest.length > 0) {
      if (missing > 0) {
        const taken = Math.min(missing, rest.length)
        missing -= taken
        rest = rest.subarray(taken)
        if (missing === 0) onMessage(head, bodyBytes)
        continue
      }
      if (pending !== undefined) {
        rest = Buffer.concat([pending, rest])
        pending = undefined
      }
      const end = rest.indexOf(HEAD_END)
      if (end < 0) {
        // Copied: the socket may reuse the bytes after this call.
        pending = Buffer.from(rest)
        return
      }
      head = rest.toString("latin1", 0, end)
      bodyBytes = Number(CONTENT_LENGTH.exec(head)?.[1] ?? 0)
      missing = bodyBytes
      rest = rest.subarray(end + HEAD_END.length)
      if (missing === 0) onMessage(head, 0)
    }
  }
  return { push }
}
