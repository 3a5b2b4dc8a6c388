/**
 * What people and controllers do to objects: churn, quick replacement, an ending namespace, a
 * status that others write, and Secrets that are wrong in every way. F10, F15, C16, K1 to K6.
 */
import { afterAll, beforeAll, expect, test } from "vitest"
import { at, listAt, textAt } from "#operator/kube/json-path.ts"
import { createNamespace } from "#test/control-plane/namespaces.ts"
import { waitUntil } from "#test/process/wait-until.ts"
import {
  type Connected,
  conditionOf,
  type FaultWorld,
  GROUP,
  provider,
  quota,
  route,
  snapshotWith,
  startFaultWorld,
} from "./world.ts"

let world: FaultWorld
let sidecar: Connected

const KEY = "sk-canary-0123456789abcdef"
const FIRST = "objects-provider"
const KEYED = "objects-keyed"

beforeAll(async () => {
  world = await startFaultWorld("objects")
  await world.apply(
    quota("objects"),
    provider(FIRST),
    secret({ key: btoa(KEY) }),
    provider(KEYED, { credentials: { type: "Secret", secret: { name: "keys", key: "key" } } }),
    route(world.namespace, "chat", FIRST, "model-0"),
    route(world.namespace, "keyed", KEYED, "model-0"),
  )
  await world.operator.start()
  sidecar = await world.connect("api-0")
  await snapshotWith(sidecar.stream, "model-0")
})
afterAll(async () => {
  const output = world.operator.output()
  await world.stop()
  expect(output).not.toContain(KEY)
})

function secret(data: object, type = "sidegate.dev/provider-credential"): object {
  const metadata = {
    name: "keys",
    namespace: `${world.namespace}-system`,
    annotations: { "sidegate.dev/allowed-hosts": "api.openai.com" },
  }
  return { apiVersion: "v1", kind: "Secret", metadata, type, data }
}
const secretPath = () => `/api/v1/namespaces/${world.namespace}-system/secrets/keys`
const setKey = (bytes: string | Uint8Array) =>
  world.client.request({
    method: "PATCH",
    path: secretPath(),
    contentType: "application/merge-patch+json",
    body: { data: { key: Buffer.from(bytes).toString("base64") } },
  })
const snapshots = () => sidecar.stream.events.filter(({ event }) => event === "snapshot").length
const pushes = () =>
  sidecar.stream.events.flatMap((event) => (event.event === "credentials" ? [event.data] : []))
const eventsOf = async (reason: string) => {
  const all = await world.client.request({ method: "GET", path: "/apis/events.k8s.io/v1/events" })
  return listAt(all, "items").filter(
    (one) =>
      textAt(one, "reason") === reason &&
      [KEYED, "keys"].includes(textAt(one, "regarding", "name") ?? ""),
  )
}
const eventually = <T>(what: string, look: () => Promise<T | undefined> | T | undefined) =>
  waitUntil({ what, withinMs: 60_000, everyMs: 50 }, look)

test("changes that come all the time are pushed together, and the last of each object wins", async () => {
  const names = Array.from({ length: 5 }, (_, index) => `churn-${index}`)
  await world.apply(...names.map((name) => route(world.namespace, name, FIRST, "model-0")))
  await snapshotWith(sidecar.stream, `"churn-4"`)
  const before = snapshots()
  const startedAt = performance.now()
  await Promise.all(
    names.map(async (name) => {
      for (let round = 1; round <= 40; round++) {
        const model = `${name}-model-${round}`
        const rules = [{ name: "default", backends: [{ provider: FIRST, model }] }]
        await world.patch("airoutes", name, { spec: { rules } })
      }
    }),
  )
  const tookMs = performance.now() - startedAt
  for (const name of names) await snapshotWith(sidecar.stream, `"${name}-model-40"`)
  const pushed = snapshots() - before
  console.log(`200 changes in ${Math.round(tookMs)} ms: ${pushed} pushes`)
  // One a second, and one more for each tenth of a second in which a busy machine wrote nothing;
  // the exact rule is `debounce.test.ts`'s.
  expect(pushed).toBeLessThan(120)
  await world.until("airoutes", "churn-0", "Programmed", "True Programmed")
})

test("an object that is deleted and made anew again and again is followed by its uid", async () => {
  for (let round = 0; round < 10; round++) {
    await world.remove(`/apis/${GROUP}/namespaces/NAMESPACE/airoutes/chat`)
    await world.client.request({
      method: "POST",
      path: `/apis/${GROUP}/namespaces/${world.namespace}/airoutes`,
      body: route(world.namespace, "chat", FIRST, `again-${round}`),
    })
  }
  await snapshotWith(sidecar.stream, `"again-9"`)
  await world.until("airoutes", "chat", "Programmed", "True Programmed")
  const object = await world.get("airoutes", "chat")
  expect(at(object, "status", "observedGeneration")).toBe(1)
})

test("a status that somebody else writes is put right", async () => {
  await world.client.request({
    method: "PATCH",
    path: `/apis/${GROUP}/namespaces/${world.namespace}/airoutes/chat/status`,
    contentType: "application/merge-patch+json",
    body: { status: { observedGeneration: 1, conditions: [] } },
  })
  await world.until("airoutes", "chat", "Ready", "True Ready")
})

test("nothing is written into a namespace that ends", async () => {
  const ending = await createNamespace(world.access, "ending", {
    labels: { "sidegate.dev/injection": "enabled" },
  })
  const path = `/apis/${GROUP}/namespaces/${ending}/airoutes`
  const held = Object(route(ending, "held", FIRST, "model-0"))
  const body = { ...held, metadata: { ...held.metadata, finalizers: ["example.org/holds"] } }
  await world.client.request({ method: "POST", path, body })
  const readyOf = async () =>
    conditionOf(await world.client.request({ method: "GET", path: `${path}/held` }), "Ready")
  await eventually("the route is ready", async () =>
    (await readyOf()).startsWith("True") ? true : undefined,
  )
  await world.client.request({ method: "DELETE", path: `/api/v1/namespaces/${ending}` })
  // What ends is changed, and so is what every route of that provider says.
  await eventually("the end is seen", async () => {
    const namespace = { method: "GET", path: `/api/v1/namespaces/${ending}` } as const
    const phase = textAt(await world.client.request(namespace), "status", "phase")
    return phase === "Terminating" ? true : undefined
  })
  await world.patch("airoutes", "chat", { metadata: { labels: { settled: "yes" } } })
  const rules = [{ name: "default", backends: [{ provider: FIRST, model: "settled" }] }]
  await world.patch("airoutes", "chat", { spec: { rules } })
  await snapshotWith(sidecar.stream, `"settled"`)
  const before = world.proxy.seen.length
  await world.patch("aiproviders", FIRST, { spec: { allowedNamespaces: { from: "None" } } })
  await world.until("airoutes", "chat", "ResolvedRefs", "False ProviderNotPermitted")
  await world.patch("aiproviders", FIRST, { spec: { allowedNamespaces: { from: "All" } } })
  await world.until("airoutes", "chat", "ResolvedRefs", "True")
  const written = world.proxy.seen
    .slice(before)
    .filter(({ method, path }) => method !== "GET" && path.includes(`/namespaces/${ending}/`))
  expect(written).toEqual([])
  expect(await readyOf()).toMatch(/^True Ready/)
  await world.client.request({
    method: "PATCH",
    path: `${path}/held`,
    contentType: "application/merge-patch+json",
    body: { metadata: { finalizers: null } },
  })
})

const malformed = [
  { name: "a line end inside", bytes: `${KEY}\r\nx-evil: 1`, says: "a line end at offset 26" },
  { name: "a space at the end", bytes: `${KEY} `, says: "white space at offset 26" },
  { name: "a Bearer prefix", bytes: `Bearer ${KEY}`, says: "white space at offset 6" },
  { name: "quotation marks", bytes: `"${KEY}"`, says: "stands in quotation marks" },
  { name: "a byte order mark", bytes: `\uFEFF${KEY}`, says: "not ASCII at offset 0" },
  { name: "nothing", bytes: "", says: "a value of 0 bytes is empty" },
  { name: "binary", bytes: new Uint8Array([0x73, 0xff, 0, 1]), says: "not ASCII at offset 1" },
  { name: "half a megabyte", bytes: "k".repeat(512 * 1024), says: "524288 bytes is longer than" },
  { name: "a megabyte", bytes: "k".repeat(1024 * 1024), says: "1048576 bytes is longer than" },
]
test.each(malformed)(
  "a key with $name is CredentialMalformed, by length and offset only",
  async ({ bytes, says }) => {
    await setKey(bytes)
    const message = await world.until(
      "aiproviders",
      KEYED,
      "ResolvedRefs",
      "False CredentialMalformed",
    )
    await eventually("the words", async () => {
      const found = conditionOf(await world.get("aiproviders", KEYED), "ResolvedRefs")
      return found.includes(says) ? true : undefined
    })
    expect(message).not.toContain("canary")
    await setKey(KEY)
    await world.until("aiproviders", KEYED, "ResolvedRefs", "True ResolvedRefs")
  },
)

test("a line end at the end is cut off, with one Warning, and the key is used", async () => {
  await setKey(`${KEY}-echoed\n`)
  await eventually("the key without its line end", () =>
    pushes()
      .at(-1)
      ?.entries.some((entry) => "value" in entry && entry.value === `${KEY}-echoed`)
      ? true
      : undefined,
  )
  await world.until("aiproviders", KEYED, "ResolvedRefs", "True ResolvedRefs")
  const events = await eventually("the Warning", async () => {
    const found = await eventsOf("CredentialTrimmed")
    return found.length > 0 ? found : undefined
  })
  expect(events.map((one) => textAt(one, "type"))).toEqual(["Warning"])
})

test("a key that begins like another vendor's is used, with a Warning", async () => {
  await setKey("sk-ant-api03-canary")
  await world.until("aiproviders", KEYED, "ResolvedRefs", "True CredentialLooksForeign")
  await eventually("the Warning", async () =>
    (await eventsOf("CredentialLooksForeign")).length === 1 ? true : undefined,
  )
  await setKey(KEY)
  await world.until("aiproviders", KEYED, "ResolvedRefs", "True ResolvedRefs")
})

test("a Secret rotated all the time is pushed once a second at most, and its last value stays", async () => {
  await eventually("a quiet start", () => {
    const last = pushes()
      .at(-1)
      ?.entries.some((one) => "value" in one && one.value === KEY)
    return last ? true : undefined
  })
  const before = pushes().length
  const startedAt = performance.now()
  let count = 0
  // For four seconds, and longer where that is too short for so many.
  while (performance.now() - startedAt < 4000 || count <= 20) {
    count++
    await setKey(`${KEY}-${count}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
  await eventually("the last value", () =>
    pushes()
      .at(-1)
      ?.entries.some((one) => "value" in one && one.value === `${KEY}-${count}`)
      ? true
      : undefined,
  )
  const tookMs = performance.now() - startedAt
  const pushed = pushes().length - before
  console.log(`${count} rotations: ${pushed} pushes in ${Math.round(tookMs)} ms`)
  expect(pushed).toBeLessThanOrEqual(Math.ceil(tookMs / 1000) + 1)
})

test("a Secret that is deleted takes its key away at once, and is followed by its uid and type", async () => {
  await world.client.request({ method: "DELETE", path: secretPath() })
  await world.until("aiproviders", KEYED, "ResolvedRefs", "False SecretNotFound")
  await eventually("keys without it", () =>
    pushes().at(-1)?.entries.length === 0 ? true : undefined,
  )
  await world.apply(secret({ key: btoa(KEY) }, "Opaque"))
  await world.until("aiproviders", KEYED, "ResolvedRefs", "False SecretTypeNotAllowed")
  expect(pushes().at(-1)?.entries).toEqual([])
  await world.client.request({ method: "DELETE", path: secretPath() })
  await world.apply(secret({ key: btoa(`${KEY}-new`) }))
  await world.until("aiproviders", KEYED, "ResolvedRefs", "True ResolvedRefs")
  await eventually("the new key", () =>
    pushes()
      .at(-1)
      ?.entries.some((one) => "value" in one && one.value === `${KEY}-new`)
      ? true
      : undefined,
  )
})
