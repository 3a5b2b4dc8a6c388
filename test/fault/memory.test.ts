/**
 * A sidecar in a container of 384 MiB, the chart's default, and more than fits into it: it is never
 * ended, what does not fit is told so, and afterwards it serves as before.
 */
import { createServer } from "node:http"
import { type AddressInfo, connect } from "node:net"
import { afterAll, beforeAll, expect, test } from "vitest"
import { chatBody } from "#test/bench/bodies.ts"
import { createProxyStand, type StartedProxy } from "#test/bench/proxy.ts"
import { createMemoryGroup } from "#test/process/memory-group.ts"
import { waitUntil } from "#test/process/wait-until.ts"

const LIMIT_BYTES = 384 * 1024 * 1024
const { group, missing } = createMemoryGroup(LIMIT_BYTES)

const closers: (() => unknown)[] = []
let proxy: StartedProxy
afterAll(async () => {
  for (const close of closers.toReversed()) await close()
  group?.remove()
}, 30_000)

/** What the upstream answers; while `lastByte` is held, all of it but the last byte. */
let answer = answerOf(1000)
let lastByte = Promise.resolve()

function answerOf(bytes: number): Buffer {
  const message = { role: "assistant", content: "x".repeat(bytes) }
  const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 }
  const choices = [{ index: 0, message, finish_reason: "stop" }]
  const whole = { id: "a", object: "chat.completion", created: 1, model: "m", choices, usage }
  return Buffer.from(JSON.stringify(whole))
}

beforeAll(async () => {
  if (group === null) return
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      const body = answer
      response.writeHead(200, { "content-type": "application/json" })
      response.write(body.subarray(0, -1))
      void lastByte.then(() => response.end(body.subarray(-1)))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  closers.push(
    () => server.closeAllConnections(),
    () => server.close(),
  )
  const { port } = server.address() as AddressInfo
  const stand = await createProxyStand(`http://127.0.0.1:${port}`)
  closers.push(() => stand.operator.program.stop())
  proxy = await stand.start(group.launcher)
  closers.push(() => proxy.program.stop())
}, 60_000)

interface Sent {
  /** `200`, `503 overloaded`, `reset` (before its end), or what else it was. */
  readonly answer: Promise<string>
}

/** One chat on a connection of its own. */
function send(body: string): Sent {
  const socket = connect(proxy.port, "127.0.0.1")
  const head =
    "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n" +
    `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n`
  socket.write(head + body)
  let start = ""
  let bytes = 0
  socket.on("data", (piece) => {
    bytes += piece.length
    if (start.length < 4096) start += piece.toString("latin1")
  })
  socket.on("error", () => undefined)
  const answer = new Promise<string>((resolve) => {
    socket.on("close", () => resolve(judge(start, bytes)))
  })
  closers.push(() => socket.destroy())
  return { answer }
}

function judge(start: string, bytes: number): string {
  const [, status] = /^HTTP\/1\.1 (\d+) /.exec(start) ?? []
  const [, length] = /content-length: (\d+)/.exec(start) ?? []
  const isWhole = bytes === start.indexOf("\r\n\r\n") + 4 + Number(length)
  if (status === undefined || !isWhole) return "reset"
  if (status === "200") return status
  const isToldWhen = start.includes("retry-after: 1")
  return `${status} ${/"code":"([a-z_]+)"/.exec(start)?.[1]}${isToldWhen ? "" : " without a time"}`
}

async function settled(chats: readonly Sent[]): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>()
  for (const said of await whileItRuns(Promise.all(chats.map(({ answer }) => answer)))) {
    counts.set(said, (counts.get(said) ?? 0) + 1)
  }
  return counts
}

function whileItRuns<T>(work: Promise<T>): Promise<T> {
  const ended = proxy.program.exited.then(({ signal }) => {
    throw new Error(`the sidecar was ended by ${signal}`)
  })
  return Promise.race([work, ended])
}

function health(): Promise<number> {
  return fetch(`http://127.0.0.1:${proxy.opsPort}/healthz`).then(({ status }) => status)
}

async function metric(name: string): Promise<number> {
  const text = await fetch(`http://127.0.0.1:${proxy.opsPort}/metrics`).then((got) => got.text())
  return Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1])
}

async function expectServesAsBefore(): Promise<void> {
  answer = answerOf(1000)
  for (const body of [chatBody(1_000_000, false), chatBody(1000, false)]) {
    await waitUntil({ what: "an answer after the burst", withinMs: 30_000 }, async () => {
      const said = await send(body).answer
      if (said === "200") return true
      throw new Error(said)
    })
  }
  expect(await metric("sidegate_memory_short")).toBe(0)
  expect(await metric("sidegate_bugs_total")).toBe(0)
}

const NOT_ALL = /^(200|503 overloaded|reset)$/

// A limit of memory needs a cgroup that this process may make.
const limited = test.skipIf(group === null)
const why = missing === null ? "" : ` (not run, no memory cgroup: ${missing})`

const DEADLINE_MS = 150_000

limited(
  `200 chats of 1 MB at once: each is answered, with 503 at worst${why}`,
  async () => {
    const body = chatBody(1_000_000, false)
    const counts = await settled(Array.from({ length: 200 }, () => send(body)))
    expect([...counts.keys()].filter((said) => !/^(200|503 overloaded)$/.test(said))).toEqual([])
    expect(counts.get("200")).toBeGreaterThan(10)
    await expectServesAsBefore()
  },
  DEADLINE_MS,
)

limited(
  `answers that are more than all memory: those that hold most are ended${why}`,
  async () => {
    answer = answerOf(16_000_000)
    const { promise, resolve: release } = Promise.withResolvers<void>()
    lastByte = promise
    const body = chatBody(1000, false)
    const chats = Array.from({ length: 40 }, () => send(body))
    const isOneEnded = waitUntil({ what: "one to be ended", withinMs: 60_000 }, async () => {
      expect(await health()).toBe(200)
      return (await metric("sidegate_memory_ended_total")) > 0 ? true : undefined
    })
    // None of them can end before, and all of them together are 640 MB.
    await whileItRuns(isOneEnded)
    release()
    const counts = await settled(chats)
    expect([...counts.keys()].filter((said) => !NOT_ALL.test(said))).toEqual([])
    expect(counts.get("200")).toBeGreaterThan(0)
    expect(counts.get("503 overloaded")).toBeGreaterThan(0)
    expect(proxy.program.stdout()).toContain("what holds most of it is ended")
    await expectServesAsBefore()
    expect(group?.usedBytesMax()).toBeLessThanOrEqual(LIMIT_BYTES)
  },
  DEADLINE_MS,
)
