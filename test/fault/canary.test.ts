/**
 * No secret comes out anywhere: provider keys, tokens of pods, keys of the operator and what the
 * application sent as its own, with everything provoked that could print one.
 */
import { createPrivateKey, randomBytes } from "node:crypto"
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { listAt, textAt } from "#operator/kube/json-path.ts"
import { call, hello, type SidecarAddress, subscribe } from "#test/control-plane/raw-sidecar.ts"
import { mintToken } from "#test/control-plane/tokens.ts"
import { temporaryDirectory } from "#test/process/places.ts"
import { waitUntil } from "#test/process/wait-until.ts"
import type { Behaviour } from "#test/upstream/behaviour.ts"
import { type Canary, findLeaks, type Place } from "./find-leaks.ts"
import { keyedBy, makeClusterObject, makeKey, makeProvider, makeRoute } from "./objects.ts"
import { OPERATOR_NAMESPACE, SERVER_NAME, type Sidecar, startWorld, type World } from "./world.ts"

/** Characters that every encoding writes in its own way; a provider key may have them. */
const makeKeyText = (): string => `sk-${randomBytes(12).toString("hex")}+/=&<%22\\`
const KEYS = {
  first: makeKeyText(),
  rotated: makeKeyText(),
  trimmed: makeKeyText(),
  malformed: makeKeyText(),
  wrongType: makeKeyText(),
  application: makeKeyText(),
} as const
const ROUTES = ["chat", "nowhere", "trimmed", "malformed", "wrong-type"] as const

let world: World
let shop: Sidecar
let stranger: Sidecar
/** Whatever a program may write without being told where. */
const scratch = temporaryDirectory("scratch")
const logFile = join(temporaryDirectory("canary-log"), "log")
const tokens: { readonly name: string; readonly text: string }[] = []
/** Every answer that anybody got, heads included. */
const heard: Place[] = []

beforeAll(async () => {
  const quietly = { TMPDIR: scratch, HOME: scratch, SIDEGATE_LOG_LEVEL: "debug" }
  world = await startWorld({ logFile, operatorEnv: quietly })
  await world.createNamespace("shop", "shop")
  await world.apply(
    makeClusterObject("TeamQuota", "shop", { costCenter: "CC-1" }),
    makeKey("alpha-key", KEYS.first),
    makeProvider("alpha", world.upstream.endpoint("alpha"), keyedBy("alpha-key")),
    makeRoute("shop/chat", "alpha", { models: ["chat"] }),
  )
  const pod = await world.createPod("shop", "api-0")
  const token = await newToken("the pod's token", "shop", pod)
  shop = await world.startSidecar(pod, { env: { ...quietly, SIDEGATE_TOKEN_FILE: token } })
})

afterAll(() => world.stop())

test("the key works", async () => {
  expect(await ask("chat")).toBe(200)
  expect(await ask("chat", { stream: true })).toBe(200)
})

const words = (text: string) => JSON.stringify({ error: { message: text, type: text, code: text } })
const KEY = KEYS.first
const answers: readonly { readonly name: string; readonly behaviour: Partial<Behaviour> }[] = [
  { name: "401", behaviour: { status: 401, body: words(`Incorrect API key provided: ${KEY}.`) } },
  { name: "403 as text", behaviour: { status: 403, body: `Bearer ${KEY}` } },
  { name: "400", behaviour: { status: 400, body: words(`bad key ${KEY}`) } },
  {
    name: "400, just where the text is cut",
    behaviour: { status: 400, body: words("x".repeat(1000) + KEY.repeat(40)) },
  },
  { name: "422 as a sentence", behaviour: { status: 422, body: JSON.stringify({ error: KEY }) } },
  { name: "404", behaviour: { status: 404, body: JSON.stringify({ error: { param: KEY } }) } },
  { name: "429", behaviour: { status: 429, headers: { "retry-after": KEY }, body: words(KEY) } },
  { name: "500", behaviour: { status: 500, headers: { "x-echo": KEY }, body: words(KEY) } },
  { name: "200 with a head", behaviour: { headers: { "x-request-id": KEY, "set-cookie": KEY } } },
  { name: "200 that is no answer", behaviour: { body: `{"error": "${KEY}` } },
  {
    name: "a redirect",
    behaviour: { status: 307, headers: { location: `http://127.0.0.1:1/${KEY}` } },
  },
  {
    name: "a stream that begins with an error",
    behaviour: {
      headers: { "content-type": "text/event-stream" },
      body: `data: ${words(`Incorrect API key provided: ${KEY}`)}\n\n`,
    },
  },
  {
    name: "a stream that is none",
    behaviour: { headers: { "content-type": "text/event-stream" }, body: `data: {${KEY}\n\n` },
  },
]
test.each(answers)("an upstream that quotes the key in its $name", async ({ behaviour }) => {
  await world.upstream.behave("alpha", behaviour)
  const from = heard.length
  await ask("chat")
  await ask("chat", { stream: true })
  await world.upstream.behaveWell()
  expect(heard.length).toBe(from + 4)
  expect(leaks(heard.slice(from))).toEqual([])
})

test("an upstream that breaks, and one that nobody can reach", async () => {
  const faults = [{ kind: "reset" }, { kind: "garbage" }, { kind: "cut", afterBytes: 20 }] as const
  for (const fault of faults) {
    await world.upstream.behave("alpha", { fault })
    expect(await ask("chat")).toBeGreaterThanOrEqual(500)
    await ask("chat", { stream: true })
  }
  await world.upstream.behaveWell()
  await world.upstream.close()
  expect(await ask("chat")).toBe(502)
  await world.upstream.open()
})

test("Secrets that are wrong in every way, and a host that is not there", async () => {
  const allowed = { "sidegate.dev/allowed-hosts": "nowhere.invalid,127.0.0.1" }
  const metadata = (name: string) => ({
    metadata: { name, namespace: OPERATOR_NAMESPACE, annotations: allowed },
  })
  const endpoint = world.upstream.endpoint("alpha")
  await world.apply(
    makeKey("trimmed-key", `${KEYS.trimmed}\n`),
    makeKey("malformed-key", `two\n${KEYS.malformed}`),
    makeKey("opaque-key", KEYS.wrongType, { type: "Opaque" }),
    makeKey("nowhere-key", KEYS.first, metadata("nowhere-key")),
    makeProvider("trimmed", endpoint, keyedBy("trimmed-key")),
    makeProvider("malformed", endpoint, keyedBy("malformed-key")),
    makeProvider("wrong-type", endpoint, keyedBy("opaque-key")),
    makeProvider("nowhere", "http://nowhere.invalid:8000/v1", keyedBy("nowhere-key")),
    ...ROUTES.slice(1).map((name) => makeRoute(`shop/${name}`, name, { models: [name] })),
  )
  for (const [provider, reason] of [
    ["malformed", "CredentialMalformed"],
    ["wrong-type", "SecretTypeNotAllowed"],
    ["nowhere", "ResolvedRefs"],
  ] as const) {
    await expect.poll(() => resolvedRefs(provider), { timeout: 60_000 }).toBe(reason)
  }
  for (const model of ROUTES) {
    const want = model === "chat" || model === "trimmed" ? 200 : 502
    await expect.poll(() => ask(model), { timeout: 60_000 }).toBe(want)
  }
})

test("a key that is replaced, and one that is taken away", async () => {
  await world.apply(makeKey("alpha-key", KEYS.rotated))
  const isSeen = async () => {
    await ask("chat")
    const bodies = await world.upstream.bodies()
    return bodies.at(-1)?.rawHeaders.includes(`Bearer ${KEYS.rotated}`) ?? false
  }
  await expect.poll(isSeen, { timeout: 60_000 }).toBe(true)
  await world.kubectl("delete", "secret", "trimmed-key", "-n", OPERATOR_NAMESPACE)
  await expect.poll(() => ask("trimmed"), { timeout: 60_000 }).toBe(502)
})

test("requests that are wrong, with a key of the application's own", async () => {
  const own = { authorization: `Bearer ${KEYS.application}`, "x-api-key": KEYS.application }
  const wrong = [
    { path: "/v1/chat/completions", body: "{" },
    { path: "/v1/chat/completions", body: JSON.stringify({ model: "none", messages: [] }) },
    { path: `/v1/nothing?key=${encodeURIComponent(KEYS.application)}`, body: "{}" },
    { path: "/v1/chat/completions", body: "x".repeat(17 * 1024 * 1024) },
  ]
  for (const { path, body } of wrong) await send(path, body, own)
  expect(await ask("chat", {}, own)).toBe(200)
  const headers = await world.upstream.bodies()
  expect(leaks([bytesOf("what the upstream got", headers)], ["the application's"])).toEqual([])
})

test("a refused Snapshot, by a sidecar that says so and by one whose files are broken", async () => {
  const pod = await world.createPod("shop", "refuser-0")
  const address = await addressOf(pod)
  const { session } = await waitUntil({ what: "hello", withinMs: 60_000, everyMs: 100 }, () =>
    hello(address),
  )
  const stream = await subscribe(address, session, () => "cannot be linked: for the test")
  await expect.poll(() => programmed("chat"), { timeout: 60_000 }).toContain("for the test")
  stream.close()

  await world.operator.kill()
  await shop.kill()
  spoil("credentials.json", (text) => text.slice(0, -20))
  spoil("last-good.json", (text) => text.replace("gpt-4o", "gpt-4x"))
  await shop.start()
  await shop.program().waitForLine(/credentials\.json/, 60_000)
  await shop.program().waitForLine(/hash_mismatch/, 60_000)
  await expect.poll(() => ask("chat"), { timeout: 60_000 }).toBe(503)
  await world.operator.start()
  await expect.poll(() => ask("chat"), { timeout: 60_000 }).toBe(200)
})

function spoil(name: string, change: (text: string) => string): void {
  const file = join(shop.stateDir, name)
  const text = readFileSync(file, "utf8")
  expect(change(text)).not.toBe(text)
  writeFileSync(file, change(text))
}

test("callers of the operator's channel that are refused", async () => {
  const good = await addressOf(await world.createPod("shop", "caller-0"))
  const bad = { ...good, token: `${good.token.slice(0, -8)}AAAAAAAA` }
  tokens.push({ name: "a forged token", text: bad.token })
  for (const address of [good, bad]) {
    for (const path of ["/v1/hello", "/v1/status", "/v1/usage", `/v1/${good.token}`]) {
      const { status, body } = await call(address, "POST", path, { boot: 7, records: [{}] })
      heard.push(bytesOf(`the operator's answer ${status}`, body))
    }
    const { status, body } = await call(address, "GET", "/v1/config?session=none")
    heard.push(bytesOf(`the operator's answer ${status}`, body))
  }
  const token = join(temporaryDirectory("token"), "token")
  writeFileSync(token, bad.token)
  const env = { TMPDIR: scratch, HOME: scratch, SIDEGATE_LOG_LEVEL: "debug" }
  const pod = await world.createPod("shop", "stranger-0")
  stranger = await world.startSidecar(pod, {
    env: { ...env, SIDEGATE_TOKEN_FILE: token },
    isWaiting: false,
  })
  await stranger.program().waitForLine(/not connected to the operator/, 60_000)
})

test("none of it is anywhere but in the one file that is for it", async () => {
  const places = await everyPlace()
  const logged = places.find(({ name }) => name === "the log")?.bytes.length ?? 0
  console.log(
    `searched ${places.length} places, ${places.reduce((sum, { bytes }) => sum + bytes.length, 0)} ` +
      `bytes (${logged} of log), for ${canaries().length} secrets`,
  )
  expect(logged).toBeGreaterThan(20_000)
  expect(leaks(places)).toEqual([])
})

test("the search finds the key where it must be, in a file that only the sidecar can read", () => {
  const file = join(shop.stateDir, "credentials.json")
  const found = findLeaks([{ name: "it", bytes: readFileSync(file) }], canaries())
  expect(found).toContain("the rotated key, escaped in JSON, is in it")
  expect(found.filter((one) => !/^the (first|rotated) key/.test(one))).toEqual([])
  expect((statSync(file).mode & 0o777).toString(8)).toBe("600")
  expect((statSync(shop.stateDir).mode & 0o077).toString(8)).toBe("0")
})

/** All secrets of this run; the operator's own keys as they are now. */
let operatorKeys: readonly Canary[] = []
function canaries(): readonly Canary[] {
  const name = (of: string) => (of === "application" ? "the application's key" : `the ${of} key`)
  return [
    ...Object.entries(KEYS).map(([of, text]) => ({ name: name(of), bytes: Buffer.from(text) })),
    ...tokens.map(({ name, text }) => ({ name, bytes: Buffer.from(text) })),
    ...operatorKeys,
  ]
}

function leaks(places: readonly Place[], only?: readonly string[]): readonly string[] {
  const wanted = canaries().filter(
    ({ name }) => only === undefined || only.some((start) => name.startsWith(start)),
  )
  return findLeaks(places, wanted)
}

async function everyPlace(): Promise<readonly Place[]> {
  operatorKeys = await readOperatorKeys()
  const processes = [world.operator, shop, stranger].map((one) => one.program())
  const pages = [world.operator.opsUrl, shop.opsUrl, stranger.opsUrl].flatMap((url) =>
    ["/metrics", "/healthz", "/readyz"].map((path) => `${url}${path}`),
  )
  const directories = [
    ...[world.operator.stateDir, scratch, shop.stateDir, shop.journalDir],
    ...[stranger.stateDir, stranger.journalDir],
  ]
  return [
    { name: "the log", bytes: readFileSync(logFile) },
    ...heard,
    ...(await Promise.all(pages.map(readPage))),
    bytesOf("the objects of the cluster", await everyObject()),
    ...directories.flatMap(filesIn).filter(({ name }) => !name.endsWith("/credentials.json")),
    ...processes.flatMap(({ pid, name }) =>
      ["environ", "cmdline"].map((file) => ({
        name: `${file} of ${name}`,
        bytes: readFileSync(`/proc/${pid}/${file}`),
      })),
    ),
  ]
}

/**
 * Of the second line of a P-256 key in PKCS #8: that much is still its secret number, the rest is
 * the public point, which certificates hold too.
 */
const PEM_SECRET_CHARACTERS = 26

/** The secret part of every private key of the operator, as a number and as it stands in PEM. */
async function readOperatorKeys(): Promise<readonly Canary[]> {
  const secrets = JSON.parse(
    await world.kubectl("get", "secrets", "-n", OPERATOR_NAMESPACE, "-o", "json"),
  ) as { items: { metadata: { name: string }; data?: Record<string, string> }[] }
  const keys = secrets.items.flatMap(({ metadata, data = {} }) =>
    Object.entries(data).flatMap(([field, value]) =>
      pemKeysOf(Buffer.from(value, "base64").toString("utf8")).map((pem) => ({
        name: `${metadata.name} ${field}`,
        pem,
      })),
    ),
  )
  expect(keys.length).toBeGreaterThanOrEqual(2)
  return keys.flatMap(({ name, pem }) => {
    const { d = "" } = createPrivateKey(pem).export({ format: "jwk" })
    const [, , line = ""] = pem.split("\n")
    return [
      { name, bytes: Buffer.from(d, "base64url") },
      { name: `${name} as PEM`, bytes: Buffer.from(line.slice(0, PEM_SECRET_CHARACTERS)) },
    ]
  })
}

function pemKeysOf(text: string): readonly string[] {
  return text.match(/-----BEGIN (EC |RSA )?PRIVATE KEY-----[^-]+-----END [^-]+-----/g) ?? []
}

/** Everything that the API server lists, Events and statuses among it, but no Secrets. */
async function everyObject(): Promise<string> {
  const listed = await world.kubectl("api-resources", "--verbs=list", "-o", "name")
  const kinds = listed.split("\n").filter((kind) => kind !== "" && kind !== "secrets")
  const text = await world.kubectl("get", kinds.join(","), "-A", "-o", "json")
  for (const needed of ["CredentialTrimmed", "CredentialMalformed", "for the test"]) {
    expect(text).toContain(needed)
  }
  return text
}

function filesIn(directory: string): readonly Place[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .flatMap((name) => {
      try {
        return [{ name, bytes: readFileSync(name) }]
      } catch (error) {
        // A program at work deletes what it has done with, such as a journal that was delivered.
        if (error instanceof Error && "code" in error && error.code === "ENOENT") return []
        throw error
      }
    })
}

async function readPage(url: string): Promise<Place> {
  const answer = await fetch(url)
  return bytesOf(url, [[...answer.headers], await answer.text()])
}

function bytesOf(name: string, value: unknown): Place {
  return { name, bytes: Buffer.from(typeof value === "string" ? value : JSON.stringify(value)) }
}

/** One chat; its answer is kept with its head. */
function ask(
  model: string,
  more: Readonly<Record<string, unknown>> = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<number> {
  const messages = [{ role: "user", content: "Say something." }]
  return send("/v1/chat/completions", JSON.stringify({ model, messages, ...more }), headers)
}

async function send(
  path: string,
  body: string,
  headers: Readonly<Record<string, string>>,
): Promise<number> {
  try {
    const answer = await fetch(`${shop.url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body,
      signal: AbortSignal.timeout(60_000),
    })
    const head = [...answer.headers].map(([name, value]) => `${name}: ${value}`).join("\n")
    heard.push(bytesOf(`an answer ${answer.status}`, head))
    const text = await answer.text().catch((error: unknown) => String(error))
    heard.push(bytesOf(`the body of an answer ${answer.status}`, text))
    return answer.status
  } catch (error) {
    heard.push(bytesOf("a failed request", String(error)))
    return 0
  }
}

async function newToken(
  name: string,
  namespace: string,
  pod: { readonly name: string; readonly uid: string },
): Promise<string> {
  const text = await mintToken(world.client, { namespace, pod })
  tokens.push({ name, text })
  const file = join(temporaryDirectory("token"), "token")
  writeFileSync(file, text, { mode: 0o600 })
  return file
}

async function addressOf(pod: {
  readonly namespace: string
  readonly name: string
  readonly uid: string
}): Promise<SidecarAddress> {
  const file = await newToken(`the token of ${pod.name}`, pod.namespace, pod)
  return {
    port: Number(new URL(world.operator.url).port),
    serverName: SERVER_NAME,
    ca: await world.readRoots(pod.namespace),
    token: readFileSync(file, "utf8"),
  }
}

async function resolvedRefs(provider: string): Promise<string> {
  return (await condition("aiprovider", provider, "ResolvedRefs", "reason")) ?? ""
}

async function programmed(route: string): Promise<string> {
  return (await condition("airoute", route, "Programmed", "message", "-n", "shop")) ?? ""
}

async function condition(
  kind: string,
  name: string,
  type: string,
  field: string,
  ...args: readonly string[]
): Promise<string | undefined> {
  const object: unknown = JSON.parse(await world.kubectl("get", kind, name, ...args, "-o", "json"))
  const found = listAt(object, "status", "conditions").find((one) => textAt(one, "type") === type)
  return textAt(found, field)
}
