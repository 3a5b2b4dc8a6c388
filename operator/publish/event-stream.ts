/**
 * One sidecar's event stream on the raw response: shared frames out, nothing kept per event.
 *
 * A reader that does not read is cut when the bytes that wait for it pass the limit: its memory is
 * ours.
 */
import type { ServerResponse } from "node:http"
import type { EpochMs } from "#proxy/contract/money.ts"

export interface EventStream {
  /** Bytes are shared between streams and must not change. */
  write(frame: Uint8Array): void
  /** A reader that does not take the rest within END_WITHIN_MS is cut. */
  end(): void
  /** When the token behind it stops vouching for its pod. */
  readonly untilMs: EpochMs
}

export const END_WITHIN_MS = 5000

export interface EventStreamOptions {
  readonly untilMs: EpochMs
  /** Bytes that may wait for the reader. */
  readonly bufferBytesMax: number
  /** Called once, however it ends. */
  readonly onClose: () => void
  /** Called when the reader was too slow. */
  readonly onOverflow: () => void
}

export function openEventStream(
  outgoing: ServerResponse,
  options: EventStreamOptions,
): EventStream {
  outgoing.writeHead(200, {
    "content-type": "text/event-stream",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  })
  outgoing.flushHeaders()
  // Without a listener a write after the peer has gone would be an uncaught error.
  outgoing.on("error", () => undefined)
  outgoing.once("close", options.onClose)
  return {
    untilMs: options.untilMs,
    write(frame) {
      if (outgoing.destroyed || outgoing.writableEnded) return
      outgoing.write(frame)
      if (outgoing.writableLength <= options.bufferBytesMax) return
      options.onOverflow()
      outgoing.destroy()
    },
    end() {
      if (outgoing.destroyed || outgoing.writableEnded) return
      outgoing.end()
      const timer = setTimeout(() => outgoing.destroy(), END_WITHIN_MS)
      outgoing.once("close", () => clearTimeout(timer))
    },
  }
}
