/**
 * Whatever an application says, its sidecar dials the operator and the AIProviders of its routes,
 * with their keys and at their paths, and nobody else. S1 of the threat model.
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs"
import { request } from "node:http"
import { type AddressInfo, createServer, type Server } from "node:net"
import fc from "fast-check"
import { afterAll, beforeAll, expect, test } from "vitest"
import { keyedBy, makeKey, makeProvider, makeRoute } from "./objects.ts"
import { type Sidecar, startWorld, type World } from "./world.ts"

const KEY = "key-of-alpha"
const RUNS = 400

let world: World
let sidecar: Sidecar
/** Whom the application would like to be dialled. */
let trap: Server
let trapped = 0
let trapUrl: string

beforeAll(async () => {
  world = await startWorld()
  trap = createServer((socket) => {
    trapped += 1
    socket.destroy()
  })
  await new Promise<void>((resolve) => trap.listen(0, "127.0.0.1", resolve))
  trapUrl = `http://127.0.0.1:${(trap.address() as AddressInfo).port}`
  await world.apply(
    makeKey("alpha-key", KEY),
    makeProvider("alpha", world.upstream.endpoint("alpha"), keyedBy("alpha-key")),
  )
  await world.createNamespace("shop")
  await world.apply(makeRoute("shop/chat", "alpha", { models: ["smart"] }))
  sidecar = await world.startSidecar(await world.createPod("shop", "api-0"))
})

afterAll(async () => {
  trap.close()
  await world.stop()
})

interface Said {
  readonly method: string
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

interface Heard {
  readonly status: number
  readonly code: string | null
  readonly text: string
}

function say({ method, target, headers, body }: Said): Promise<Heard> {
  const { port } = new URL(sidecar.url)
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, method, path: target, headers, agent: false }
    const outgoing = request(options, (response) => {
      let text = ""
      response.setEncoding("utf8").on("data", (piece: string) => {
        text += piece
      })
      response.on("error", reject)
      response.on("end", () => {
        const code = /"code":"(\w+)"/.exec(text)?.[1] ?? null
        resolve({ status: response.statusCode ?? 0, code, text })
      })
    })
    outgoing.on("error", () => resolve({ status: 0, code: null, text: "" }))
    outgoing.end(body)
  })
}

const CHAT = { model: "smart", messages: [{ role: "user", content: "Hello?" }] }
const plain = (more: Partial<Said> = {}): Said => ({
  method: "POST",
  target: "/v1/chat/completions",
  headers: { "content-type": "application/json" },
  body: JSON.stringify(CHAT),
  ...more,
})
const withBody = (more: object) => plain({ body: JSON.stringify({ ...CHAT, ...more }) })
const withHeader = (name: string, value: string) =>
  plain({ headers: { "content-type": "application/json", [name]: value } })

/** Given the trap's address; what each is answered. */
const games: readonly {
  readonly name: string
  readonly said: (url: string) => Said
  readonly answer: string
}[] = [
  { name: "api_base", said: (url) => withBody({ api_base: url }), answer: "400 forbidden_field" },
  { name: "base_url", said: (url) => withBody({ base_url: url }), answer: "400 forbidden_field" },
  { name: "api_key", said: () => withBody({ api_key: "mine" }), answer: "400 forbidden_field" },
  {
    name: "base_url, nested",
    said: (url) => withBody({ metadata: { a: [{ base_url: url }] } }),
    answer: "400 forbidden_field",
  },
  {
    // A parameter of the application's own function, passed on as such.
    name: "api_base in a tool's schema",
    said: (url) => {
      const parameters = { type: "object", properties: { api_base: { const: url } } }
      return withBody({ tools: [{ type: "function", function: { name: "f", parameters } }] })
    },
    answer: "200 null",
  },
  {
    name: "extra_headers",
    said: (url) => withBody({ extra_headers: { host: url } }),
    answer: "400 forbidden_field",
  },
  {
    name: "the model twice",
    said: () =>
      plain({
        body: `{"model":"smart","model":"other","messages":${JSON.stringify(CHAT.messages)}}`,
      }),
    answer: "400 duplicate_key",
  },
  {
    name: "a whole address as the target",
    said: (url) => plain({ target: `${url}/v1/chat/completions` }),
    answer: "400 absolute_form",
  },
  {
    name: "an address as the host",
    said: () => withHeader("host", "evil.example/#@127.0.0.1"),
    answer: "400 bad_host",
  },
  {
    name: "another host's name",
    said: () => withHeader("host", "api.evil.example"),
    answer: "200 null",
  },
  {
    name: "a path that climbs out",
    said: () => plain({ target: "/v1/../../alpha/v1/chat/completions" }),
    answer: "404 endpoint_not_enabled",
  },
  {
    name: "two slashes and a host",
    said: (url) => plain({ target: `${url.replace("http:", "")}/v1/chat/completions` }),
    answer: "404 endpoint_not_enabled",
  },
  {
    name: "a proxy's route",
    said: (url) => plain({ target: `/v1/proxy/${url}` }),
    answer: "404 endpoint_not_enabled",
  },
  {
    name: "an image of the trap",
    said: (url) =>
      withBody({
        messages: [
          { role: "user", content: [{ type: "image_url", image_url: { url: `${url}/a.png` } }] },
        ],
      }),
    answer: "400 image_url_denied",
  },
  ...[
    "x-portkey-custom-host",
    "x-litellm-api-base",
    "x-forwarded-host",
    "x-original-url",
    "x-rewrite-url",
    "forwarded",
    "helicone-target-url",
    "openai-organization",
    "x-sidegate-provider",
    "x-sidegate-namespace",
  ].map((name) => ({
    name: `header ${name}`,
    said: (url: string) => withHeader(name, url),
    answer: "200 null",
  })),
]

test.each(games)("$name leads nowhere: $answer", async ({ said, answer }) => {
  const { status, code } = await say(said(trapUrl))
  expect(`${status} ${code}`).toBe(answer)
  expect(trapped).toBe(0)
})

/** Names of fields and headers that some gateway takes for a destination or a key. */
const FIELDS = [
  ...["api_base", "base_url", "api_key", "endpoint", "host", "url", "proxy", "baseURL", "apiBase"],
  ...["extra_body", "extra_headers", "litellm_params", "provider", "deployment_id", "region"],
  ...["custom_host", "target", "webhook", "callback_url", "organization", "__proto__", "config"],
]
const HEADERS = [
  ...["x-portkey-custom-host", "x-portkey-config", "x-litellm-api-base", "x-api-base", "api-key"],
  ...["x-forwarded-host", "x-forwarded-proto", "forwarded", "x-original-url", "x-rewrite-url"],
  ...["helicone-target-url", "via", "referer", "origin", "x-goog-api-key", "x-api-key", "cookie"],
  ...["authorization", "proxy-authorization", "x-http-method-override", "alt-svc", "te"],
]
const TARGETS = [
  "/v1/chat/completions",
  "/v1/chat/completions?api_base=TRAP",
  "/v1/chat/completions;TRAP",
  "/v1/models",
  "/v1/embeddings",
  "/TRAP",
  "/v1/proxy/chat/completions",
]

test(`${RUNS} requests of any shape reach their provider or nobody`, async () => {
  await world.upstream.reset()
  const address = fc.constantFrom(trapUrl, trapUrl.slice(5), trapUrl.slice(7), `${trapUrl}/v1#`)
  const field = fc.tuple(fc.constantFrom(...FIELDS), address)
  const nested = fc.tuple(
    field,
    fc.array(fc.constantFrom("metadata", "tools", "a"), { maxLength: 3 }),
  )
  const headers = fc.array(fc.tuple(fc.constantFrom(...HEADERS), address), { maxLength: 4 })
  const statuses = new Map<number, number>()
  const once = fc.asyncProperty(
    fc.constantFrom(...TARGETS),
    fc.array(nested, { maxLength: 3 }),
    headers,
    async (target, fields, given) => {
      const inside = fields.map(([[name, url], path]) =>
        path.reduceRight<object>((value, key) => ({ [key]: [value] }), { [name]: url }),
      )
      const { status, text } = await say({
        method: target === "/v1/models" ? "GET" : "POST",
        target: target.replace("TRAP", trapUrl),
        headers: { "content-type": "application/json", ...Object.fromEntries(given) },
        body: target === "/v1/models" ? "" : JSON.stringify(Object.assign({}, CHAT, ...inside)),
      })
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
      expect(text).not.toContain(KEY)
      expect(elsewhere()).toEqual([])
    },
  )
  await fc.assert(once, { numRuns: RUNS })
  console.log("answers by status:", Object.fromEntries([...statuses].sort()))
  expect(trapped).toBe(0)
  expect(statuses.get(200)).toBeGreaterThan(RUNS / 20)
  const bodies = await world.upstream.bodies()
  expect(new Set(bodies.map(({ path }) => path))).toEqual(new Set(["/alpha/v1/chat/completions"]))
  for (const { rawHeaders } of bodies) {
    const names = rawHeaders.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase())
    expect(rawHeaders[names.indexOf("authorization") * 2 + 1]).toBe(`Bearer ${KEY}`)
    const foreign = HEADERS.filter((name) => name !== "authorization" && names.includes(name))
    expect(foreign).toEqual([])
    expect(rawHeaders.join()).not.toContain(trapUrl.slice(7))
  }
})

/** Connections of the sidecar to ports that it has no business with. */
function elsewhere(): readonly string[] {
  const folder = `/proc/${sidecar.program().pid}`
  const inodes = new Set(
    readdirSync(`${folder}/fd`).flatMap((name) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`${folder}/fd/${name}`))?.[1] ?? []
      } catch {
        return []
      }
    }),
  )
  const urls = [sidecar.url, sidecar.opsUrl, world.operator.url, world.upstream.origin]
  const known = new Set(urls.map((url) => Number(new URL(url).port)))
  const lines = readFileSync(`${folder}/net/tcp`, "utf8").trim().split("\n").slice(1)
  return lines.filter((line) => {
    const [, local = "", remote = "", , , , , , , inode = ""] = line.trim().split(/\s+/)
    if (!inodes.has(inode)) return false
    return ![local, remote].some((one) => known.has(Number.parseInt(one.slice(-4), 16)))
  })
}
