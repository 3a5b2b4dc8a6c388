/**
 * Events as server-sent event frames: bytes that every receiver shares.
 *
 * Pure. JSON escapes line ends, so one event is always one `data` line.
 */
import type { ConfigEvent } from "#proxy/contract/push.ts"
import { snapshotText } from "./snapshot-text.ts"

const ENCODER = new TextEncoder()

/** A comment: a quiet stream is told apart from a dead one. */
export const KEEP_ALIVE_FRAME: Uint8Array = ENCODER.encode(": keep-alive\n\n")

export function encodeFrame(event: ConfigEvent): Uint8Array {
  return ENCODER.encode(`event: ${event.event}\ndata: ${dataText(event)}\n\n`)
}

/** The Snapshot's text is there already: its hash was made from it. */
function dataText(event: ConfigEvent): string {
  if (event.event !== "snapshot") return JSON.stringify(event.data)
  const { snapshot, ...rest } = event.data
  const head = JSON.stringify(rest).slice(0, -1)
  return `${head},"snapshot":${snapshotText(snapshot)}}`
}

/** Encodes on the first call and gives the same bytes on every later one. */
export function encodeOnce(event: ConfigEvent): () => Uint8Array {
  let frame: Uint8Array | undefined
  return () => {
    frame ??= encodeFrame(event)
    return frame
  }
}
