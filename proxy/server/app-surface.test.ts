import { connect, type Socket } from "node:net"
import { afterEach, describe, expect, test } from "vitest"
import type { Client, RawRequest } from "#proxy/exchange/ports.ts"
import { refuseRequest } from "#proxy/pipeline/pipeline.ts"
import { type AppLimits, type AppSurface, openAppSurface } from "./app-surface.ts"
import { AddressInUseError } from "./listen.ts"

const closing: (() => Promise<unknown> | unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const FORM = "/v1/audio/transcriptions"
/** Times that no test waits for: those that do name their own. */
const LIMITS: AppLimits = {
  bodyBytesMax: 1000,
  bodiesBytesMax: 10_000,
  bodyStallMs: 60_000,
  headerBytesMax: 16 * 1024,
  headersMax: 100,
  headersTimeoutMs: 60_000,
  requestTimeoutMs: 60_000,
  keepAliveMs: 75_000,
  connectionsMax: 50,
  exchangesMax: 40,
}

interface Started {
  readonly surface: AppSurface
  readonly port: number
  readonly handled: RawRequest[]
  readonly clients: Client[]
  readonly refused: string[]
}

/** A chat endpoint that answers with its own body unless `handle` says otherwise. */
async function start(
  more: Partial<AppLimits> = {},
  handle: (request: RawRequest, client: Client) => void = echo,
): Promise<Started> {
  const handled: RawRequest[] = []
  const clients: Client[] = []
  const refused: string[] = []
  const run = (request: RawRequest, client: Client): void => {
    handled.push(request)
    clients.push(client)
    handle(request, client)
  }
  let count = 0
  const surface = await openAppSurface({
    addresses: [{ host: "127.0.0.1", port: 0 }],
    limits: { ...LIMITS, ...more },
    endpoints: [
      { method: "POST", path: "/v1/chat/completions", surface: "openai-chat", handle: run },
      { method: "GET", path: "/v1/models", surface: "openai-models", handle: run },
      { method: "POST", path: FORM, surface: "openai-transcriptions", takes: "form", handle: run },
    ],
    refuse: refuseRequest,
    nextRequestId: () => `req-${++count}`,
    now: () => 1_800_000_000_000,
    defer: (run) => void setImmediate(run),
    memory: ENOUGH_MEMORY,
    onRefused: ({ code }) => refused.push(code),
  })
  closing.push(() => surface.close())
  return { surface, port: surface.addresses[0]?.port ?? 0, handled, clients, refused }
}

const ENOUGH_MEMORY = { moved: () => undefined, refuseBody: () => null, refuseLate: () => null }

function echo(request: RawRequest, client: Client): void {
  client.start(200, ["content-length", String(request.body.length)])
  client.end(request.body)
}

interface Wire {
  readonly socket: Socket
  /** What has come so far, one character a byte. */
  readonly text: () => string
  readonly isClosed: () => boolean
}

function dial(port: number): Promise<Wire> {
  return new Promise((resolve, reject) => {
    let text = ""
    let isClosed = false
    const socket = connect(port, "127.0.0.1", () =>
      resolve({ socket, text: () => text, isClosed: () => isClosed }),
    )
    socket.on("data", (bytes) => {
      text += bytes.toString("latin1")
    })
    socket.on("close", () => {
      isClosed = true
    })
    socket.on("error", reject)
    closing.push(() => socket.destroy())
  })
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 15_000
  while (!condition()) {
    if (Date.now() > deadline) throw new Error("the condition did not come true within 15 s")
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

const HOST = "host: a\r\n"
const JSON_HEADERS = `${HOST}content-type: application/json\r\n`
const get = (target: string, headers = HOST): string => `GET ${target} HTTP/1.1\r\n${headers}\r\n`
const post = (headers: string, body = ""): string =>
  `POST /v1/chat/completions HTTP/1.1\r\n${headers}\r\n${body}`
const chat = (body: string): string =>
  post(`${JSON_HEADERS}content-length: ${body.length}\r\n`, body)

interface Row {
  readonly name: string
  readonly send: string
  readonly status: number
  readonly code: string | null
  /** Whether the connection must end with the answer. */
  readonly closes?: boolean
}

const smuggling: readonly Row[] = [
  {
    name: "content-length and transfer-encoding together",
    send: post(`${JSON_HEADERS}content-length: 3\r\ntransfer-encoding: chunked\r\n`, "0\r\n\r\n"),
    status: 400,
    code: "bad_request",
    closes: true,
  },
  {
    name: "two content-lengths",
    send: post(`${JSON_HEADERS}content-length: 2\r\ncontent-length: 3\r\n`, "{}"),
    status: 400,
    code: "bad_request",
    closes: true,
  },
  ...["+5", "0x5", "-1", "5, 5", "18446744073709551616"].map((length) => ({
    name: `content-length ${length}`,
    send: post(`${JSON_HEADERS}content-length: ${length}\r\n`, "{}   "),
    status: 400,
    code: "bad_request",
    closes: true,
  })),
  ...["xchunked", "chunked, identity"].map((coding) => ({
    name: `transfer-encoding ${coding}`,
    send: post(`${JSON_HEADERS}transfer-encoding: ${coding}\r\n`, "0\r\n\r\n"),
    status: 400,
    code: "bad_request",
    closes: true,
  })),
  {
    name: "transfer-encoding gzip, chunked",
    send: post(`${JSON_HEADERS}transfer-encoding: gzip, chunked\r\n`, "0\r\n\r\n"),
    status: 501,
    code: "transfer_coding_unsupported",
    closes: true,
  },
  ...[
    ["a folded header", `${HOST}x: a\r\n b\r\n`],
    ["a bare line feed", "host: a\nx: y\n"],
    ["a bare carriage return", `${HOST}x: a\rb\r\n`],
    ["a NUL in a value", `${HOST}x: a\0b\r\n`],
    ["a space before the colon", `${HOST}x : a\r\n`],
  ].map(([name = "", headers = ""]) => ({
    name,
    send: get("/v1/models", headers),
    status: 400,
    code: "bad_request",
    closes: true,
  })),
  ...[
    ["a chunk ended by a bare line feed", "2\n{}\r\n0\r\n\r\n"],
    ["a chunk size in 0x notation", "0x2\r\n{}\r\n0\r\n\r\n"],
    ["a negative chunk size", "-2\r\n{}\r\n0\r\n\r\n"],
  ].map(([name = "", body = ""]) => ({
    name,
    send: post(`${JSON_HEADERS}transfer-encoding: chunked\r\n`, body),
    status: 400,
    code: "bad_request",
    closes: true,
  })),
]

const heads: readonly Row[] = [
  {
    name: "two Host headers",
    send: get("/v1/models", "host: a\r\nhost: b\r\n"),
    status: 400,
    code: "bad_host",
    closes: true,
  },
  ...["", "a:1/#@b", "u:p@b", "a\\x", "a b", "a:99999999", "[::1", "a,b"].map((host) => ({
    name: `Host ${JSON.stringify(host)}`,
    send: get("/v1/models", `host: ${host}\r\n`),
    status: 400,
    code: "bad_host",
    closes: true,
  })),
  { name: "no Host", send: get("/v1/models", ""), status: 400, code: "bad_host", closes: true },
  ...["localhost:4141", "[::1]:4141", "127.0.0.1"].map((host) => ({
    name: `Host ${host}`,
    send: get("/v1/models", `host: ${host}\r\n`),
    status: 200,
    code: null,
  })),
  ...["http://evil/v1/models", "https://evil/v1/models"].map((target) => ({
    name: `the target ${target}`,
    send: get(target),
    status: 400,
    code: "absolute_form",
  })),
  {
    name: "OPTIONS *",
    send: `OPTIONS * HTTP/1.1\r\n${HOST}\r\n`,
    status: 405,
    code: "method_not_allowed",
  },
  {
    name: "TRACE",
    send: `TRACE /v1/models HTTP/1.1\r\n${HOST}\r\n`,
    status: 405,
    code: "method_not_allowed",
  },
  {
    name: "CONNECT",
    send: `CONNECT evil:443 HTTP/1.1\r\n${HOST}\r\n`,
    status: 405,
    code: "method_not_allowed",
    closes: true,
  },
  {
    name: "an upgrade to websocket",
    send: get("/v1/models", `${HOST}connection: upgrade\r\nupgrade: websocket\r\n`),
    status: 400,
    code: "bad_request",
  },
  {
    name: "Java's unasked offer of h2c",
    send: get(
      "/v1/models",
      `${HOST}connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n`,
    ),
    status: 200,
    code: null,
  },
  {
    name: "the preface of HTTP/2",
    send: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    status: 400,
    code: "bad_request",
    closes: true,
  },
  ...[
    "/v1/../v1/models",
    "/v1/./models",
    "/v1/%2e%2e/v1/models",
    "//v1/models",
    "/v1//models",
    "/v1%2fmodels",
    "/v1/models/",
    "/v1/Models",
    "/%ff",
    "/v1/models#x",
    "/#frag?x",
    "/metrics",
    "/healthz",
    "/debug",
    "/config",
    "/quitquitquit",
    "/v1/files",
    "/v1/realtime",
    "/",
  ].map((target) => ({
    name: `the path ${target}`,
    send: get(target),
    status: 404,
    code: "endpoint_not_enabled",
  })),
  { name: "a query string", send: get("/v1/models?limit=5"), status: 200, code: null },
  {
    name: "3,000 headers",
    send: get("/v1/models", HOST + "a:b\r\n".repeat(3000)),
    status: 431,
    code: "headers_too_large",
  },
  {
    name: "200 headers of 200 bytes",
    send: get("/v1/models", HOST + `x: ${"y".repeat(195)}\r\n`.repeat(200)),
    status: 431,
    code: "headers_too_large",
    closes: true,
  },
  {
    name: "one header of 64 KiB",
    send: get("/v1/models", `${HOST}x: ${"y".repeat(65_536)}\r\n`),
    status: 431,
    code: "headers_too_large",
    closes: true,
  },
  {
    name: "headers called __proto__ and constructor",
    send: get("/v1/models", `${HOST}__proto__: a\r\nconstructor: b\r\n`),
    status: 200,
    code: null,
  },
  {
    name: "UTF-8 in a header",
    send: get("/v1/models", `${HOST}x: \xc3\xa4\r\n`),
    status: 400,
    code: "bad_header",
  },
  {
    name: "a header that may stand once, twice",
    send: get("/v1/models", `${HOST}x-sidegate-user: a\r\nx-sidegate-user: b\r\n`),
    status: 400,
    code: "bad_header",
    closes: true,
  },
  {
    name: "a list header twice",
    send: get("/v1/models", `${HOST}accept: a\r\naccept: b\r\n`),
    status: 200,
    code: null,
  },
]

const bodies: readonly Row[] = [
  {
    name: "an unknown expectation",
    send: post(`${JSON_HEADERS}content-length: 2\r\nexpect: foo\r\n`, "{}"),
    status: 417,
    code: "expectation_failed",
  },
  {
    name: "a GET with a body",
    send: `GET /v1/models HTTP/1.1\r\n${HOST}content-length: 2\r\n\r\n{}`,
    status: 400,
    code: "unexpected_body",
  },
  { name: "no body", send: post(JSON_HEADERS), status: 400, code: "empty_body" },
  {
    name: "a body of length 0",
    send: post(`${JSON_HEADERS}content-length: 0\r\n`),
    status: 400,
    code: "empty_body",
  },
  {
    name: "another method",
    send: `DELETE /v1/models HTTP/1.1\r\n${HOST}\r\n`,
    status: 405,
    code: "method_not_allowed",
  },
  ...[
    "",
    "content-type: text/plain\r\n",
    "content-type: application/json; charset=utf-16\r\n",
    "content-type: multipart/form-data; boundary=x\r\n",
    "content-type: application/jsonp\r\n",
  ].map((type) => ({
    name: `the type ${JSON.stringify(type)}`,
    send: post(`${HOST}${type}content-length: 2\r\n`, "{}"),
    status: 415,
    code: "unsupported_media_type",
  })),
  ...["gzip", "br", "zstd", "gzip, gzip"].map((coding) => ({
    name: `the content-encoding ${coding}`,
    send: post(`${JSON_HEADERS}content-encoding: ${coding}\r\ncontent-length: 2\r\n`, "{}"),
    status: 415,
    code: "unsupported_media_type",
  })),
  ...[
    "application/json",
    "application/json; charset=utf-8",
    'Application/JSON;charset="UTF-8"',
    "application/json ;",
  ].map((type) => ({
    name: `the type ${type}`,
    send: post(`${HOST}content-type: ${type}\r\ncontent-length: 2\r\n`, "{}"),
    status: 200,
    code: null,
  })),
  ...(
    [
      ["", 415],
      ["content-type: application/json\r\n", 415],
      ["content-type: multipart/mixed; boundary=x\r\n", 415],
      ["content-type: multipart/form-datax; boundary=x\r\n", 415],
      ["content-type: multipart/form-data; boundary=x\r\n", 200],
      ["content-type: Multipart/Form-Data;boundary=x\r\n", 200],
    ] as const
  ).map(([type, status]) => ({
    name: `the type ${JSON.stringify(type)} where a form is taken`,
    send: `POST ${FORM} HTTP/1.1\r\n${HOST}${type}content-length: 2\r\n\r\n{}`,
    status,
    code: status === 200 ? null : "unsupported_media_type",
  })),
  {
    name: "an announced length over the limit, before a byte of it came",
    send: post(`${JSON_HEADERS}content-length: 1001\r\n`),
    status: 413,
    code: "request_too_large",
  },
  {
    name: "a chunked body over the limit, at the limit",
    send: post(`${JSON_HEADERS}transfer-encoding: chunked\r\n`, `3ea\r\n${"x".repeat(1002)}\r\n`),
    status: 413,
    code: "request_too_large",
  },
  {
    name: "64 KiB of chunk extension",
    send: post(`${JSON_HEADERS}transfer-encoding: chunked\r\n`, `2;x=${"y".repeat(65_536)}\r\n{}`),
    status: 413,
    code: "request_too_large",
    closes: true,
  },
  {
    name: "a body exactly at the limit",
    send: chat("x".repeat(1000)),
    status: 200,
    code: null,
  },
  {
    name: "a chunked body in pieces",
    send: post(
      `${JSON_HEADERS}transfer-encoding: chunked\r\n`,
      "1\r\n{\r\n1;ext=1\r\n}\r\n0\r\ntrailer: x\r\n\r\n",
    ),
    status: 200,
    code: null,
  },
]

describe.each([
  ["framing", smuggling],
  ["the head", heads],
  ["the body", bodies],
] as const)("%s", (_, rows) => {
  test.each(rows)("$name: $status $code", async ({ send, status, code, closes }) => {
    const { port, handled } = await start()
    const wire = await dial(port)
    wire.socket.write(send, "latin1")
    await until(() => /^HTTP\/1\.1 \d{3}[\s\S]*\r\n\r\n/.test(wire.text()) || wire.isClosed())
    expect(wire.text()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(wire.text().match(/HTTP\/1\.1 \d{3}/g)).toHaveLength(1)
    if (code === null) {
      expect(handled).toHaveLength(1)
      return
    }
    await until(() => wire.text().includes(`"code":"${code}"`))
    expect(wire.text()).toMatch(/x-request-id: req-\d+/)
    expect(wire.text()).toMatch(/"error":\{"message":"[^"]/)
    expect(handled).toEqual([])
    if (closes === true) await until(() => wire.isClosed())
  })
})

describe("a request", () => {
  test("reaches the handler as it was sent", async () => {
    const { port, handled } = await start()
    const wire = await dial(port)
    const headers = `${JSON_HEADERS}X-Tier: gold\r\n__proto__: a\r\ncontent-length: 2\r\n`
    wire.socket.write(post(headers, "{}"))
    await until(() => handled.length === 1)
    const { headers: seen, body, ...rest } = handled[0] ?? { headers: {}, body: [] }
    expect(rest).toEqual({
      method: "POST",
      path: "/v1/chat/completions",
      query: "",
      receivedAt: 1_800_000_000_000,
      id: "req-1",
    })
    expect(Object.entries(seen)).toEqual([
      ["host", "a"],
      ["content-type", "application/json"],
      ["x-tier", "gold"],
      ["__proto__", "a"],
      ["content-length", "2"],
    ])
    expect(seen["constructor"]).toBeUndefined()
    expect(seen["toString"]).toBeUndefined()
    expect(Buffer.from(body).toString()).toBe("{}")
  })

  test("whose length lies long is refused with what is left over, unheard", async () => {
    const { port, handled, surface } = await start()
    const wire = await dial(port)
    wire.socket.write(post(`${JSON_HEADERS}content-length: 2\r\n`, "{}garbage\r\n\r\n"))
    await until(() => wire.isClosed())
    expect(wire.text()).toMatch(/^HTTP\/1\.1 400 /)
    await until(() => surface.load().exchanges === 0)
    expect(handled).toEqual([])
  })

  test("whose length lies short ends with its connection, unheard", async () => {
    const { port, handled, surface } = await start()
    const wire = await dial(port)
    wire.socket.end(post(`${JSON_HEADERS}content-length: 10\r\n`, "{}"))
    await until(() => wire.isClosed())
    await until(() => surface.load().exchanges === 0)
    expect(handled).toEqual([])
  })

  const ENDLESS = [
    ["chunks", `${JSON_HEADERS}transfer-encoding: chunked\r\n`, 413],
    ["a length", `${JSON_HEADERS}content-length: 99999999\r\n`, 413],
    ["the wrong type", `${HOST}content-type: text/plain\r\ncontent-length: 99999999\r\n`, 415],
  ] as const
  test.each(ENDLESS)("refused, that goes on sending without end (%s), is cut", async (...row) => {
    const [, headers, status] = row
    const { port } = await start()
    const wire = await dial(port)
    wire.socket.removeAllListeners("error").on("error", () => undefined)
    wire.socket.write(post(headers))
    const piece = `3e8\r\n${"x".repeat(1000)}\r\n`
    await until(() => {
      if (!wire.isClosed()) wire.socket.write(piece)
      return wire.isClosed()
    })
    expect(wire.text()).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
  })

  test("whose body stalls gets 408 and the connection ends", async () => {
    const { port, handled } = await start({ bodyStallMs: 500 })
    const wire = await dial(port)
    wire.socket.write(post(`${JSON_HEADERS}content-length: 10\r\n`, "{}"))
    await until(() => wire.isClosed())
    expect(wire.text()).toMatch(/^HTTP\/1\.1 408 /)
    expect(wire.text()).toContain("body_timeout")
    expect(handled).toEqual([])
  })

  test("whose headers dribble gets 408, and others are served meanwhile", async () => {
    const { port, handled } = await start({ headersTimeoutMs: 600 })
    const slow = await Promise.all(Array.from({ length: 20 }, () => dial(port)))
    for (const { socket } of slow) socket.write("GET /v1/models HTTP/1.1\r\nho")
    const wire = await dial(port)
    wire.socket.write(get("/v1/models"))
    await until(() => handled.length === 1)
    await until(() => slow.every(({ text }) => text().startsWith("HTTP/1.1 408 ")))
  })

  test("with expect: 100-continue is asked for its body only when it will be taken", async () => {
    const { port } = await start()
    const good = await dial(port)
    good.socket.write(post(`${JSON_HEADERS}content-length: 2\r\nexpect: 100-continue\r\n`))
    await until(() => good.text().startsWith("HTTP/1.1 100 Continue"))
    good.socket.write("{}")
    await until(() => good.text().includes("HTTP/1.1 200 "))
    const bad = await dial(port)
    bad.socket.write(post(`${JSON_HEADERS}content-length: 5000\r\nexpect: 100-continue\r\n`))
    await until(() => bad.text().includes("request_too_large"))
    expect(bad.text()).not.toContain("100 Continue")
  })

  test("pipelined behind others is answered in order", async () => {
    const { port } = await start()
    const wire = await dial(port)
    wire.socket.write(chat("one") + chat("two") + chat("three"))
    await until(() => wire.text().endsWith("three"))
    const answers = [...wire.text().matchAll(/\r\n\r\n([a-z]+)/g)].map(([, body]) => body)
    expect(answers).toEqual(["one", "two", "three"])
  })

  test("after a refused one is served on the same connection", async () => {
    const { port } = await start()
    const wire = await dial(port)
    wire.socket.write(post(`${JSON_HEADERS}content-length: 1500\r\n`, "x".repeat(1500)))
    await until(() => wire.text().includes("request_too_large"))
    wire.socket.write(chat("next"))
    await until(() => wire.text().endsWith("next"))
  })

  test("whose handler throws does not harm the next", async () => {
    const listeners = process.listeners("uncaughtException")
    process.removeAllListeners("uncaughtException")
    const caught = new Promise((resolve) => process.once("uncaughtException", resolve))
    const { port, handled } = await start({}, (request, client) => {
      echo(request, client)
      if (handled.length === 1) throw new Error("a bug")
    })
    const wire = await dial(port)
    wire.socket.write(chat("one"))
    expect(await caught).toMatchObject({ message: "a bug" })
    for (const listener of listeners) process.on("uncaughtException", listener)
    wire.socket.write(chat("two"))
    await until(() => wire.text().endsWith("two"))
  })
})

describe("a bound", () => {
  test("of connections answers 503 to the next one, and recovers", async () => {
    const { port } = await start({ connectionsMax: 2 })
    const held = [await dial(port), await dial(port)]
    const late = await dial(port)
    await until(() => late.isClosed())
    expect(late.text()).toMatch(/^HTTP\/1\.1 503 [\s\S]*retry-after: 1[\s\S]*"code":"overloaded"/)
    held[0]?.socket.destroy()
    await until(() => held[0]?.isClosed() === true)
    const next = await dial(port)
    next.socket.write(get("/v1/models"))
    await until(() => next.text().startsWith("HTTP/1.1 200 ") || next.isClosed())
    expect(next.text()).toMatch(/^HTTP\/1\.1 200 /)
  })

  test("of exchanges answers 503, and recovers", async () => {
    const { port, clients } = await start({ exchangesMax: 1 }, () => undefined)
    const first = await dial(port)
    first.socket.write(chat("{}"))
    await until(() => clients.length === 1)
    const second = await dial(port)
    second.socket.write(chat("{}"))
    await until(() => second.text().includes(`"code":"overloaded"`))
    clients[0]?.start(200, ["content-length", "0"])
    clients[0]?.end()
    await until(() => first.text().startsWith("HTTP/1.1 200 "))
    second.socket.write(chat("{}"))
    await until(() => clients.length === 2)
  })

  test("of all bodies together answers 503, and is free again afterwards", async () => {
    const { port, clients } = await start({ bodiesBytesMax: 1500 }, () => undefined)
    const first = await dial(port)
    first.socket.write(chat("x".repeat(1000)))
    await until(() => clients.length === 1)
    const second = await dial(port)
    second.socket.write(chat("x".repeat(1000)))
    await until(() => second.text().includes(`"code":"overloaded"`))
    first.socket.destroy()
    await until(() => first.isClosed())
    second.socket.write(chat("x".repeat(900)))
    await until(() => clients.length === 2)
  })
})

describe("an answer", () => {
  test("that is whole goes out in one piece", async () => {
    const { port } = await start()
    const wire = await dial(port)
    let pieces = 0
    wire.socket.on("data", () => {
      pieces += 1
    })
    wire.socket.write(chat("hello"))
    await until(() => wire.text().endsWith("hello"))
    expect(pieces).toBe(1)
  })

  test("that is cut sends what was written, but no proper end", async () => {
    const { port } = await start({}, (_, client) => {
      client.start(200, ["content-type", "text/event-stream"])
      client.write("data: 1\n\n")
      client.write("event: error\ndata: {}\n\n")
      client.destroy()
    })
    const wire = await dial(port)
    wire.socket.write(chat("{}"))
    await until(() => wire.isClosed())
    expect(wire.text()).toContain("event: error")
    expect(wire.text()).not.toMatch(/\r\n0\r\n/)
  })

  test("holds back when the client does not read, and goes on when it does", async () => {
    let drains = 0
    const { port } = await start({}, (_, client) => {
      client.start(200, [])
      let sent = 0
      const fill = (): void => {
        while (sent < 200 && client.write("x".repeat(65_536))) sent += 1
        sent += 1
        if (sent >= 200) client.end()
      }
      client.onDrain(() => {
        drains += 1
        fill()
      })
      fill()
    })
    const wire = await dial(port)
    wire.socket.pause()
    wire.socket.write(chat("{}"))
    wire.socket.resume()
    await until(() => wire.text().endsWith("0\r\n\r\n"))
    expect(drains).toBeGreaterThan(0)
  })

  test("whose client goes away says so once, one that ended says nothing", async () => {
    const gone: string[] = []
    const { port, clients, surface } = await start({}, (request, client) => {
      client.onGone(() => gone.push(request.id))
    })
    const first = await dial(port)
    first.socket.write(chat("{}"))
    await until(() => clients.length === 1)
    first.socket.destroy()
    await until(() => gone.length === 1)
    const second = await dial(port)
    second.socket.write(chat("{}"))
    await until(() => clients.length === 2)
    clients[1]?.start(200, ["content-length", "0"])
    clients[1]?.end()
    second.socket.destroy()
    await until(() => surface.load().exchanges === 0)
    expect(gone).toEqual(["req-1"])
  })
})

test.each([
  [
    "GET /v1/v1/messages",
    404,
    '{"type":"error","error":{"type":"not_found_error","message":"there is',
  ],
  [
    "GET /v1beta/files",
    404,
    '{"error":{"code":404,"message":"there is no endpoint /v1beta/files here"',
  ],
  [
    "GET /chat/completions",
    404,
    '{"error":{"message":"there is no endpoint /chat/completions here; /v1/chat/completions is one: ' +
      "see the client's base URL\"",
  ],
])("%s is refused in its sender's own shape", async (line, status, want) => {
  const { port } = await start()
  const wire = await dial(port)
  wire.socket.write(`${line} HTTP/1.1\r\n${HOST}\r\n`)
  await until(() => wire.text().includes("}"))
  expect(wire.text()).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
  expect(wire.text()).toContain(want)
})

describe("draining", () => {
  test("refuses what is new, ends what is idle, and waits for what runs", async () => {
    const { port, clients, surface } = await start({}, () => undefined)
    const running = await dial(port)
    running.socket.write(chat("{}"))
    await until(() => clients.length === 1)
    const idle = await dial(port)
    idle.socket.write(get("/v1/nothing"))
    await until(() => idle.text().includes("endpoint_not_enabled"))
    let isOver = false
    const drained = surface.drain(60_000).then(() => {
      isOver = true
    })
    await until(() => idle.isClosed())
    const late = await dial(port)
    late.socket.write(chat("{}"))
    await until(() => late.isClosed())
    expect(late.text()).toMatch(/^HTTP\/1\.1 503 [\s\S]*connection: close[\s\S]*"code":"draining"/i)
    expect(isOver).toBe(false)
    clients[0]?.start(200, ["content-length", "2"])
    clients[0]?.end("ok")
    await drained
    await until(() => running.isClosed())
    expect(running.text()).toMatch(/connection: close[\s\S]*ok$/i)
  })

  test("cuts what runs longer than it may", async () => {
    const gone: string[] = []
    const { port, clients, surface } = await start({}, (request, client) => {
      client.onGone(() => gone.push(request.id))
    })
    const wire = await dial(port)
    wire.socket.write(chat("{}"))
    await until(() => clients.length === 1)
    await surface.drain(20)
    await until(() => wire.isClosed() && gone.length === 1)
  })
})

test("a taken port is an error that names it", async () => {
  const { port } = await start()
  const addresses = [{ host: "127.0.0.1", port }]
  const again = openAppSurface({
    addresses,
    limits: LIMITS,
    endpoints: [],
    refuse: refuseRequest,
    nextRequestId: () => "",
    now: () => 0,
    defer: (run) => run(),
    memory: ENOUGH_MEMORY,
    onRefused: () => undefined,
  })
  await expect(again).rejects.toThrow(AddressInUseError)
  await expect(again).rejects.toThrow(`port ${port} on 127.0.0.1 is taken`)
})
