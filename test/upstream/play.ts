/** Plays one answer onto the wire of the test upstream, faults included. */
import type { ServerResponse } from "node:http"
import { type Asked, streamEvents, wholeAnswer } from "./answer.ts"
import type { Behaviour } from "./behaviour.ts"

export type Played = "answered" | "faulted" | "client-gone"

/**
 * Calls `done` once: when the last byte is with the kernel, the fault has happened, or the client
 * went.
 */
export function playAnswer(
  response: ServerResponse,
  asked: Asked,
  behaviour: Behaviour,
  done: (played: Played) => void,
): void {
  let isDone = false
  const finish = (played: Played): void => {
    if (isDone) return
    isDone = true
    done(played)
  }
  response.once("close", () => finish(response.writableFinished ? "answered" : "client-gone"))
  response.once("finish", () => finish("answered"))
  later(behaviour.delayMs, () => {
    if (isDone) return
    if (behaviour.fault.kind === "none") playWell(response, asked, behaviour)
    else playFault(response, asked, behaviour, () => finish("faulted"))
  })
}

function playWell(response: ServerResponse, asked: Asked, behaviour: Behaviour): void {
  if (!isStreamed(asked, behaviour)) {
    const body = Buffer.from(head(response, asked, behaviour))
    response.setHeader("content-length", body.length)
    response.end(body)
    return
  }
  const events = streamEvents(asked, behaviour)
  head(response, asked, behaviour)
  if (behaviour.eventDelayMs === 0) {
    response.end(events.join(""))
    return
  }
  response.flushHeaders()
  writeSlowly(response, events, behaviour.eventDelayMs)
}

function writeSlowly(
  response: ServerResponse,
  pieces: readonly (string | Uint8Array)[],
  everyMs: number,
): void {
  let next = 0
  const timer = setInterval(() => {
    const piece = pieces[next]
    next += 1
    if (piece !== undefined && !response.destroyed) response.write(piece)
    if (next < pieces.length && !response.destroyed) return
    clearInterval(timer)
    response.end()
  }, everyMs)
}

/** `finish` is called when the fault has taken effect. */
function playFault(
  response: ServerResponse,
  asked: Asked,
  behaviour: Behaviour,
  finish: () => void,
): void {
  const { fault } = behaviour
  switch (fault.kind) {
    case "none":
      return
    case "reset":
      finish()
      response.socket?.resetAndDestroy()
      return
    case "garbage":
      finish()
      response.socket?.end("\u0000garbage that is no HTTP\r\n\r\n")
      return
    case "silence":
      finish()
      if (fault.afterBytes !== null) writePart(response, asked, behaviour, fault.afterBytes)
      return
    case "cut":
      writePart(response, asked, behaviour, fault.afterBytes, () => {
        finish()
        response.socket?.destroy()
      })
      return
    case "drip": {
      const bytes = Buffer.from(wholeText(response, asked, behaviour))
      const pieces = Array.from({ length: Math.ceil(bytes.length / fault.bytes) }, (_, at) =>
        bytes.subarray(at * fault.bytes, (at + 1) * fault.bytes),
      )
      response.flushHeaders()
      writeSlowly(response, pieces, fault.everyMs)
      return
    }
    default:
      fault satisfies never
  }
}

/** Head and the first `count` bytes of the body; the message stays unfinished. */
function writePart(
  response: ServerResponse,
  asked: Asked,
  behaviour: Behaviour,
  count: number,
  then?: () => void,
): void {
  const bytes = Buffer.from(wholeText(response, asked, behaviour))
  if (!isStreamed(asked, behaviour)) response.setHeader("content-length", bytes.length)
  response.flushHeaders()
  response.write(bytes.subarray(0, count), () => then?.())
  if (count === 0) then?.()
}

function wholeText(response: ServerResponse, asked: Asked, behaviour: Behaviour): string {
  const body = head(response, asked, behaviour)
  return isStreamed(asked, behaviour) ? streamEvents(asked, behaviour).join("") : body
}

/** Sets status and headers; gives the body of a whole answer, and nothing for a stream. */
function head(response: ServerResponse, asked: Asked, behaviour: Behaviour): string {
  const isStream = isStreamed(asked, behaviour)
  const [type, body] = isStream ? ["text/event-stream", ""] : wholeAnswer(asked, behaviour)
  response.statusCode = behaviour.status
  response.setHeader("content-type", type)
  for (const [name, value] of Object.entries(behaviour.headers)) response.setHeader(name, value)
  return body
}

function isStreamed(asked: Asked, behaviour: Behaviour): boolean {
  return asked.isStream && behaviour.status === 200 && behaviour.body === null
}

function later(delayMs: number, run: () => void): void {
  if (delayMs === 0) run()
  else setTimeout(run, delayMs)
}
