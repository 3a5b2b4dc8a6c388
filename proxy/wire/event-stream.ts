/**
 * Server-sent events as text, for the control channel: bytes in at any split, whole events out.
 * The data path has its own scanner (`sse-events.ts`): there the bytes themselves must pass on.
 */
import { createParser } from "eventsource-parser"

export interface TextEvent {
  /** `message` when the stream names none. */
  readonly event: string
  readonly data: string
  readonly id: string | null
}

export interface EventStreamDecoder {
  /** Throws EventTooLargeError when one event grows over the limit. */
  push(bytes: Uint8Array): void
}

export class EventTooLargeError extends Error {}

/**
 * `onComment` is called for keep-alive lines. One event may hold at most `eventCharsMax`
 * characters.
 */
export function decodeEventStream(options: {
  readonly onEvent: (event: TextEvent) => void
  readonly onComment?: () => void
  readonly eventCharsMax: number
}): EventStreamDecoder {
  const decoder = new TextDecoder("utf-8")
  let charsOpen = 0
  const parser = createParser({
    onEvent: (message) => {
      charsOpen = 0
      options.onEvent({
        event: message.event ?? "message",
        data: message.data,
        id: message.id ?? null,
      })
    },
    onComment: () => {
      charsOpen = 0
      options.onComment?.()
    },
  })
  return {
    push(bytes) {
      const text = decoder.decode(bytes, { stream: true })
      charsOpen += text.length
      parser.feed(text)
      if (charsOpen > options.eventCharsMax) {
        throw new EventTooLargeError(`one event is over ${options.eventCharsMax} characters`)
      }
    },
  }
}
