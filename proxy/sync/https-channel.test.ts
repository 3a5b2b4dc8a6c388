import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import {
  createServer as createPlainServer,
  type IncomingMessage,
  type ServerResponse,
} from "node:http"
import { createServer } from "node:https"
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { generate } from "selfsigned"
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest"
import type { ConfigEvent } from "#proxy/contract/push.ts"
import type { ControlChannel } from "./channel.ts"
import { createHttpsChannel, type HttpsChannelOptions } from "./https-channel.ts"

const NAME = "sidegate-operator.sidegate-system.svc"
const TOKEN = "token-canary-77ab"
const closing: (() => Promise<unknown> | unknown)[] = []
let directory = ""
let good: { readonly key: string; readonly cert: string }
let other: { readonly key: string; readonly cert: string }

async function makeCertificate(subject: string): Promise<{ key: string; cert: string }> {
  const made = await generate([{ name: "commonName", value: subject }], {
    keyType: "ec",
    notAfterDate: new Date(Date.now() + 3_600_000),
    extensions: [{ name: "subjectAltName", altNames: [{ type: 2, value: NAME }] }],
  })
  return { key: made.private, cert: made.cert }
}

beforeAll(async () => {
  good = await makeCertificate("one")
  other = await makeCertificate("two")
})
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "sidegate-channel-"))
  writeFileSync(join(directory, "ca.crt"), good.cert)
  writeFileSync(join(directory, "token"), `${TOKEN}\n`)
})
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
  rmSync(directory, { recursive: true })
})

interface Asked {
  readonly line: string
  readonly authorization: string | undefined
  readonly body: string
}

type Handle = (asked: Asked, response: ServerResponse) => void

/** A server that keeps what it was asked. */
async function serve(handle: Handle, tls: { key: string; cert: string } | null = good) {
  const asked: Asked[] = []
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    let body = ""
    request.on("data", (bytes) => {
      body += bytes
    })
    request.on("end", () => {
      const one = {
        line: `${request.method} ${request.url}`,
        authorization: request.headers.authorization,
        body,
      }
      asked.push(one)
      handle(one, response)
    })
  }
  const server = tls === null ? createPlainServer(onRequest) : createServer(tls, onRequest)
  return { asked, port: await listen(server) }
}

async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>()
  server.on("connection", (socket: Socket) => {
    sockets.add(socket)
    socket.on("error", () => undefined).on("close", () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  closing.push(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise((resolve) => server.close(resolve))
  })
  return (server.address() as AddressInfo).port
}

function dial(port: number, more: Partial<HttpsChannelOptions> = {}): ControlChannel {
  const channel = createHttpsChannel({
    url: `https://127.0.0.1:${port}`,
    caFile: join(directory, "ca.crt"),
    tokenFile: join(directory, "token"),
    serverName: NAME,
    connectTimeoutMs: 10_000,
    ...more,
  })
  closing.push(() => channel.close())
  return channel
}

const HELLO = {
  boot: "b",
  held: null,
  credentials: null,
  journalSequence: 0,
  schemaVersion: 2,
  release: "1",
}
const IDENTITY = { namespace: "n", pod: "p", podUid: "u", application: "a", labels: { x: "y" } }

function json(response: ServerResponse, status: number, value: unknown, headers = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers })
  response.end(JSON.stringify(value))
}

const EMPTY_BATCH = '{"boot":"b","records":[]}'

describe("a call", () => {
  test("carries the token, and reads the answer", async () => {
    const { asked, port } = await serve(({ line }, response) => {
      if (line === "POST /v1/hello") json(response, 200, { session: "s", identity: IDENTITY })
      else json(response, 200, { acknowledged: 42 })
    })
    const channel = dial(port)
    expect(await channel.hello(HELLO)).toEqual({ session: "s", identity: IDENTITY })
    expect(await channel.usage(EMPTY_BATCH)).toEqual({ acknowledged: 42 })
    await channel.status({
      session: "s",
      version: { term: 1, generation: 2 },
      held: null,
      nack: null,
    })
    expect(asked.map(({ line, authorization }) => [line, authorization])).toEqual([
      ["POST /v1/hello", `Bearer ${TOKEN}`],
      ["POST /v1/usage", `Bearer ${TOKEN}`],
      ["POST /v1/status", `Bearer ${TOKEN}`],
    ])
    expect(JSON.parse(asked[0]?.body ?? "")).toEqual(HELLO)
  })

  test("uses a token and a root that were replaced", async () => {
    const answer: Handle = (_, response) => json(response, 200, { acknowledged: 1 })
    const first = await serve(answer)
    const channel = dial(first.port, { filesAgainMs: 0 })
    await channel.usage(EMPTY_BATCH)
    writeFileSync(join(directory, "token"), "second")
    await channel.usage(EMPTY_BATCH)
    expect(first.asked.map(({ authorization }) => authorization)).toEqual([
      `Bearer ${TOKEN}`,
      "Bearer second",
    ])
    const second = await serve(answer, other)
    const next = dial(second.port)
    await expect(next.usage(EMPTY_BATCH)).rejects.toMatchObject({
      code: "unreachable",
    })
    writeFileSync(join(directory, "ca.crt"), `${good.cert}\n${other.cert}`)
    expect(await next.usage(EMPTY_BATCH)).toEqual({ acknowledged: 1 })
  })

  test("reads token and root once in a while, and at once after a failure", async () => {
    let status = 200
    const { asked, port } = await serve((_, response) =>
      json(response, status, { acknowledged: 1 }),
    )
    const channel = dial(port, { filesAgainMs: 600_000 })
    await channel.usage(EMPTY_BATCH)
    writeFileSync(join(directory, "token"), "second")
    status = 401
    await expect(channel.usage(EMPTY_BATCH)).rejects.toMatchObject({ code: "http_401" })
    status = 200
    await channel.usage(EMPTY_BATCH)
    expect(asked.map(({ authorization }) => authorization)).toEqual([
      `Bearer ${TOKEN}`,
      `Bearer ${TOKEN}`,
      "Bearer second",
    ])
  })

  const refusals = [
    {
      name: "a refusal of the operator",
      answer: (response: ServerResponse) =>
        json(
          response,
          503,
          { error: { code: "not_leader", message: "no" } },
          { "retry-after": "2" },
        ),
      want: { code: "not_leader", message: "no", retryAfterSeconds: 2 },
    },
    {
      name: "a refusal of somebody in between",
      answer: (response: ServerResponse) => response.writeHead(502).end("<html>"),
      want: { code: "http_502", retryAfterSeconds: null },
    },
    {
      name: "a wait of a day, which is cut to a minute",
      answer: (response: ServerResponse) =>
        json(response, 503, { error: { code: "overloaded" } }, { "retry-after": "86400" }),
      want: { code: "overloaded", retryAfterSeconds: 60 },
    },
    {
      name: "an answer that is no JSON",
      answer: (response: ServerResponse) => response.end("hello"),
      want: { code: "bad_answer" },
    },
    {
      name: "an answer of another shape",
      answer: (response: ServerResponse) => json(response, 200, { acknowledged: -1 }),
      want: { code: "bad_answer" },
    },
    {
      name: "an answer that is too large",
      answer: (response: ServerResponse) => response.end("x".repeat(9 * 1024 * 1024)),
      want: { code: "bad_answer" },
    },
    {
      name: "a redirect, which is not followed",
      answer: (response: ServerResponse) =>
        response.writeHead(302, { location: "https://evil.example/" }).end(),
      want: { code: "http_302" },
    },
  ]
  test.each(refusals)("fails on $name", async ({ answer, want }) => {
    const { port } = await serve((_, response) => void answer(response))
    const failure = dial(port).usage(EMPTY_BATCH)
    await expect(failure).rejects.toMatchObject(want)
    await expect(failure).rejects.not.toThrow(TOKEN)
  })
})

describe("nothing of the token is sent", () => {
  test.each([
    ["to a root nobody named", () => serve(() => undefined, other), {}],
    ["to another name", () => serve(() => undefined), { serverName: "other.example" }],
    ["without TLS", () => serve(() => undefined, null), {}],
  ] as const)("%s", async (_, start, more) => {
    const { asked, port } = await start()
    await expect(dial(port, more).hello(HELLO)).rejects.toMatchObject({ code: "unreachable" })
    expect(asked).toEqual([])
  })

  test("to whoever only listens", async () => {
    let text = ""
    const port = await listen(
      createTcpServer((socket) => {
        socket.on("data", (bytes) => {
          text += bytes.toString("latin1")
          socket.end("HTTP/1.1 200 OK\r\n\r\n")
        })
      }),
    )
    await expect(dial(port).hello(HELLO)).rejects.toMatchObject({ code: "unreachable" })
    expect(text).not.toBe("")
    expect(text).not.toContain(TOKEN)
  })

  test("when there is none", async () => {
    const { asked, port } = await serve(() => undefined)
    rmSync(join(directory, "token"))
    await expect(dial(port).hello(HELLO)).rejects.toThrow(/the token in .* cannot be used/)
    expect(asked).toEqual([])
  })
})

describe("the config stream", () => {
  const identityEvent: ConfigEvent = { event: "identity", data: IDENTITY }
  const frame = `event: identity\ndata: ${JSON.stringify(IDENTITY)}\n\n`
  const never = new AbortController().signal

  test("gives events as they come, cut anywhere, and resolves at its end", async () => {
    const { asked, port } = await serve((_, response) => {
      const text = `: keep-alive\n\n${frame}${frame}`
      response.writeHead(200, { "content-type": "text/event-stream" })
      response.write(text.slice(0, 30))
      setImmediate(() => response.end(text.slice(30)))
    })
    const events: ConfigEvent[] = []
    await dial(port).config("s/1", (event) => events.push(event), never)
    expect(events).toEqual([identityEvent, identityEvent])
    expect(asked[0]?.line).toBe("GET /v1/config?session=s%2F1")
  })

  test("that is aborted resolves", async () => {
    const { port } = await serve((_, response) => void response.write(frame))
    const stop = new AbortController()
    await dial(port).config("s", () => stop.abort(), stop.signal)
  })

  test("that falls silent for three keep-alives is dead", async () => {
    const { port } = await serve((_, response) => void response.write(": keep-alive\n\n"))
    const stream = dial(port, { keepAliveMs: 100 }).config("s", () => undefined, never)
    await expect(stream).rejects.toMatchObject({ code: "unreachable" })
  })

  const broken = [
    ["of an unknown kind", "event: grant\ndata: {}\n\n", "bad_event"],
    ["that is no JSON", "event: snapshot\ndata: {\n\n", "bad_event"],
    ["of another shape", `event: credentials\ndata: {"revision":1}\n\n`, "bad_event"],
    ["over 8 MiB", `event: identity\ndata: "${"x".repeat(8.5 * 1024 * 1024)}"\n\n`, "unreachable"],
  ] as const
  test.each(broken)("ends at an event %s", async (_, text, code) => {
    const { port } = await serve((_asked, response) => void response.end(text))
    const stream = dial(port).config("s", () => undefined, never)
    await expect(stream).rejects.toMatchObject({ code })
  })

  test("that is refused says why", async () => {
    const { port } = await serve((_, response) =>
      json(response, 404, { error: { code: "unknown_session", message: "say hello first" } }),
    )
    await expect(dial(port).config("s", () => undefined, never)).rejects.toMatchObject({
      code: "unknown_session",
    })
  })
})
