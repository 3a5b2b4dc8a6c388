import { createHash } from "node:crypto"
import { mkdtempSync, rmSync } from "node:fs"
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { canonicalJson } from "#proxy/contract/json.ts"
import type { ConfigEvent, SnapshotPush, StatusReport, UsageBatch } from "#proxy/contract/push.ts"
import type { UsageRecord } from "#proxy/contract/records.ts"
import type { ProviderConfig, Snapshot } from "#proxy/contract/snapshot.ts"
import { createProxy, type Proxy as RunningProxy } from "./compose.ts"
import { DEFAULT_LIMITS, type ProxyConfig } from "./config.ts"
import { ChannelError, type ControlChannel } from "./sync/channel.ts"

const CANARY = "sk-canary-5f0c1d"
const IDENTITY = {
  namespace: "search",
  pod: "api-0",
  podUid: "uid",
  application: "api",
  labels: {},
}
let directory = ""
const closing: (() => Promise<unknown> | unknown)[] = []

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "sidegate-proxy-"))
})
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
  rmSync(directory, { recursive: true, force: true })
})

const ANSWER = {
  id: "chatcmpl-1",
  object: "chat.completion",
  created: 1,
  model: "gpt-4o",
  choices: [{ index: 0, message: { role: "assistant", content: "hi" }, finish_reason: "stop" }],
  usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
}

interface Upstream {
  readonly origin: string
  readonly keys: (string | undefined)[]
  /** What came, as it came. */
  readonly requests: { readonly url: string; readonly headers: IncomingHttpHeaders; body: string }[]
  answer: (response: ServerResponse) => void
}

async function startUpstream(): Promise<Upstream> {
  const upstream: Upstream = {
    origin: "",
    keys: [],
    requests: [],
    answer: (response) => {
      response.writeHead(200, { "content-type": "application/json" })
      response.end(JSON.stringify(ANSWER))
    },
  }
  const server = createServer((request: IncomingMessage, response) => {
    upstream.keys.push(request.headers.authorization)
    const recorded = { url: request.url ?? "", headers: request.headers, body: "" }
    upstream.requests.push(recorded)
    request.setEncoding("utf8").on("data", (chunk: string) => {
      recorded.body += chunk
    })
    request.on("end", () => upstream.answer(response))
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  closing.push(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  const { port } = server.address() as AddressInfo
  return Object.assign(upstream, { origin: `http://127.0.0.1:${port}` })
}

function makePush(
  origin: string,
  generation = 1,
  model = "smart",
  more: Partial<ProviderConfig> = {},
): SnapshotPush {
  const snapshot: Snapshot = {
    schemaVersion: 2,
    namespace: "search",
    team: { kind: "team", name: "search", costCenter: null, ancestors: [] },
    access: { kind: "rules", deny: [], allow: [], otherwise: "Allow", decidedBy: [] },
    providers: {
      openai: {
        name: "openai",
        schema: "OpenAI",
        origin,
        pathPrefix: "/v1",
        vendor: null,
        options: null,
        network: "Private",
        credential: "Secret",
        connectTimeoutMs: 10_000,
        disabled: false,
        simulated: null,
        ...more,
      },
    },
    routes: [
      {
        name: "search/chat",
        rules: [
          {
            name: "only",
            matches: [],
            strategy: { type: "Weighted" },
            backends: [
              { provider: "openai", model: "gpt-4o", weight: 1, priority: 0, problem: null },
            ],
            retry: { attempts: 1, budgetPercent: 20, triggers: [] },
            timeouts: { requestMs: 10_000, firstTokenMs: 5_000, streamIdleMs: 5_000 },
          },
        ],
      },
    ],
    models: { exact: { [model]: 0 }, prefixes: [] },
    prices: {
      "OpenAI-compatible/gpt-4o": [{ fromMs: 0, input: 1000, cachedInput: null, output: 2000 }],
    },
  }
  const hash = createHash("sha256").update(canonicalJson(snapshot)).digest("hex")
  return { version: { term: 1, generation }, hash, snapshot }
}

/** An operator in memory: sends what it is given, keeps what it is told, and can be away. */
class Operator implements ControlChannel {
  readonly statuses: StatusReport[] = []
  readonly records: UsageRecord[] = []
  readonly events: ConfigEvent[] = []
  isAway = false
  #stream: ((event: ConfigEvent) => void) | null = null

  push(...events: readonly ConfigEvent[]): void {
    this.events.push(...events)
    for (const event of events) this.#stream?.(event)
  }

  async hello() {
    if (this.isAway) throw new ChannelError("unreachable", "away")
    return { session: "s", identity: IDENTITY }
  }

  config(_session: string, onEvent: (event: ConfigEvent) => void, signal: AbortSignal) {
    for (const event of this.events) onEvent(event)
    this.#stream = onEvent
    return new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()))
  }

  async status(report: StatusReport): Promise<void> {
    this.statuses.push(report)
  }

  async usage(batch: string) {
    if (this.isAway) throw new ChannelError("unreachable", "away")
    const { records } = JSON.parse(batch) as UsageBatch
    this.records.push(...records)
    return { acknowledged: records.at(-1)?.sequence ?? 0 }
  }

  async close(): Promise<void> {
    this.#stream = null
  }
}

const makeKeys = (origin: string): ConfigEvent => ({
  event: "credentials",
  data: {
    revision: "r1",
    entries: [{ kind: "key", provider: "openai", origin, value: CANARY }],
    temporary: [],
    pending: [],
  },
})

function makeConfig(more: Partial<ProxyConfig> = {}): ProxyConfig {
  return {
    release: "1.2.3",
    stateDir: join(directory, "state"),
    journalDir: join(directory, "journal"),
    app: [
      { host: "127.0.0.1", port: 0 },
      { host: "::1", port: 0 },
    ],
    ops: [{ host: "127.0.0.1", port: 0 }],
    upstreamCaFile: null,
    logLevel: "silent",
    logFd: 2,
    limits: DEFAULT_LIMITS,
    ...more,
  }
}

async function start(
  operator: Operator,
  more: Partial<ProxyConfig> = {},
): Promise<{ proxy: RunningProxy; app: string; ops: string }> {
  const proxy = await createProxy(makeConfig(more), operator)
  closing.push(() => proxy.close({ drainMs: 0 }))
  return {
    proxy,
    app: `http://127.0.0.1:${proxy.app[0]?.port}`,
    ops: `http://127.0.0.1:${proxy.ops[0]?.port}`,
  }
}

function ask(app: string, model = "smart", more: object = {}): Promise<Response> {
  return fetch(`${app}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: "Bearer of-the-application" },
    body: JSON.stringify({ model, messages: [{ role: "user", content: "hello" }], ...more }),
  })
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 15_000
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error("the condition did not come true within 15 s")
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

const codeOf = async (response: Response): Promise<string> => {
  const body = (await response.json()) as { error: { code: string } }
  return `${response.status} ${body.error.code}`
}

describe("a held start", () => {
  const limits = (holdMs: number) => ({ limits: { ...DEFAULT_LIMITS, holdMs } })
  const startup = async (ops: string) => (await fetch(`${ops}/startupz`)).status

  test("waits for configuration, and not for its readiness", async () => {
    const operator = new Operator()
    const { proxy, ops } = await start(operator, limits(60_000))
    expect(await startup(ops)).toBe(503)
    expect((await fetch(`${ops}/healthz`)).status).toBe(200)
    operator.push({ event: "snapshot", data: makePush("http://127.0.0.1:9") })
    await proxy.ready
    expect(await startup(ops)).toBe(200)
  })

  test("ends after its time without any, though the sidecar is not ready", async () => {
    const operator = new Operator()
    operator.isAway = true
    const begun = performance.now()
    const { ops } = await start(operator, limits(300))
    await expect.poll(() => startup(ops), { interval: 10 }).toBe(200)
    expect(performance.now() - begun).toBeGreaterThanOrEqual(300)
    expect((await fetch(`${ops}/readyz`)).status).toBe(503)
  })

  test("is not there unless it is asked for", async () => {
    const { ops } = await start(new Operator())
    expect(await startup(ops)).toBe(200)
  })
})

describe("a proxy", () => {
  test("answers a chat with its own key, and its usage arrives", async () => {
    const upstream = await startUpstream()
    const operator = new Operator()
    operator.push(makeKeys(upstream.origin), { event: "snapshot", data: makePush(upstream.origin) })
    const { proxy, app } = await start(operator)
    await proxy.ready
    const response = await ask(app)
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual(ANSWER)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "x-sidegate-provider": "openai",
      "x-sidegate-model": "gpt-4o",
      "x-sidegate-route": "search/chat",
      "x-sidegate-config": "1.1",
      "x-sidegate-attempts": "1",
      "x-request-id": `req-${proxy.boot}-1`,
    })
    expect(upstream.keys).toEqual([`Bearer ${CANARY}`])
    await until(() => operator.records.length === 1)
    expect(operator.records[0]).toMatchObject({
      sequence: 1,
      id: `${proxy.boot}-1`,
      operation: `req-${proxy.boot}-1`,
      route: "search/chat",
      model: "gpt-4o",
      requestedModel: "smart",
      outcome: "ok",
      usage: { inputTokens: 3, cachedInputTokens: 0, outputTokens: 2 },
      source: "reported",
      cost: 7,
    })
    expect(operator.statuses).toHaveLength(1)
  })

  test.each([
    [null, "/openai/v1/chat/completions"],
    ["2024-10-21", "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"],
  ])("asks Azure OpenAI of version %s at %s, with its key header", async (apiVersion, url) => {
    const upstream = await startUpstream()
    const operator = new Operator()
    const push = makePush(upstream.origin, 1, "smart", {
      schema: "AzureOpenAI",
      pathPrefix: "",
      options: { schema: "AzureOpenAI", apiVersion },
    })
    operator.push(makeKeys(upstream.origin), { event: "snapshot", data: push })
    const { proxy, app } = await start(operator)
    await proxy.ready
    const response = await ask(app)
    expect(await response.json()).toEqual(ANSWER)
    const [request] = upstream.requests
    expect(request).toMatchObject({ url, headers: { "api-key": CANARY } })
    expect(request?.headers.authorization).toBeUndefined()
    expect(request?.body).toBe('{"model":"gpt-4o","messages":[{"role":"user","content":"hello"}]}')
  })

  test.each([
    // The report is in the last chunk, unasked: nothing is added, and nothing is taken out.
    ["Mistral", '{"model":"gpt-4o","messages":[{"role":"user","content":"hello"}],"stream":true}'],
    [
      null,
      '{"stream_options":{"include_usage":true},"model":"gpt-4o",' +
        '"messages":[{"role":"user","content":"hello"}],"stream":true}',
    ],
  ])(
    "sends a stream on as vendor %s takes it, and counts what it reports",
    async (vendor, want) => {
      const usage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 }
      const chunk = (choices: unknown, more: object = {}) =>
        `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", choices, ...more })}\n\n`
      const content = chunk([{ index: 0, delta: { content: "hi" }, finish_reason: null }])
      const last = [{ index: 0, delta: { content: "" }, finish_reason: "stop" }]
      const [shown, hidden] =
        vendor === null
          ? [content + chunk(last), chunk([], { usage })]
          : [content + chunk(last, { usage }), ""]
      const upstream = await startUpstream()
      upstream.answer = (response) => {
        response.writeHead(200, { "content-type": "text/event-stream" })
        response.end(`${shown}${hidden}data: [DONE]\n\n`)
      }
      const operator = new Operator()
      const push = makePush(upstream.origin, 1, "smart", { vendor })
      operator.push(makeKeys(upstream.origin), { event: "snapshot", data: push })
      const { proxy, app } = await start(operator)
      await proxy.ready
      const response = await ask(app, "smart", { stream: true })
      expect(await response.text()).toBe(`${shown}data: [DONE]\n\n`)
      expect(upstream.requests[0]?.body).toBe(want)
      await until(() => operator.records.length === 1)
      expect(operator.records[0]).toMatchObject({
        usage: { inputTokens: 3, outputTokens: 2 },
        source: "reported",
      })
    },
  )

  test("listens on both loopback addresses, where the host has them", async () => {
    const { proxy } = await start(new Operator())
    const [first, second] = proxy.app
    expect(first?.host).toBe("127.0.0.1")
    if (second !== undefined) expect(second).toEqual({ host: "::1", port: first?.port })
  })

  test("without configuration is live, not ready, and says so", async () => {
    const upstream = await startUpstream()
    const operator = new Operator()
    const { proxy, app, ops } = await start(operator)
    expect((await fetch(`${ops}/healthz`)).status).toBe(200)
    expect(await (await fetch(`${ops}/readyz`)).text()).toBe("config_not_ready\n")
    const refused = await ask(app)
    expect(refused.headers.get("retry-after")).toBe("1")
    expect(await codeOf(refused)).toBe("503 config_not_ready")
    operator.push(makeKeys(upstream.origin), { event: "snapshot", data: makePush(upstream.origin) })
    await proxy.ready
    expect((await fetch(`${ops}/readyz`)).status).toBe(200)
    expect((await ask(app)).status).toBe(200)
  })

  test("swaps its configuration between two requests", async () => {
    const upstream = await startUpstream()
    const operator = new Operator()
    operator.push(makeKeys(upstream.origin), { event: "snapshot", data: makePush(upstream.origin) })
    const { proxy, app } = await start(operator)
    await proxy.ready
    operator.push({ event: "snapshot", data: makePush(upstream.origin, 2, "smarter") })
    expect(await codeOf(await ask(app, "smart"))).toBe("404 model_not_found")
    expect((await ask(app, "smarter")).headers.get("x-sidegate-config")).toBe("1.2")
  })

  test("shows no key in its metrics, and counts what it did", async () => {
    const upstream = await startUpstream()
    const operator = new Operator()
    operator.push(makeKeys(upstream.origin), { event: "snapshot", data: makePush(upstream.origin) })
    const { proxy, app, ops } = await start(operator)
    await proxy.ready
    await (await ask(app)).text()
    await (await fetch(`${app}/v1/nothing`)).text()
    proxy.noteBug(new Error("of a test"))
    const scrape = async (): Promise<string> => (await fetch(`${ops}/metrics`)).text()
    await until(async () =>
      (await scrape()).includes('sidegate_requests_total{surface="openai-chat"'),
    )
    const text = await scrape()
    expect(text).toContain('sidegate_refused_total{code="endpoint_not_enabled"} 1')
    expect(text).toContain("sidegate_bugs_total 1")
    expect(text).toContain("sidegate_control_connected 1")
    expect(text).toContain('sidegate_config_info{version="1.1"} 1')
    expect(text).not.toContain(CANARY)
  })
})

describe("a restart while the operator is away", () => {
  test("serves at once, keys included, and delivers the usage later, once", async () => {
    const upstream = await startUpstream()
    const first = new Operator()
    first.push(makeKeys(upstream.origin), { event: "snapshot", data: makePush(upstream.origin) })
    const before = await start(first)
    await before.proxy.ready
    await ask(before.app)
    await until(() => first.records.length === 1)
    await before.proxy.close()

    const second = new Operator()
    second.isAway = true
    const { proxy, app } = await start(second)
    const response = await ask(app)
    expect(response.status).toBe(200)
    expect(upstream.keys).toEqual([`Bearer ${CANARY}`, `Bearer ${CANARY}`])
    expect(proxy.boot).not.toBe(before.proxy.boot)
    second.isAway = false
    await until(() => second.records.length === 1)
    expect(second.records[0]).toMatchObject({ sequence: 2, id: `${proxy.boot}-1` })
  })

  test("without a state directory has nothing to serve", async () => {
    const upstream = await startUpstream()
    const first = new Operator()
    first.push(makeKeys(upstream.origin), { event: "snapshot", data: makePush(upstream.origin) })
    const before = await start(first, { stateDir: null })
    await before.proxy.ready
    await before.proxy.close()
    const second = new Operator()
    second.isAway = true
    const { app } = await start(second, { stateDir: null })
    expect(await codeOf(await ask(app))).toBe("503 config_not_ready")
  })
})

describe("closing", () => {
  test("waits for what runs, refuses what comes, and delivers the last usage", async () => {
    const upstream = await startUpstream()
    let finish: (() => void) | undefined
    const whole = upstream.answer
    upstream.answer = (response) => {
      finish = () => whole(response)
    }
    const operator = new Operator()
    operator.push(makeKeys(upstream.origin), { event: "snapshot", data: makePush(upstream.origin) })
    const { proxy, app, ops } = await start(operator)
    await proxy.ready
    const running = ask(app)
    await until(() => finish !== undefined)
    const closed = proxy.close()
    expect(await (await fetch(`${ops}/readyz`)).text()).toBe("draining\n")
    const late = await ask(app)
    expect(late.headers.get("connection")).toBe("close")
    expect(await codeOf(late)).toBe("503 draining")
    finish?.()
    expect((await running).status).toBe(200)
    await closed
    expect(operator.records).toHaveLength(1)
    await expect(ask(app)).rejects.toThrow()
  })

  /** A request that its upstream never answers, and the code that it gets in the end. */
  async function hang() {
    const upstream = await startUpstream()
    let isAsked = false
    upstream.answer = () => {
      isAsked = true
    }
    const operator = new Operator()
    operator.push(makeKeys(upstream.origin), { event: "snapshot", data: makePush(upstream.origin) })
    const { proxy, app } = await start(operator)
    await proxy.ready
    const code = ask(app).then(codeOf)
    await until(() => isAsked)
    return { operator, proxy, code }
  }

  test("ends what runs for longer, which is told so, settled and delivered", async () => {
    const { operator, proxy, code } = await hang()
    await proxy.close({ drainMs: 20 })
    expect(await code).toBe("503 draining")
    expect(operator.records).toMatchObject([{ outcome: "cancelled", source: "estimated" }])
  })

  test("a second time with less patience ends what runs the same way", async () => {
    const { operator, proxy, code } = await hang()
    const patient = proxy.close({ drainMs: 60_000 })
    await proxy.close({ drainMs: 0 })
    await patient
    expect(await code).toBe("503 draining")
    expect(operator.records).toMatchObject([{ outcome: "cancelled", source: "estimated" }])
  })
})

describe("a start that fails", () => {
  test("for a taken port says so, and leaves nothing open", async () => {
    const { proxy } = await start(new Operator())
    const port = proxy.app[0]?.port ?? 0
    const other = { journalDir: join(directory, "other"), stateDir: null }
    const taken = start(new Operator(), { ...other, app: [{ host: "127.0.0.1", port }] })
    await expect(taken).rejects.toMatchObject({ code: "EADDRINUSE", port })
    await start(new Operator(), other)
  })

  test("for a journal in use says whose it is", async () => {
    await start(new Operator())
    await expect(start(new Operator())).rejects.toThrow(/the journal is in use/)
  })
})
