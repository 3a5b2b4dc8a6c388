/**
 * The load generator, as its own process: raw sockets, one prepared request, no pipelining.
 *
 * In: `POST /run` with a LoadSpec on its own port. Out: a LoadResult, and one line `listening
 * PORT`. Every answer is checked: status 200 and the expected length, else it counts as wrong and
 * the bench fails.
 */
import { createServer } from "node:http"
import { connect, type Socket } from "node:net"
import { waitUntil } from "#test/process/wait-until.ts"
import { chatBody } from "./bodies.ts"
import type { LoadResult, LoadSpec } from "./load-spec.ts"
import { createMessageReader } from "./message-reader.ts"
import { runStreams } from "./stream-load.ts"

const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on("data", (chunk: Buffer) => chunks.push(chunk))
  request.on("end", () => {
    const spec = JSON.parse(Buffer.concat(chunks).toString("utf8")) as LoadSpec
    void (spec.kind === "streams" ? runStreams(spec) : runWhole(spec)).then((result) =>
      response.end(JSON.stringify(result)),
    )
  })
})
server.listen(0, "127.0.0.1", () => {
  const address = server.address()
  if (address !== null && typeof address === "object") console.log(`listening ${address.port}`)
})

interface Lane {
  readonly socket: Socket
  sentAt: number
  isBusy: boolean
}

/**
 * `ratePerSecond: null`: every connection sends as soon as it has its answer; else at that rate in
 * all.
 */
async function runWhole(spec: Extract<LoadSpec, { kind: "whole" }>): Promise<LoadResult> {
  const request = preparedRequest(spec)
  const latencies: number[] = []
  const wrong: string[] = []
  let isOver = false
  const send = (lane: Lane): void => {
    lane.isBusy = true
    lane.sentAt = performance.now()
    lane.socket.write(request)
  }
  const answered = (lane: Lane, head: string, bodyBytes: number): void => {
    lane.isBusy = false
    latencies.push(performance.now() - lane.sentAt)
    if (!head.startsWith("HTTP/1.1 200 ") || bodyBytes !== spec.answerBytes) {
      if (wrong.length < 5) wrong.push(`${head.slice(0, 40)} with ${bodyBytes} bytes`)
    }
    if (!isOver && spec.ratePerSecond === null) send(lane)
  }
  const lanes = await Promise.all(
    Array.from({ length: spec.connections }, () => openLane(spec.port, answered, wrong)),
  )
  const start = performance.now()
  const pacer =
    spec.ratePerSecond === null ? undefined : pace(lanes, spec.ratePerSecond, start, send)
  if (pacer === undefined) lanes.forEach(send)
  await new Promise((resolve) => setTimeout(resolve, spec.durationMs))
  isOver = true
  const elapsedMs = performance.now() - start
  const answers = latencies.length
  clearInterval(pacer)
  // What is under way ends well: a client that leaves would cost the two gateways different things.
  await waitUntil({ what: "the last answers", withinMs: 10_000 }, () =>
    lanes.some((lane) => lane.isBusy) ? undefined : true,
  )
  for (const lane of lanes) lane.socket.destroy()
  return { answers, elapsedMs, wrong, ...percentiles(latencies), events: 0 }
}

function openLane(
  port: number,
  answered: (lane: Lane, head: string, bodyBytes: number) => void,
  wrong: string[],
): Promise<Lane> {
  return new Promise((resolve, reject) => {
    const shared = Buffer.allocUnsafeSlow(64 * 1024)
    const socket: Socket = connect({
      port,
      host: "127.0.0.1",
      noDelay: true,
      onread: {
        buffer: shared,
        callback: (count) => {
          reader.push(shared.subarray(0, count))
          return true
        },
      },
    })
    const lane: Lane = { socket, sentAt: 0, isBusy: false }
    const reader = createMessageReader((head, bodyBytes) => answered(lane, head, bodyBytes))
    socket.once("connect", () => resolve(lane))
    socket.once("error", (error) => {
      wrong.push(error.message)
      reject(error)
    })
    socket.once("end", () => wrong.push("the connection was closed"))
  })
}

/**
 * Sends what is due every millisecond, on the lane that has rested longest; a busy lane is passed
 * over.
 */
function pace(
  lanes: readonly Lane[],
  ratePerSecond: number,
  start: number,
  send: (lane: Lane) => void,
): NodeJS.Timeout {
  let sent = 0
  let next = 0
  return setInterval(() => {
    const due = Math.floor(((performance.now() - start) * ratePerSecond) / 1000)
    for (let tried = 0; sent < due && tried < lanes.length; tried += 1) {
      const lane = lanes[next % lanes.length]
      next += 1
      if (lane === undefined || lane.isBusy) continue
      sent += 1
      send(lane)
    }
  }, 1)
}

function preparedRequest(spec: Extract<LoadSpec, { kind: "whole" }>): Buffer {
  const body = chatBody(spec.bodyBytes, false)
  return Buffer.from(
    `POST ${spec.path} HTTP/1.1\r\nhost: 127.0.0.1:${spec.port}\r\n` +
      "user-agent: OpenAI/JS 7.57.0\r\naccept: application/json\r\n" +
      "content-type: application/json\r\n" +
      "authorization: Bearer sidegate-placeholder\r\nx-stainless-lang: js\r\n" +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}

function percentiles(values: number[]): { readonly p50Ms: number; readonly p99Ms: number } {
  const sorted = Float64Array.from(values).sort()
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? Number.NaN
  return { p50Ms: at(0.5), p99Ms: at(0.99) }
}
