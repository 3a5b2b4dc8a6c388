/** What a surface does while memory is short, over real connections. */
import { connect, type Socket } from "node:net"
import { afterEach, expect, test } from "vitest"
import type { Client, Holder, RawRequest } from "#proxy/exchange/ports.ts"
import { type Refusal, refuse } from "#proxy/exchange/refusal.ts"
import { refuseRequest } from "#proxy/pipeline/pipeline.ts"
import { type AppSurface, openAppSurface } from "./app-surface.ts"
import { type MemoryLevel, mayEnter } from "./memory-level.ts"

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

const LIMITS = {
  bodyBytesMax: 10_000_000,
  bodiesBytesMax: 20_000_000,
  headerBytesMax: 4096,
  headersMax: 16,
  headersTimeoutMs: 2000,
  bodyStallMs: 5000,
  requestTimeoutMs: 5000,
  keepAliveMs: 2000,
  connectionsMax: 16,
  exchangesMax: 16,
}
const SHORT = refuse("overloaded", "memory is short", { retryAfterSeconds: 1 })

interface Exchange extends Holder {
  readonly client: Client
  readonly body: Uint8Array
  readonly reasons: Refusal[]
}

/** A surface whose exchanges stay until they are given up, and a level that the test sets. */
async function start() {
  const memory: { level: MemoryLevel; moved: number } = { level: "calm", moved: 0 }
  const exchanges: Exchange[] = []
  const handle = ({ body, id }: RawRequest, client: Client): void => {
    const reasons: Refusal[] = []
    const exchange = {
      ...{ client, body, reasons, heldBytes: 0 },
      giveUp: (reason: Refusal) => {
        reasons.push(reason)
        refuseRequest("anthropic-messages", reason, id, client)
      },
    }
    exchanges.push(exchange)
    client.heldBy(exchange)
  }
  let count = 0
  const surface = await openAppSurface({
    addresses: [{ host: "127.0.0.1", port: 0 }],
    limits: LIMITS,
    endpoints: [
      { method: "POST", path: "/v1/messages", surface: "anthropic-messages", handle },
      { method: "GET", path: "/v1/models", surface: "openai-models", handle },
    ],
    refuse: refuseRequest,
    nextRequestId: () => `req-${++count}`,
    now: () => 0,
    defer: (run) => void setImmediate(run),
    memory: {
      moved: (bytes) => {
        memory.moved += bytes
      },
      refuseBody: (bytes) => (mayEnter(memory.level, bytes) ? null : SHORT),
      refuseLate: () => (memory.level === "critical" ? SHORT : null),
    },
    onRefused: () => undefined,
  })
  closing.push(() => surface.close())
  return { surface, memory, exchanges }
}

interface Wire {
  readonly socket: Socket
  readonly text: () => string
  readonly isClosed: () => boolean
}

async function dial({ addresses }: AppSurface): Promise<Wire> {
  let text = ""
  let isClosed = false
  const socket = connect(addresses[0]?.port ?? 0, "127.0.0.1")
  socket.on("data", (bytes) => {
    text += bytes.toString("latin1").slice(0, 2000)
  })
  socket.on("error", () => undefined)
  socket.on("close", () => {
    isClosed = true
  })
  closing.push(() => socket.destroy())
  await new Promise((resolve) => socket.once("connect", resolve))
  return { socket, text: () => text, isClosed: () => isClosed }
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 8000
  while (!condition()) {
    if (Date.now() > deadline) throw new Error("the condition did not come true within 8 s")
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

function message(bytes: number, sent = bytes): string {
  return (
    "POST /v1/messages HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n" +
    `content-length: ${bytes}\r\n\r\n${"x".repeat(sent)}`
  )
}
const OVERLOADED = /^HTTP\/1\.1 503 [\s\S]*retry-after: 1[\s\S]*"type":"overloaded_error"/

test("a large request is refused in the caller's shape, small ones and lists are taken", async () => {
  const { surface, memory, exchanges } = await start()
  memory.level = "strained"
  const large = await dial(surface)
  large.socket.write(message(100_000))
  await until(() => OVERLOADED.test(large.text()))
  const small = await dial(surface)
  small.socket.write(message(1000))
  await until(() => exchanges.length === 1)
  memory.level = "critical"
  const none = await dial(surface)
  none.socket.write(message(1000))
  await until(() => OVERLOADED.test(none.text()))
  const list = await dial(surface)
  list.socket.write("GET /v1/models HTTP/1.1\r\nhost: a\r\n\r\n")
  await until(() => exchanges.length === 2)
  memory.level = "calm"
  large.socket.write(message(100_000))
  await until(() => exchanges.length === 3)
})

test("a body that is not whole when nothing fits any more is refused, and counts no longer", async () => {
  const { surface, memory } = await start()
  const wire = await dial(surface)
  wire.socket.write(message(100_000, 50_000))
  await until(() => memory.moved === 50_000)
  expect(surface.held.bytes()).toBeGreaterThan(50_000)
  memory.level = "critical"
  wire.socket.write("x".repeat(50_000))
  await until(() => OVERLOADED.test(wire.text()))
  await until(() => surface.held.bytes() === 0)
})

test("the largest is ended: a body that comes, one that is dispatched, an answer that waits", async () => {
  const { surface, memory, exchanges } = await start()
  const small = await dial(surface)
  small.socket.write(message(1000))
  await until(() => exchanges.length === 1)
  const coming = await dial(surface)
  coming.socket.write(message(2_000_000, 1_500_000))
  await until(() => memory.moved === 1_501_000)
  expect(surface.held.endLargest(SHORT)).toBeGreaterThan(1_500_000)
  await until(() => OVERLOADED.test(coming.text()))
  const whole = await dial(surface)
  whole.socket.write(message(1_000_000))
  await until(() => exchanges.length === 2)
  expect(surface.held.endLargest(SHORT)).toBeGreaterThan(2_000_000)
  await until(() => OVERLOADED.test(whole.text()))
  const reader = await dial(surface)
  reader.socket.pause()
  reader.socket.write(message(1000))
  await until(() => exchanges.length === 3)
  const answer = Buffer.alloc(20_000_000)
  exchanges[2]?.client.start(200, ["content-length", String(answer.length)])
  exchanges[2]?.client.end(answer)
  expect(surface.held.endLargest(SHORT)).toBeGreaterThan(5_000_000)
  reader.socket.resume()
  await until(() => reader.isClosed())
  expect(exchanges.map(({ reasons }) => reasons.length)).toEqual([0, 1, 0])
  expect(small.isClosed()).toBe(false)
})
