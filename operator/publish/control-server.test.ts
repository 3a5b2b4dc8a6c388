import { createHash, randomBytes } from "node:crypto"
import { once } from "node:events"
import type { IncomingMessage } from "node:http"
import { Agent, request } from "node:https"
import { connect as connectPlain } from "node:net"
import { connect as connectTls } from "node:tls"
import { generate } from "selfsigned"
import { afterEach, describe, expect, test } from "vitest"
import type { PodFacts } from "#operator/index/view.ts"
import {
  CONTROL_LIMITS,
  type ConfigEvent,
  type CredentialsPush,
  type Hello,
} from "#proxy/contract/push.ts"
import type { Snapshot } from "#proxy/contract/snapshot.ts"
import { waitUntil } from "#test/process/wait-until.ts"
import { createAuthenticator, type TokenVerdict } from "./authenticator.ts"
import type { ControlEvent, UsageHandler } from "./control-app.ts"
import {
  type ControlServer,
  createControlServer,
  SERVER_LIMITS,
  type ServerLimits,
} from "./control-server.ts"
import { createPublisher } from "./create-publisher.ts"
import type { Publisher } from "./publisher.ts"

const makeTls = async () => {
  const made = await generate([{ name: "commonName", value: "localhost" }], {
    keyType: "ec",
    algorithm: "sha256",
    extensions: [{ name: "subjectAltName", altNames: [{ type: 2, value: "localhost" }] }],
  })
  return { cert: made.cert, key: made.private }
}
const TLS = await makeTls()
const SERVER_NAME = "localhost"
const WITHIN_MS = 15_000

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex")

const makeSnapshot = (namespace: string, mark: string): Snapshot => ({
  schemaVersion: 2,
  namespace,
  team: { kind: "team", name: mark, costCenter: null, ancestors: [] },
  access: { kind: "none" },
  providers: {},
  routes: [],
  models: { exact: {}, prefixes: [] },
  prices: {},
})

const makePod = (pod: string, changes: Partial<PodFacts> = {}): PodFacts => ({
  namespace: "search",
  pod,
  podUid: `uid-${pod}`,
  application: pod,
  labels: {},
  hasSidecar: true,
  isFinished: false,
  isTerminating: false,
  isRunning: true,
  isSkipped: false,
  ...changes,
})

/** A token names its pod in the clear here: what vouches for it is `review`, a given value. */
const tokenOf = (name: string): string =>
  `e30.${Buffer.from(JSON.stringify({ exp: 4_000_000_000, name })).toString("base64url")}.c2ln`

interface Harness {
  readonly server: ControlServer
  readonly publisher: Publisher
  readonly port: number
  readonly events: ControlEvent[]
  readonly pods: Map<string, PodFacts>
  readonly usages: unknown[]
  clock: number
}

const running: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of running.splice(0)) await one.close()
})

const REFUSED: Readonly<Record<string, TokenVerdict>> = {
  forged: { kind: "refused", reason: "unauthenticated" },
  expired: { kind: "refused", reason: "unauthenticated" },
  "other-audience": { kind: "refused", reason: "wrong-audience" },
  unbound: { kind: "refused", reason: "unbound" },
  person: { kind: "refused", reason: "not-a-service-account" },
}

async function start(
  options: { usage?: UsageHandler; limits?: Partial<ServerLimits>; lead?: boolean } = {},
): Promise<Harness> {
  const pods = new Map<string, PodFacts>()
  for (const pod of [
    makePod("a"),
    makePod("b", { namespace: "billing" }),
    makePod("no-sidecar", { hasSidecar: false }),
    makePod("terminating", { isTerminating: true }),
    makePod("not-injected", { namespace: "plain" }),
  ])
    pods.set(pod.podUid, pod)
  const harness = {
    pods,
    events: [] as ControlEvent[],
    usages: [] as unknown[],
    clock: 1_800_000_000_000,
  }
  const now = (): number => harness.clock
  const publisher = createPublisher({
    now,
    digest: sha256,
    nextSessionId: () => randomBytes(16).toString("hex"),
    onHigherTerm: () => undefined,
  })
  if (options.lead !== false) publisher.lead(3)
  const authenticator = createAuthenticator({
    review: async (token) => {
      const name = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()).name
      const pod = pods.get(`uid-${name}`) ?? makePod(name)
      return REFUSED[name] ?? { kind: "accepted", facts: pod }
    },
    pod: (uid) => pods.get(uid),
    namespaceIsInjected: (namespace) => namespace !== "plain",
    now,
    digest: sha256,
  })
  const server = createControlServer({
    tls: TLS,
    publisher,
    authenticator,
    usage:
      options.usage ??
      (async (identity, body) => {
        harness.usages.push({ pod: identity.pod, body })
        return { kind: "acknowledged", answer: { acknowledged: 7 } }
      }),
    now,
    draw: () => 0.5,
    report: (event) => harness.events.push(event),
    limits: { keepAliveMs: 20, sweepMs: 10, ...options.limits },
  })
  running.push(server)
  const port = await server.listen(0, "127.0.0.1")
  return Object.assign(harness, { server, publisher, port })
}

interface Answer {
  readonly status: number
  readonly headers: IncomingMessage["headers"]
  readonly body: unknown
}

interface Call {
  readonly method?: string
  readonly as?: string
  readonly authorization?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  readonly ca?: string
}

function open(port: number, path: string, call: Call): Promise<IncomingMessage> {
  const { method = "GET", as, body } = call
  const authorization =
    call.authorization ?? (as === undefined ? undefined : `Bearer ${tokenOf(as)}`)
  return new Promise((resolve, reject) => {
    const outgoing = request({
      host: "127.0.0.1",
      port,
      path,
      method,
      servername: SERVER_NAME,
      ca: call.ca ?? TLS.cert,
      agent: new Agent({ keepAlive: false }),
      headers: {
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(authorization === undefined ? {} : { authorization }),
        ...call.headers,
      },
    })
    outgoing.on("response", resolve)
    outgoing.on("error", reject)
    outgoing.end(body)
  })
}

async function ask(port: number, path: string, call: Call = {}): Promise<Answer> {
  const incoming = await open(port, path, call)
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString()
  return {
    status: incoming.statusCode ?? 0,
    headers: incoming.headers,
    body: text === "" ? "" : JSON.parse(text),
  }
}

const post = (port: number, path: string, as: string, body: unknown): Promise<Answer> =>
  ask(port, path, { method: "POST", as, body: JSON.stringify(body) })

const HELLO: Hello = {
  boot: "boot",
  held: null,
  credentials: null,
  journalSequence: 0,
  schemaVersion: 2,
  release: "0.1.0",
}

interface Stream {
  readonly events: ConfigEvent[]
  readonly raw: () => string
  readonly isEnded: () => boolean
  readonly incoming: IncomingMessage
}

async function sayHello(port: number, as: string, hello: Partial<Hello> = {}): Promise<string> {
  const answer = await post(port, "/v1/hello", as, { ...HELLO, ...hello })
  expect(answer.status).toBe(200)
  return String(Object(answer.body).session)
}

async function listen(port: number, as: string, session: string): Promise<Stream> {
  const incoming = await open(port, `/v1/config?session=${session}`, { as })
  expect([incoming.statusCode, incoming.headers["content-type"]]).toEqual([
    200,
    "text/event-stream",
  ])
  const events: ConfigEvent[] = []
  let raw = ""
  let rest = ""
  let isEnded = false
  incoming.setEncoding("utf8")
  incoming.on("data", (text: string) => {
    raw += text
    const blocks = (rest + text).split("\n\n")
    rest = blocks.pop() ?? ""
    for (const block of blocks) {
      const [event, data] = block.split("\n")
      if (event?.startsWith("event: "))
        events.push({
          event: event.slice(7),
          data: JSON.parse(data?.slice(6) ?? ""),
        } as ConfigEvent)
    }
  })
  for (const name of ["end", "error", "close"]) incoming.on(name, () => (isEnded = true))
  return { events, raw: () => raw, isEnded: () => isEnded, incoming }
}

async function connect(port: number, as: string): Promise<Stream & { readonly session: string }> {
  const session = await sayHello(port, as)
  return { ...(await listen(port, as, session)), session }
}

const eventually = (what: string, look: () => boolean): Promise<true> =>
  waitUntil({ what, withinMs: WITHIN_MS }, () => (look() ? true : undefined))

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"]
const CALLERS = [
  { as: undefined, status: 401, reason: "missing" },
  { as: "forged", status: 401, reason: "unauthenticated" },
  { as: "expired", status: 401, reason: "unauthenticated" },
  { as: "other-audience", status: 401, reason: "wrong-audience" },
  { as: "unbound", status: 403, reason: "unbound" },
  { as: "person", status: 403, reason: "not-a-service-account" },
  { as: "deleted", status: 403, reason: "pod-unknown" },
  { as: "no-sidecar", status: 403, reason: "no-sidecar" },
  { as: "not-injected", status: 403, reason: "namespace-not-injected" },
  { as: "terminating", status: 403, reason: "pod-terminating" },
] as const

describe("authentication", () => {
  test.each(CALLERS)("$reason ($as): nothing on any route with any method", async (caller) => {
    const { port, publisher, events, usages } = await start()
    publisher.publish("search", makeSnapshot("search", "canary"))
    const session = await sayHello(port, "a")
    const paths = [
      "/v1/hello",
      `/v1/config?session=${session}`,
      "/v1/status",
      "/v1/usage",
      "/v1/unknown",
      "/v1/../v1/hello",
      "//v1/hello",
      "/metrics",
      "/",
    ]
    const got = new Set<string>()
    for (const path of paths) {
      for (const method of METHODS) {
        if (caller.as === "terminating" && path === "/v1/usage" && method === "POST") continue
        const answer = await ask(port, path, {
          method,
          ...(caller.as === undefined ? {} : { as: caller.as }),
          ...(method === "POST" ? { body: JSON.stringify(HELLO) } : {}),
        })
        got.add(`${answer.status} ${method === "HEAD" ? "" : JSON.stringify(answer.body)}`)
        expect(answer.headers["retry-after"]).toBe(caller.status === 403 ? "2" : undefined)
      }
    }
    const error =
      caller.status === 401
        ? {
            code: "unauthorized",
            message: "a pod-bound token for the audience sidegate is required",
          }
        : { code: "forbidden", message: "this pod may not use the control channel" }
    expect([...got].sort()).toEqual(
      [`${caller.status} `, `${caller.status} ${JSON.stringify({ error })}`].sort(),
    )
    expect(new Set(events.map((event) => Object(event).reason))).toEqual(new Set([caller.reason]))
    expect(usages).toEqual([])
  })

  test("a pod that shuts down may deliver its last usage, and nothing else", async () => {
    const { port, usages } = await start()
    const answer = await post(port, "/v1/usage", "terminating", { boot: "b", records: [] })
    expect([answer.status, answer.body]).toEqual([200, { acknowledged: 7 }])
    expect(usages).toHaveLength(1)
  })

  test("a known caller finds four routes, everything else is 404", async () => {
    const { port } = await start()
    const known = ["POST /v1/hello", "GET /v1/config", "POST /v1/status", "POST /v1/usage"]
    for (const path of ["/v1/hello", "/v1/config", "/v1/status", "/v1/usage", "/v1", "/x"]) {
      for (const method of METHODS) {
        if (known.includes(`${method} ${path}`)) continue
        const answer = await ask(port, path, { method, as: "a" })
        expect(`${method} ${path} ${answer.status}`).toBe(`${method} ${path} 404`)
      }
    }
  })

  test("a deleted pod is refused at once and its stream ends", async () => {
    const { port, publisher, pods } = await start()
    const stream = await connect(port, "a")
    pods.delete("uid-a")
    publisher.dropPod("uid-a")
    await eventually("the stream to end", stream.isEnded)
    expect((await post(port, "/v1/hello", "a", HELLO)).status).toBe(403)
    expect((await ask(port, `/v1/config?session=${stream.session}`, { as: "a" })).status).toBe(403)
  })

  test("a stream ends when its token expires", async () => {
    const harness = await start()
    const stream = await connect(harness.port, "a")
    harness.clock = 4_000_000_000_000 - 1
    await eventually("two more keep-alives", () => stream.raw().split(": keep-alive").length > 4)
    expect(stream.isEnded()).toBe(false)
    harness.clock += 1
    await eventually("the stream to end", stream.isEnded)
    expect(harness.publisher.sidecars("search")).toEqual([])
  })

  test("an API server that does not answer gives 503 and says when to come back", async () => {
    const { port, server, publisher, events } = await start()
    await server.close()
    const broken = createControlServer({
      tls: TLS,
      publisher,
      authenticator: createAuthenticator({
        review: () => Promise.reject(new Error("refused")),
        pod: () => undefined,
        namespaceIsInjected: () => true,
        now: Date.now,
        digest: sha256,
      }),
      usage: () => Promise.reject(new Error("not reached")),
      now: Date.now,
      draw: () => 0,
      report: (event) => events.push(event),
    })
    running.push(broken)
    const answer = await post(await broken.listen(port, "127.0.0.1"), "/v1/hello", "a", HELLO)
    expect([answer.status, answer.headers["retry-after"]]).toEqual([503, "3"])
    expect(events).toContainEqual({ kind: "rejected", reason: "review-failed" })
  })
})

describe("the stream", () => {
  test("hello, config, status: the whole conversation", async () => {
    const { port, publisher } = await start()
    publisher.publishCredentials("search", {
      revision: "r1",
      entries: [{ kind: "key", provider: "openai", origin: "https://a.example", value: "key" }],
      temporary: [],
      pending: [],
    })
    const { hash } = publisher.publish("search", makeSnapshot("search", "one"))
    const hello = await post(port, "/v1/hello", "a", HELLO)
    expect(hello.body).toEqual({
      session: expect.stringMatching(/^[0-9a-f]{32}$/),
      identity: { namespace: "search", pod: "a", podUid: "uid-a", application: "a", labels: {} },
    })
    const session = String(Object(hello.body).session)
    const stream = await listen(port, "a", session)
    await eventually("two events", () => stream.events.length === 2)
    const version = { term: 3, generation: 1 }
    expect(stream.events).toEqual([
      {
        event: "credentials",
        data: {
          revision: "r1",
          entries: [{ kind: "key", provider: "openai", origin: "https://a.example", value: "key" }],
          temporary: [],
          pending: [],
        },
      },
      {
        event: "snapshot",
        data: { version, hash, snapshot: makeSnapshot("search", "one"), tombstone: true },
      },
    ])
    const report = { session, version, held: { ...version, hash }, nack: null }
    const status = await post(port, "/v1/status", "a", report)
    expect([status.status, status.body]).toEqual([200, {}])
    expect(publisher.sidecars("search")).toMatchObject([{ heldHash: hash, pendingSinceMs: null }])
    publisher.publish("search", makeSnapshot("search", "two"))
    await eventually("the next Snapshot", () => stream.events.length === 3)
    stream.incoming.destroy()
    await eventually("the sidecar to be gone", () => publisher.sidecars("search").length === 0)
  })

  test("two namespaces: a token of one gets nothing of the other, whatever it says", async () => {
    const { port, publisher } = await start()
    const [a, b] = [await connect(port, "a"), await connect(port, "b")]
    publisher.publishCredentials("billing", {
      revision: "r",
      entries: [
        { kind: "key", provider: "openai", origin: "https://a.example", value: "canary-key" },
      ],
      temporary: [],
      pending: [],
    })
    publisher.publish("billing", makeSnapshot("billing", "canary-team"))
    await eventually("the events of billing", () => b.events.length === 2)
    const foreign = await ask(port, `/v1/config?session=${b.session}`, { as: "a" })
    expect([foreign.status, foreign.body]).toEqual([
      403,
      {
        error: { code: "foreign_session", message: "this session belongs to another pod" },
      },
    ])
    const version = { term: 3, generation: 1 }
    const report = { session: b.session, version, held: null, nack: null, namespace: "billing" }
    expect((await post(port, "/v1/status", "a", report)).status).toBe(403)
    const lie = await post(port, "/v1/hello", "a", {
      ...HELLO,
      namespace: "billing",
      podUid: "uid-b",
      identity: { namespace: "billing" },
    })
    expect(Object(lie.body).identity.namespace).toBe("search")
    await listen(port, "a", String(Object(lie.body).session))
    expect(a.raw()).not.toContain("canary")
    expect(b.isEnded()).toBe(false)
  })

  test("a reader that does not read is cut, the others go on", async () => {
    const world = await start({ limits: { streamBufferBytesMax: 1024 * 1024 } })
    const { port, publisher, events } = world
    publisher.publishCredentials("search", {
      revision: "r0",
      entries: [],
      temporary: [],
      pending: [],
    })
    const slow = await connect(port, "a")
    slow.incoming.pause()
    slow.incoming.socket.pause()
    const entries: CredentialsPush["entries"] = [
      {
        kind: "key",
        provider: "openai",
        origin: "https://a.example",
        value: "x".repeat(512 * 1024),
      },
    ]
    let revision = 0
    await waitUntil({ what: "the slow reader to be cut", withinMs: WITHIN_MS }, () => {
      revision += 1
      world.clock += 1000
      publisher.publishCredentials("search", {
        revision: `r${revision}`,
        entries,
        temporary: [],
        pending: [],
      })
      return publisher.sidecars("search").length === 0 ? true : undefined
    })
    expect(events).toContainEqual(expect.objectContaining({ kind: "slow-reader" }))
    const next = await connect(port, "a")
    await eventually("the credentials", () => next.events.length === 1)
  })

  test("a quiet stream carries keep-alives", async () => {
    const { port } = await start()
    const stream = await connect(port, "a")
    await eventually("two keep-alives", () => stream.raw().split(": keep-alive\n\n").length > 2)
  })

  test("an unknown session and a missing one are refused before any event", async () => {
    const { port } = await start()
    const unknown = await ask(port, "/v1/config?session=nonsense", { as: "a" })
    expect([unknown.status, Object(unknown.body).error.code]).toEqual([404, "unknown_session"])
    const missing = await ask(port, "/v1/config", { as: "a" })
    expect([missing.status, Object(missing.body).error.code]).toEqual([400, "bad_message"])
  })

  test("an operator that does not lead says so on every route to a known caller", async () => {
    const { port, publisher } = await start({ lead: false })
    for (const [method, path] of [
      ["POST", "/v1/hello"],
      ["GET", "/v1/config?session=x"],
      ["POST", "/v1/status"],
      ["POST", "/v1/usage"],
    ] as const) {
      const answer = await ask(port, path, { method, as: "a" })
      expect([path, answer.status, Object(answer.body).error.code]).toEqual([
        path,
        503,
        "not_leader",
      ])
      expect(answer.headers["retry-after"]).toBe("1")
    }
    publisher.lead(4)
    const stream = await connect(port, "a")
    publisher.standDown("leadership was lost")
    await eventually("the stream to end", stream.isEnded)
  })

  test("hellos of one pod beyond its share are told to come back", async () => {
    const { port } = await start({
      limits: { hellos: { ...SERVER_LIMITS.hellos, pod: { perSecond: 1, burst: 2 } } },
    })
    const statuses: number[] = []
    for (let count = 0; count < 4; count += 1)
      statuses.push((await post(port, "/v1/hello", "a", HELLO)).status)
    const other = await post(port, "/v1/hello", "b", HELLO)
    expect([...statuses, other.status]).toEqual([200, 200, 503, 503, 200])
    const late = await post(port, "/v1/hello", "a", HELLO)
    expect([Object(late.body).error.code, late.headers["retry-after"]]).toEqual(["overloaded", "6"])
  })
})

test("reports of one pod beyond its share are told to come back, another pod's are taken", async () => {
  const { port, usages } = await start({
    limits: { usages: { ...SERVER_LIMITS.usages, pod: { perSecond: 1, burst: 2 } } },
  })
  const statuses: number[] = []
  for (let count = 0; count < 3; count += 1)
    statuses.push((await post(port, "/v1/usage", "a", {})).status)
  const other = await post(port, "/v1/usage", "b", {})
  expect([...statuses, other.status, usages.length]).toEqual([200, 200, 503, 200, 3])
  const late = await post(port, "/v1/usage", "a", {})
  expect([Object(late.body).error.code, late.headers["retry-after"]]).toEqual(["overloaded", "2"])
})

describe("messages", () => {
  const held = (changes: object) => ({ term: 1, generation: 1, hash: "a".repeat(64), ...changes })
  const status = (changes: object) => ({
    session: "s",
    version: { term: 1, generation: 1 },
    held: null,
    nack: null,
    ...changes,
  })
  const bad: readonly { path: string; body: unknown; says: string }[] = [
    { path: "/v1/hello", body: [], says: ": must be an object" },
    {
      path: "/v1/hello",
      body: { ...HELLO, boot: "" },
      says: "/boot: must be a string of 1 to 128 characters",
    },
    {
      path: "/v1/hello",
      body: { ...HELLO, boot: 7 },
      says: "/boot: must be a string of 1 to 128 characters",
    },
    { path: "/v1/hello", body: { ...HELLO, held: undefined }, says: "/held: must be an object" },
    {
      path: "/v1/hello",
      body: { ...HELLO, held: held({ term: -1 }) },
      says: "/held/term: must be an integer of at least 0",
    },
    {
      path: "/v1/hello",
      body: { ...HELLO, held: held({ term: 1.5 }) },
      says: "/held/term: must be an integer of at least 0",
    },
    {
      path: "/v1/hello",
      body: { ...HELLO, held: held({ hash: "A".repeat(64) }) },
      says: "/held/hash: must be 64 lower-case hexadecimal digits",
    },
    {
      path: "/v1/hello",
      body: { ...HELLO, held: held({ term: 9_000_000 }) },
      says: "/held/term: 9000000 is over 1000003",
    },
    {
      path: "/v1/hello",
      body: { ...HELLO, schemaVersion: 0 },
      says: "/schemaVersion: must be an integer of at least 1",
    },
    { path: "/v1/status", body: status({ version: null }), says: "/version: must be an object" },
    { path: "/v1/status", body: status({ nack: {} }), says: "/nack/reason: must be a string" },
    { path: "/v1/status", body: status({ nack: undefined }), says: "/nack: must be an object" },
  ]

  test.each(bad)("$path refuses with $says", async ({ path, body, says }) => {
    const { port } = await start()
    const answer = await post(port, path, "a", body)
    expect([answer.status, answer.body]).toEqual([
      400,
      { error: { code: "bad_message", message: says } },
    ])
  })

  const raw: readonly { name: string; call: Call; want: readonly [number, string] }[] = [
    { name: "no JSON", call: { body: "{" }, want: [400, "bad_message"] },
    { name: "an empty body", call: { body: "" }, want: [400, "bad_message"] },
    { name: "a key twice", call: { body: '{"boot":"a","boot":"b"}' }, want: [400, "bad_message"] },
    {
      name: "65 levels",
      call: { body: "[".repeat(65) + "]".repeat(65) },
      want: [400, "bad_message"],
    },
    {
      name: "invalid UTF-8",
      call: { body: new Uint8Array([0x22, 0xff, 0x22]) },
      want: [400, "bad_message"],
    },
    {
      name: "a body over the limit",
      call: { body: "x".repeat(65 * 1024) },
      want: [413, "message_too_large"],
    },
    {
      name: "a chunked body over the limit",
      call: { body: "x".repeat(65 * 1024), headers: { "transfer-encoding": "chunked" } },
      want: [413, "message_too_large"],
    },
    {
      name: "text",
      call: { body: "{}", headers: { "content-type": "text/plain" } },
      want: [415, "unsupported_media_type"],
    },
    {
      name: "gzip",
      call: { body: "{}", headers: { "content-encoding": "gzip" } },
      want: [415, "unsupported_media_type"],
    },
  ]

  test.each(raw)("$name is refused with $want", async ({ call, want }) => {
    const { port } = await start()
    const answer = await ask(port, "/v1/hello", { method: "POST", as: "a", ...call })
    expect([answer.status, Object(answer.body).error.code]).toEqual(want)
  })

  test("a refusal's text cannot write into a terminal, and is cut", async () => {
    const { port, publisher } = await start()
    publisher.publish("search", makeSnapshot("search", "one"))
    const stream = await connect(port, "a")
    await eventually("the Snapshot", () => stream.events.length === 1)
    const reason = `bad\r\n\u001b[31mpattern\u202e${"x".repeat(5000)}`
    const nack = { reason, object: null, path: null }
    const version = { term: 3, generation: 1 }
    const report = { session: stream.session, version, held: null, nack }
    expect((await post(port, "/v1/status", "a", report)).status).toBe(200)
    const shown = publisher.sidecars("search")[0]?.nack?.reason ?? ""
    expect(shown).toMatch(/^bad \[31mpattern x+$/)
    expect(shown.length).toBeLessThanOrEqual(1024)
  })

  test("usage carries the caller's identity, the intake's refusal becomes the answer", async () => {
    const { port } = await start({
      usage: async (identity, body) => ({
        kind: "refused",
        code: "ledger_unavailable",
        message: `${identity.namespace}/${identity.pod} ${JSON.stringify(body)}`,
        retryAfterSeconds: 5,
      }),
    })
    const answer = await post(port, "/v1/usage", "b", { boot: "x" })
    expect([answer.status, answer.headers["retry-after"], answer.body]).toEqual([
      503,
      "5",
      { error: { code: "ledger_unavailable", message: 'billing/b {"boot":"x"}' } },
    ])
  })

  test("a bug is a 500 without a word about it, and is reported", async () => {
    const error = new Error("secret detail")
    const { port, events } = await start({ usage: () => Promise.reject(error) })
    const answer = await post(port, "/v1/usage", "a", {})
    expect(answer.status).toBe(500)
    expect(JSON.stringify(answer.body)).not.toContain("secret")
    expect(events).toEqual([{ kind: "failed", error }])
  })

  test("usage up to the channel's limit is taken, over it refused", async () => {
    const { port } = await start()
    const fits = `{"x":"${"y".repeat(CONTROL_LIMITS.messageBytesMax - 8)}"}`
    const over = `${fits} `
    const call = { method: "POST", as: "a" }
    expect((await ask(port, "/v1/usage", { ...call, body: fits })).status).toBe(200)
    const answer = await ask(port, "/v1/usage", {
      ...call,
      body: over,
      headers: { "transfer-encoding": "chunked" },
    }).catch((error: unknown) => Object(error).code)
    // The server closes without reading the rest: the client sees the answer or the reset.
    expect([413, "EPIPE", "ECONNRESET"]).toContain(Object(answer).status ?? answer)
  })

  test("bodies over the budget of all are told to come again", async () => {
    const { port } = await start({ limits: { bodyBytesMax: 10 } })
    const answer = await post(port, "/v1/hello", "a", HELLO)
    expect([answer.status, Object(answer.body).error.code]).toEqual([503, "overloaded"])
  })
})

describe("transport", () => {
  test("TLS 1.2 and plain text get no answer", async () => {
    const { port } = await start()
    const old = connectTls({
      port,
      host: "127.0.0.1",
      ca: TLS.cert,
      servername: SERVER_NAME,
      maxVersion: "TLSv1.2",
    })
    const [failure] = await once(old, "error").catch((error: unknown) => [error])
    expect(String(Object(failure).code)).toMatch(/VERSION|PROTOCOL/)
    const plain = connectPlain(port, "127.0.0.1")
    plain.end(`POST /v1/hello HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${tokenOf("a")}\r\n\r\n`)
    let said = ""
    plain.on("data", (chunk: Buffer) => (said += chunk.toString("latin1")))
    plain.on("error", () => undefined)
    await once(plain, "close")
    expect(said).not.toContain("HTTP/1.1")
  })

  test("a client that leaves in the middle of anything harms nobody", async () => {
    const { port, publisher, events } = await start()
    publisher.publish("search", makeSnapshot("search", "one"))
    const body = JSON.stringify(HELLO)
    const lines = (...all: readonly string[]) => `${all.join("\r\n")}\r\n\r\n`
    const authorization = `authorization: Bearer ${tokenOf("a")}`
    const type = "content-type: application/json"
    const length = `content-length: ${body.length}`
    const head = lines("POST /v1/hello HTTP/1.1", "host: x", authorization, type, length)
    const session = await sayHello(port, "a")
    const config = lines(`GET /v1/config?session=${session} HTTP/1.1`, "host: x", authorization)
    const said = `${head}${body}`
    const cuts = [1, 40, head.length - 1, head.length, head.length + 9, said.length]
    for (const text of [...cuts.map((end) => said.slice(0, end)), config]) {
      const socket = connectTls({ port, host: "127.0.0.1", ca: TLS.cert, servername: SERVER_NAME })
      await once(socket, "secureConnect")
      await new Promise((resolve) => socket.write(text, resolve))
      socket.destroy()
    }
    const stream = await connect(port, "a")
    await eventually("the Snapshot", () => stream.events.length === 1)
    await eventually("one stream only", () => publisher.sidecars("search").length === 1)
    expect(events.filter((event) => event.kind === "failed")).toEqual([])
  })

  test("a new certificate serves new connections, and streams go on", async () => {
    const { port, server } = await start()
    const stream = await connect(port, "a")
    const renewed = await makeTls()
    server.setTls(renewed)
    const answer = await ask(port, "/v1/hello", {
      method: "POST",
      as: "a",
      body: JSON.stringify(HELLO),
      ca: renewed.cert,
    })
    expect(answer.status).toBe(200)
    const before = stream.raw().length
    await eventually("more keep-alives", () => stream.raw().length > before)
    const old = connectTls({
      port,
      host: "127.0.0.1",
      ca: renewed.cert,
      servername: SERVER_NAME,
      maxVersion: "TLSv1.2",
    })
    const [failure] = await once(old, "error").catch((error: unknown) => [error])
    expect(String(Object(failure).code)).toMatch(/VERSION|PROTOCOL/)
  })

  test("a taken port is an error", async () => {
    const [one, two] = [await start(), await start()]
    await two.server.close()
    await expect(two.server.listen(one.port, "127.0.0.1")).rejects.toThrow(/EADDRINUSE/)
  })

  test("closing ends streams and connections", async () => {
    const { port, server } = await start()
    const stream = await connect(port, "a")
    await server.close()
    await eventually("the stream to end", stream.isEnded)
    await expect(ask(port, "/v1/hello")).rejects.toThrow()
  })
})
