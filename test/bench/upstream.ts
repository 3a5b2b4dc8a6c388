/**
 * The bench's upstream: the fastest OpenAI-shaped provider that Node can be, on raw sockets, as its
 * own process. It counts nothing and checks nothing; the counting upstream is `test/upstream`.
 *
 * In: requests at `/whole/...` (one answer of 1.1 KB) and `/stream/...` (EVENTS events, one every
 * INTERVAL_MS). Out: the answers, and one line `listening PORT`.
 */
import { createServer, type Socket } from "node:net"
import { answerBody, DONE_EVENT, deltaEvent, usageEvent } from "./bodies.ts"
import { createMessageReader } from "./message-reader.ts"

export const STREAM = { events: 100, intervalMs: 20 } as const

const answer = answerBody()
const whole = Buffer.from(
  "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: req_bench\r\n" +
    `openai-processing-ms: 12\r\ncontent-length: ${Buffer.byteLength(answer)}\r\n\r\n${answer}`,
)
const streamHead = Buffer.from(
  "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nx-request-id: req_bench\r\n" +
    "transfer-encoding: chunked\r\n\r\n",
)
const delta = httpChunk(deltaEvent(" word"))
const streamEnd = Buffer.concat([
  httpChunk(usageEvent()),
  httpChunk(DONE_EVENT),
  Buffer.from("0\r\n\r\n"),
])

const server = createServer({ noDelay: true }, (socket) => {
  const reader = createMessageReader((head) => {
    if (head.startsWith("POST /stream/")) stream(socket)
    else socket.write(whole)
  })
  socket.on("data", reader.push)
  socket.on("error", () => socket.destroy())
})
server.listen(0, "127.0.0.1", () => {
  const address = server.address()
  if (address !== null && typeof address === "object") console.log(`listening ${address.port}`)
})

/** The first event comes with the head: what a client then waits for is the gateway's part. */
function stream(socket: Socket): void {
  socket.write(Buffer.concat([streamHead, delta]))
  let sent = 1
  const timer = setInterval(() => {
    sent += 1
    if (socket.destroyed) clearInterval(timer)
    else if (sent <= STREAM.events) socket.write(delta)
    else {
      clearInterval(timer)
      socket.write(streamEnd)
    }
  }, STREAM.intervalMs)
}

function httpChunk(text: string): Buffer {
  return Buffer.from(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`)
}
