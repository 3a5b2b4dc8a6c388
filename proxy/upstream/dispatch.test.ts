import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { createServer as createTlsServer } from "node:https"
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { inspect } from "node:util"
import { generate } from "selfsigned"
import { afterEach, describe, expect, test } from "vitest"
import type { CredentialEntry } from "#proxy/contract/push.ts"
import type { ProviderConfig } from "#proxy/contract/snapshot.ts"
import type { UpstreamCall, UpstreamFailure, UpstreamRequest } from "#proxy/exchange/ports.ts"
import { createEgress, type Egress, type EgressOptions } from "./dispatch.ts"
import { KEY_GRACE_MS } from "./key-ring.ts"
import { EXPIRES_EARLY_MS, Secret } from "./secret.ts"

const CANARY = "sk-canary-5f0c1d"
const closing: (() => Promise<unknown> | unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

interface Upstream {
  readonly port: number
  readonly requests: { readonly headers: IncomingMessage["headers"]; readonly url: string }[]
  readonly sockets: Set<Socket>
  connections: number
}

const ok = (_: IncomingMessage, response: ServerResponse): void => {
  response.end("ok")
}

async function startUpstream(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Upstream> {
  const requests: Upstream["requests"] = []
  const server = createServer((request, response) => {
    requests.push({ headers: request.headers, url: request.url ?? "" })
    request.resume().on("end", () => answer(request, response))
  })
  return listen(server, requests)
}

async function startRaw(onSocket: (socket: Socket) => void): Promise<Upstream> {
  return listen(createTcpServer(onSocket), [])
}

async function listen(server: Server, requests: Upstream["requests"]): Promise<Upstream> {
  const sockets = new Set<Socket>()
  const upstream = { port: 0, requests, sockets, connections: 0 }
  server.on("connection", (socket: Socket) => {
    upstream.connections += 1
    sockets.add(socket)
    socket.on("close", () => sockets.delete(socket)).on("error", () => undefined)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  closing.push(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise((resolve) => server.close(resolve))
  })
  upstream.port = (server.address() as AddressInfo).port
  return upstream
}

function makeEgress(more: Partial<EgressOptions> = {}): Egress {
  const egress = createEgress({
    connectionsMax: 8,
    headerBytesMax: 16 * 1024,
    bodyBytesMax: 1024 * 1024,
    dnsTimeoutMs: 10_000,
    caFile: null,
    draw: () => 0.5,
    simulate: () => ({
      steps: [
        { kind: "head", afterMs: 0, status: 200, headers: [] },
        { kind: "data", afterMs: 0, bytes: new TextEncoder().encode("simulated") },
        { kind: "end", afterMs: 0 },
      ],
    }),
    monotonic: () => performance.now(),
    now: Date.now,
    memory: { moved: () => undefined, isFull: () => false },
    defer: (run) => void setImmediate(run),
    ...more,
  })
  closing.push(() => egress.close())
  return egress
}

function makeProvider(origin: string, more: Partial<ProviderConfig> = {}): ProviderConfig {
  return {
    name: "openai",
    schema: "OpenAI",
    origin,
    pathPrefix: "/v1",
    vendor: null,
    options: null,
    network: "Private",
    credential: "None",
    connectTimeoutMs: 10_000,
    disabled: false,
    simulated: null,
    ...more,
  }
}

function makeEntry({ name: provider, origin }: ProviderConfig, value: string): CredentialEntry {
  return { kind: "key", provider, origin, value }
}

function makeRequest(provider: ProviderConfig, body = "{}"): UpstreamRequest {
  return {
    provider,
    method: "POST",
    path: "/v1/chat/completions",
    headers: ["content-type", "application/json"],
    body,
    authorization: { header: "authorization", prefix: "Bearer " },
    connectTimeoutMs: provider.connectTimeoutMs,
  }
}

type Outcome =
  | { readonly status: number; readonly body: string; readonly headers: object }
  | { readonly failure: UpstreamFailure }

function send(egress: Egress, request: UpstreamRequest): Promise<Outcome> {
  return new Promise((resolve) => {
    let status = 0
    let headers: object = {}
    let body = ""
    egress.dispatch(request, {
      onResponse: (code, fields) => {
        status = code
        headers = fields
      },
      onData: (bytes) => {
        body += new TextDecoder().decode(bytes)
        return true
      },
      // A pool knows its connection as free two turns later.
      onEnd: () => setImmediate(() => setImmediate(() => resolve({ status, body, headers }))),
      onFailure: (failure) => resolve({ failure }),
    })
  })
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 15_000
  while (!condition()) {
    if (Date.now() > deadline) throw new Error("the condition did not come true within 15 s")
    await new Promise((resolve) => setImmediate(resolve))
  }
}

describe("a request", () => {
  test("sends the key on the wire only, asks for no compression, keeps its line", async () => {
    const upstream = await startUpstream((_, response) => response.end("hello"))
    const egress = makeEgress()
    const provider = makeProvider(`http://127.0.0.1:${upstream.port}`, { credential: "Secret" })
    egress.setCredentials([makeEntry(provider, CANARY)])
    const first = await send(egress, makeRequest(provider))
    const second = await send(egress, makeRequest(provider))
    expect([first, second]).toMatchObject([{ status: 200, body: "hello" }, { body: "hello" }])
    expect(upstream.requests[0]).toMatchObject({
      url: "/v1/chat/completions",
      headers: {
        host: `127.0.0.1:${upstream.port}`,
        authorization: `Bearer ${CANARY}`,
        "accept-encoding": "identity",
      },
    })
    expect(upstream.connections).toBe(1)
  })

  test("without its key fails before anything is dialled", async () => {
    const dials: string[] = []
    const egress = makeEgress({ onDial: (address) => dials.push(address) })
    const provider = makeProvider("http://127.0.0.1:9", { credential: "Secret" })
    expect(await send(egress, makeRequest(provider))).toEqual({
      failure: {
        kind: "credential-missing",
        wasSent: false,
        detail: "AIProvider openai: no key has been received",
      },
    })
    expect(dials).toEqual([])
  })

  test("follows no redirect", async () => {
    const upstream = await startUpstream((_, response) =>
      response.writeHead(302, { location: "http://169.254.169.254/latest/meta-data" }).end(),
    )
    const dials: string[] = []
    const egress = makeEgress({ onDial: (address) => dials.push(address) })
    const provider = makeProvider(`http://127.0.0.1:${upstream.port}`)
    expect(await send(egress, makeRequest(provider))).toMatchObject({ status: 302 })
    expect(dials).toEqual(["127.0.0.1"])
  })

  test("ignores a proxy named by the environment", async () => {
    const upstream = await startUpstream((_, response) => response.end("direct"))
    const before = process.env["HTTP_PROXY"]
    process.env["HTTP_PROXY"] = "http://127.0.0.1:1"
    closing.push(() => {
      if (before === undefined) delete process.env["HTTP_PROXY"]
      else process.env["HTTP_PROXY"] = before
    })
    const provider = makeProvider(`http://127.0.0.1:${upstream.port}`)
    expect(await send(makeEgress(), makeRequest(provider))).toMatchObject({ body: "direct" })
  })

  test("that is aborted destroys its connection, and nothing is heard any more", async () => {
    const upstream = await startUpstream((_, response) => response.write("first"))
    const egress = makeEgress()
    const provider = makeProvider(`http://127.0.0.1:${upstream.port}`)
    const heard: string[] = []
    let call: UpstreamCall | undefined
    await new Promise<void>((resolve) => {
      call = egress.dispatch(makeRequest(provider), {
        onResponse: () => void heard.push("head"),
        onData: () => {
          heard.push("data")
          resolve()
          return true
        },
        onEnd: () => void heard.push("end"),
        onFailure: () => void heard.push("failure"),
      })
    })
    call?.abort()
    await until(() => upstream.sockets.size === 0)
    expect(heard).toEqual(["head", "data"])
  })

  test("that is aborted while it waits for a connection never goes out", async () => {
    const upstream = await startUpstream((_, response) => response.end("x"))
    const egress = makeEgress({ connectionsMax: 1 })
    const provider = makeProvider(`http://127.0.0.1:${upstream.port}`)
    const first = send(egress, makeRequest(provider))
    const heard: string[] = []
    egress
      .dispatch(makeRequest(provider), {
        onResponse: () => void heard.push("head"),
        onData: () => true,
        onEnd: () => void heard.push("end"),
        onFailure: () => void heard.push("failure"),
      })
      .abort()
    await first
    await send(egress, makeRequest(provider))
    expect(upstream.requests).toHaveLength(2)
    expect(heard).toEqual([])
  })

  test("pauses its upstream until it is resumed", async () => {
    const upstream = await startUpstream((_, response) => {
      response.write("a".repeat(1000))
      setImmediate(() => response.end("b".repeat(1000)))
    })
    const egress = makeEgress()
    const provider = makeProvider(`http://127.0.0.1:${upstream.port}`)
    let bytes = 0
    let isOver = false
    const call = egress.dispatch(makeRequest(provider), {
      onResponse: () => undefined,
      onData: (chunk) => {
        bytes += chunk.length
        return false
      },
      onEnd: () => {
        isOver = true
      },
      onFailure: () => undefined,
    })
    await until(() => bytes > 0)
    expect(isOver).toBe(false)
    while (!isOver) {
      call.resume()
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(bytes).toBe(2000)
  })
})

describe("a failure", () => {
  const raw = (answer: string) => async (): Promise<Upstream> =>
    startRaw((socket) => void socket.once("data", () => socket.end(answer)))
  const cases = [
    {
      name: "of the connection says that nothing was sent",
      start: async () => ({ port: 1 }),
      want: { kind: "connect", wasSent: false },
    },
    {
      name: "before the answer's head says that the request may have arrived",
      start: () => startRaw((socket) => void socket.once("data", () => socket.destroy())),
      want: { kind: "reset", wasSent: true },
    },
    {
      name: "in the middle of the body is a reset",
      start: raw("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc"),
      want: { kind: "reset", wasSent: true },
    },
    {
      name: "of the protocol is named",
      start: raw("SSH-2.0-OpenSSH_9\r\n\r\n"),
      want: { kind: "protocol", wasSent: true },
    },
    {
      name: "for headers over the limit is too-large",
      start: raw(`HTTP/1.1 200 OK\r\nx: ${"y".repeat(20_000)}\r\n\r\n`),
      want: { kind: "too-large", wasSent: true },
    },
    {
      name: "for a body over the limit is too-large",
      start: raw(`HTTP/1.1 200 OK\r\n\r\n${"y".repeat(1_100_000)}`),
      want: { kind: "too-large", wasSent: true },
    },
    {
      name: "for interim answers without end is one of the protocol",
      start: raw(`${"HTTP/1.1 103 Early Hints\r\n\r\n".repeat(20)}HTTP/1.1 200 OK\r\n\r\n`),
      want: { kind: "protocol", wasSent: true },
    },
  ]
  test.each(cases)("$name", async ({ start, want }) => {
    const { port } = await start()
    const provider = makeProvider(`http://127.0.0.1:${port}`)
    const outcome = await send(makeEgress(), makeRequest(provider))
    expect(outcome).toMatchObject({ failure: want })
  })

  test("of the handler at the end reaches the process, not the next request", async () => {
    const upstream = await startUpstream((_, response) => response.end("x"))
    const egress = makeEgress()
    const provider = makeProvider(`http://127.0.0.1:${upstream.port}`)
    const listeners = process.listeners("uncaughtException")
    process.removeAllListeners("uncaughtException")
    const caught = new Promise((resolve) => process.once("uncaughtException", resolve))
    egress.dispatch(makeRequest(provider), {
      onResponse: () => undefined,
      onData: () => true,
      onEnd: () => {
        throw new Error("a bug")
      },
      onFailure: () => undefined,
    })
    expect(await caught).toMatchObject({ message: "a bug" })
    for (const listener of listeners) process.on("uncaughtException", listener)
    expect(await send(egress, makeRequest(provider))).toMatchObject({ status: 200 })
  })

  test("of the handler within a stream reaches the process, and the stream goes on", async () => {
    let goOn = (): void => undefined
    const upstream = await startUpstream((_, response) => {
      response.write("1")
      goOn = () => void response.write("2", () => response.end("3"))
    })
    const egress = makeEgress()
    const listeners = process.listeners("uncaughtException")
    process.removeAllListeners("uncaughtException")
    const caught = new Promise((resolve) => process.once("uncaughtException", resolve))
    const failures: UpstreamFailure[] = []
    let pieces = 0
    const ended = new Promise<void>((resolve) => {
      egress.dispatch(makeRequest(makeProvider(`http://127.0.0.1:${upstream.port}`)), {
        onResponse: () => undefined,
        onData: () => {
          pieces += 1
          if (pieces === 1) setImmediate(() => setImmediate(goOn))
          if (pieces === 2) throw new Error("a bug")
          return true
        },
        onEnd: resolve,
        onFailure: (failure) => {
          failures.push(failure)
          resolve()
        },
      })
    })
    expect(await caught).toMatchObject({ message: "a bug" })
    for (const listener of listeners) process.on("uncaughtException", listener)
    await ended
    expect(failures).toEqual([])
  })
})

describe("dialling", () => {
  const denied = [
    ["Public", "http://127.0.0.1:80", "127.0.0.1"],
    ["Public", "http://[::1]:80", "::1"],
    ["Public", "http://0x7f.1", "127.0.0.1"],
    ["Public", "http://2130706433", "127.0.0.1"],
    ["Public", "http://017700000001", "127.0.0.1"],
    ["Public", "http://127.1", "127.0.0.1"],
    ["Public", "http://１２７.0.0.1", "127.0.0.1"],
    ["Public", "http://[::ffff:10.0.0.1]", "::ffff:a00:1"],
    ["Private", "http://169.254.169.254", "169.254.169.254"],
    ["Private", "http://0xa9fea9fe", "169.254.169.254"],
    ["Private", "http://[fe80::1]", "fe80::1"],
    ["Private", "http://[::ffff:169.254.169.254]", "::ffff:a9fe:a9fe"],
  ] as const
  test.each(denied)("network %s never opens %s", async (network, origin, address) => {
    const dials: string[] = []
    const egress = makeEgress({ onDial: (one) => dials.push(one) })
    const outcome = await send(egress, makeRequest(makeProvider(origin, { network })))
    expect(outcome).toMatchObject({ failure: { kind: "address-denied", wasSent: false } })
    expect(JSON.stringify(outcome)).toContain(address)
    expect(dials).toEqual([])
  })

  const names = [
    { name: "a name that resolves inwards", resolved: ["10.0.0.1"] },
    { name: "a name with one good address among bad ones", resolved: ["10.0.0.1", "127.0.0.1"] },
    { name: "a name that resolves to nothing allowed", resolved: ["fe80::1", "169.254.169.254"] },
  ]
  test.each(names)("network Public refuses $name", async ({ resolved }) => {
    const dials: string[] = []
    const egress = makeEgress({
      resolve: async () => resolved,
      onDial: (address) => dials.push(address),
    })
    const provider = makeProvider("http://api.example", { network: "Public" })
    expect(await send(egress, makeRequest(provider))).toMatchObject({
      failure: { kind: "address-denied", wasSent: false },
    })
    expect(dials).toEqual([])
  })

  test("a name that changes its mind is judged at every dial", async () => {
    const upstream = await startUpstream((_, response) => response.end("x"))
    const answers = [["127.0.0.1"], ["169.254.169.254"]]
    const dials: string[] = []
    const egress = makeEgress({
      resolve: async () => answers.shift() ?? [],
      onDial: (address) => dials.push(address),
    })
    const provider = makeProvider(`http://rebind.example:${upstream.port}`)
    expect(await send(egress, makeRequest(provider))).toMatchObject({ status: 200 })
    for (const socket of upstream.sockets) socket.destroy()
    await until(() => upstream.sockets.size === 0)
    let outcome = await send(egress, makeRequest(provider))
    if ("failure" in outcome && outcome.failure.kind === "reset") {
      outcome = await send(egress, makeRequest(provider))
    }
    expect(outcome).toMatchObject({ failure: { kind: "address-denied" } })
    expect(dials).toEqual(["127.0.0.1"])
  })

  test("of a name that does not resolve is a dns failure", async () => {
    const egress = makeEgress({
      resolve: async () => {
        const { DnsError } = await import("./resolve.ts")
        throw new DnsError("ENOTFOUND", "api.example does not resolve (ENOTFOUND)")
      },
    })
    const provider = makeProvider("http://api.example")
    expect(await send(egress, makeRequest(provider))).toEqual({
      failure: {
        kind: "dns",
        wasSent: false,
        detail: "api.example does not resolve (ENOTFOUND)",
      },
    })
  })
})

describe("TLS", () => {
  async function startTls(): Promise<{ readonly port: number; readonly ca: string }> {
    const notAfterDate = new Date(Date.now() + 3_600_000)
    const made = await generate([{ name: "commonName", value: "localhost" }], {
      keyType: "ec",
      notAfterDate,
      extensions: [{ name: "subjectAltName", altNames: [{ type: 2, value: "localhost" }] }],
    })
    const server = createTlsServer({ key: made.private, cert: made.cert }, (request, response) => {
      request.resume().on("end", () => response.end("secure"))
    })
    const { port } = await listen(server, [])
    return { port, ca: made.cert }
  }

  test("trusts the roots of the CA file besides the public ones", async () => {
    const { port, ca } = await startTls()
    const directory = mkdtempSync(join(tmpdir(), "sidegate-ca-"))
    closing.push(() => rmSync(directory, { recursive: true }))
    writeFileSync(join(directory, "ca.pem"), ca)
    const egress = makeEgress({
      caFile: join(directory, "ca.pem"),
      resolve: async () => ["127.0.0.1"],
    })
    const good = makeProvider(`https://localhost:${port}`)
    expect(await send(egress, makeRequest(good))).toMatchObject({ body: "secure" })
    const other = makeProvider(`https://other.example:${port}`)
    expect(await send(egress, makeRequest(other))).toMatchObject({
      failure: { kind: "tls", wasSent: false },
    })
  })

  test("refuses a root that nobody named", async () => {
    const { port } = await startTls()
    const egress = makeEgress({ resolve: async () => ["127.0.0.1"] })
    const provider = makeProvider(`https://localhost:${port}`)
    expect(await send(egress, makeRequest(provider))).toMatchObject({ failure: { kind: "tls" } })
  })
})

describe("keys", () => {
  const keysSeen = ({ requests }: Upstream) => requests.map(({ headers }) => headers.authorization)

  test("go to the origin that they came for, and to no other of the provider", async () => {
    const [before, after] = [await startUpstream(ok), await startUpstream(ok)]
    const egress = makeEgress()
    const old = makeProvider(`http://127.0.0.1:${before.port}`, { credential: "Secret" })
    const moved = makeProvider(`http://127.0.0.1:${after.port}`, { credential: "Secret" })
    egress.setCredentials([makeEntry(moved, CANARY)])
    expect(await send(egress, makeRequest(old))).toMatchObject({
      failure: { kind: "credential-missing" },
    })
    expect(await send(egress, makeRequest(moved))).toMatchObject({ status: 200 })
    expect([keysSeen(before), keysSeen(after)]).toEqual([[], [`Bearer ${CANARY}`]])
  })

  test("that are gone still serve what began before, for 30 seconds", async () => {
    const upstream = await startUpstream(ok)
    let clock = 0
    const egress = makeEgress({ monotonic: () => clock })
    const provider = makeProvider(`http://127.0.0.1:${upstream.port}`, { credential: "Secret" })
    egress.setCredentials([makeEntry(provider, "one")])
    egress.setCredentials([])
    egress.retain([provider])
    expect(await send(egress, makeRequest(provider))).toMatchObject({ status: 200 })
    clock = KEY_GRACE_MS - 1
    egress.setCredentials([])
    expect(await send(egress, makeRequest(provider))).toMatchObject({ status: 200 })
    expect(upstream.connections).toBe(1)
    clock = KEY_GRACE_MS
    expect(await send(egress, makeRequest(provider))).toMatchObject({
      failure: { kind: "credential-missing" },
    })
  })

  test("that replace one are used at once; one that comes back keeps its connections", async () => {
    const upstream = await startUpstream(ok)
    const egress = makeEgress()
    const provider = makeProvider(`http://127.0.0.1:${upstream.port}`, { credential: "Secret" })
    for (const keys of [["one"], [], ["one"], ["two"], [], ["three"]]) {
      egress.setCredentials(keys.map((key) => makeEntry(provider, key)))
      await send(egress, makeRequest(provider))
    }
    expect(keysSeen(upstream)).toEqual([
      "Bearer one",
      "Bearer one",
      "Bearer one",
      "Bearer two",
      "Bearer two",
      "Bearer three",
    ])
    expect(upstream.connections).toBe(3)
  })
})

describe("what expires", () => {
  const NOW = Date.parse("2026-11-27T12:00:00Z")
  const origin = (upstream: Upstream) => `http://127.0.0.1:${upstream.port}`
  const token = (at: string, value: string, expiresAt: number): CredentialEntry => {
    return { kind: "bearer", provider: "openai", origin: at, value, expiresAt }
  }
  const keysOfAws = (at: string): CredentialEntry => ({
    kind: "aws",
    provider: "openai",
    origin: at,
    accessKeyId: "AKIDEXAMPLE",
    secretAccessKey: "canary-of-aws",
    sessionToken: "canary-token/+=",
    region: "eu-central-1",
    service: "bedrock",
    expiresAt: NOW + 9000,
  })

  test("a token goes where the schema says, until shortly before it expires", async () => {
    const upstream = await startUpstream(ok)
    let clock = NOW - EXPIRES_EARLY_MS - 1
    const egress = makeEgress({ now: () => clock })
    const provider = makeProvider(origin(upstream), { credential: "Secret" })
    egress.setCredentials([token(provider.origin, "t1", NOW)])
    expect(await send(egress, makeRequest(provider))).toMatchObject({ status: 200 })
    expect(upstream.requests[0]?.headers.authorization).toBe("Bearer t1")
    clock = NOW - EXPIRES_EARLY_MS
    expect(await send(egress, makeRequest(provider))).toEqual({
      failure: {
        kind: "credential-missing",
        wasSent: false,
        detail:
          "AIProvider openai: its credential expired at 2026-11-27T12:00:00.000Z and no newer one " +
          "has been received",
      },
    })
    egress.setCredentials([token(provider.origin, "t2", NOW + 9000)])
    expect(await send(egress, makeRequest(provider))).toMatchObject({ status: 200 })
    expect(upstream.requests.map(({ headers }) => headers.authorization)).toEqual([
      "Bearer t1",
      "Bearer t2",
    ])
  })

  test("a token is a bearer token also where a key has a header of its own", async () => {
    const upstream = await startUpstream(ok)
    const egress = makeEgress({ now: () => NOW - EXPIRES_EARLY_MS - 1 })
    const provider = makeProvider(origin(upstream), { credential: "Secret" })
    const authorization = { header: "api-key", prefix: "" }
    const key = { kind: "key", provider: "openai", origin: provider.origin, value: "k1" } as const
    egress.setCredentials([key])
    await send(egress, { ...makeRequest(provider), authorization })
    egress.setCredentials([token(provider.origin, "t1", NOW)])
    await send(egress, { ...makeRequest(provider), authorization })
    expect(
      upstream.requests.map(({ headers }) => [headers["api-key"], headers.authorization]),
    ).toEqual([
      ["k1", undefined],
      [undefined, "Bearer t1"],
    ])
  })

  test("the keys of AWS sign what is sent, and go nowhere themselves", async () => {
    const upstream = await startUpstream(ok)
    const egress = makeEgress({ now: () => NOW })
    const provider = makeProvider(origin(upstream), { credential: "Secret" })
    egress.setCredentials([keysOfAws(provider.origin)])
    const path = "/model/anthropic.claude-v1%3A0/converse?trace=1"
    const plain = makeRequest(provider, '{"a":1}')
    // What a client may set is not signed: how a tab within is read is AWS's affair.
    const own = ["idempotency-key", "a\tb", "traceparent", "00-0a-0b-01", "accept", "a/b"]
    const request = { ...plain, headers: [...plain.headers, ...own], path }
    expect(await send(egress, request)).toMatchObject({ status: 200 })
    const { headers, url } = upstream.requests[0] ?? { headers: {}, url: "" }
    const scope = "20261127/eu-central-1/bedrock/aws4_request"
    const signed = "content-type;host;x-amz-date;x-amz-security-token"
    const credential = `Credential=AKIDEXAMPLE/${scope}, SignedHeaders=${signed}`
    expect(headers.authorization).toMatch(
      new RegExp(`^AWS4-HMAC-SHA256 ${credential}, Signature=[0-9a-f]{64}$`),
    )
    expect([url, headers["x-amz-date"], headers["x-amz-security-token"]]).toEqual([
      path,
      "20261127T120000Z",
      "canary-token/+=",
    ])
    expect(JSON.stringify(headers)).not.toContain("canary-of-aws")
  })

  test("no part of the keys of AWS is shown, and every part is taken out of a text", () => {
    const secret = new Secret(keysOfAws("https://a.example"))
    const shown = [
      `${secret}`,
      JSON.stringify({ secret }),
      inspect({ secret }, { showHidden: true, depth: 9 }),
      inspect(secret, { customInspect: false, showHidden: true }),
    ]
    expect(shown.join(" ")).not.toMatch(/canary|AKID/)
    expect(secret.concealIn("AKIDEXAMPLE signed canary-token/+= with canary-of-aws")).toBe(
      "[secret] signed [secret] with [secret]",
    )
  })
})

describe("pools", () => {
  test("are never shared between keys; a new key gets a new connection at once", async () => {
    const upstream = await startUpstream((_, response) => response.end("x"))
    const egress = makeEgress()
    const provider = makeProvider(`http://127.0.0.1:${upstream.port}`, { credential: "Secret" })
    egress.setCredentials([makeEntry(provider, "one")])
    await send(egress, makeRequest(provider))
    egress.setCredentials([makeEntry(provider, "one")])
    await send(egress, makeRequest(provider))
    expect(upstream.connections).toBe(1)
    egress.setCredentials([makeEntry(provider, "two")])
    await send(egress, makeRequest(provider))
    expect(upstream.connections).toBe(2)
    expect(upstream.requests.map(({ headers }) => headers.authorization)).toEqual([
      "Bearer one",
      "Bearer one",
      "Bearer two",
    ])
    egress.retain([provider])
    await until(() => upstream.sockets.size === 1)
    expect(egress.poolCount()).toBe(1)
  })

  test("survive a new Snapshot that says the same of the provider", async () => {
    const upstream = await startUpstream((_, response) => response.end("x"))
    const egress = makeEgress()
    const origin = `http://127.0.0.1:${upstream.port}`
    await send(egress, makeRequest(makeProvider(origin)))
    egress.retain([makeProvider(origin)])
    await send(egress, makeRequest(makeProvider(origin)))
    expect(upstream.connections).toBe(1)
  })

  test("of a provider that is gone finish what they carry and close", async () => {
    let finish: (() => void) | undefined
    const upstream = await startUpstream((_, response) => {
      response.write("begun ")
      finish = () => response.end("and ended")
    })
    const egress = makeEgress()
    const provider = makeProvider(`http://127.0.0.1:${upstream.port}`)
    const answer = send(egress, makeRequest(provider))
    await until(() => finish !== undefined)
    egress.retain([])
    expect(egress.poolCount()).toBe(0)
    finish?.()
    expect(await answer).toMatchObject({ body: "begun and ended" })
    await until(() => upstream.sockets.size === 0)
  })
})

test("a simulated provider answers through the same function, without a socket", async () => {
  const dials: string[] = []
  const egress = makeEgress({ onDial: (address) => dials.push(address) })
  const simulated = {
    latencyMs: 0,
    tokenIntervalMs: 0,
    outputTokens: 1,
    errorPercent: 0,
    fault: "ServerError",
  } as const
  const provider = makeProvider("", { schema: "Simulated", simulated })
  expect(await send(egress, makeRequest(provider))).toMatchObject({ body: "simulated" })
  expect(dials).toEqual([])
})

test("a Secret shows itself to nobody that prints or serialises it", () => {
  const secret = new Secret(makeEntry(makeProvider("https://a.example"), CANARY))
  const shown = [
    String(secret),
    `${secret}`,
    JSON.stringify({ secret }),
    inspect({ secret }, { showHidden: true, depth: 9 }),
    inspect(secret, { customInspect: false, showHidden: true }),
    JSON.stringify(Object.entries(secret)),
    JSON.stringify(structuredClone(secret)),
  ]
  expect(shown.join(" ")).not.toContain(CANARY)
  expect(secret.concealIn(`${CANARY}, ${CANARY}`)).toBe("[secret], [secret]")
})
