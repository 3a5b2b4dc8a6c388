import { afterEach, beforeAll, beforeEach, expect, test } from "vitest"
import { applyObject, objectPath } from "#operator/kube/apply.ts"
import { listAt, textAt } from "#operator/kube/json-path.ts"
import {
  createKubeClient,
  type KubeClient,
  loadKubeConfig,
  parseKubeConfig,
} from "#operator/kube/kube-client.ts"
import { KubeError } from "#operator/kube/kube-error.ts"
import {
  REFLECTOR_LIMITS,
  type Reflector,
  type ReflectorOptions,
  startReflector,
} from "#operator/kube/reflector.ts"
import { compact, startControlPlane } from "./control-plane.ts"
import { eventually } from "./eventually.ts"
import { type Fault, type FaultProxy, type ProxiedRequest, startFaultProxy } from "./fault-proxy.ts"
import { createMirror, type Mirror } from "./mirror.ts"
import { createNamespace } from "./namespaces.ts"
import { sharedControlPlane } from "./shared.ts"

let direct: KubeClient
let proxied: KubeClient
let proxy: FaultProxy
let namespace: string
let closers: (() => void)[] = []

beforeAll(() => {
  direct = createKubeClient(loadKubeConfig(sharedControlPlane().kubeconfigPath))
  return () => direct.close()
})
beforeEach(async () => {
  const access = sharedControlPlane()
  namespace = await createNamespace(access, "reflector")
  proxy = await startFaultProxy(access)
  proxied = createKubeClient(parseKubeConfig(proxy.kubeconfig))
})
afterEach(async () => {
  for (const close of closers) close()
  closers = []
  proxied.close()
  await proxy.stop()
})

const target = (name: string) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  plural: "configmaps",
  namespace,
  name,
})
const put = (name: string, data: string): Promise<unknown> =>
  applyObject(direct, target(name), { data: { value: data } })
const remove = (name: string): Promise<unknown> =>
  direct.request({ method: "DELETE", path: objectPath(target(name)) })

/** What the API server has now, read apart from any reflector. */
async function truth(): Promise<ReadonlyMap<string, string>> {
  const list = await direct.request({ method: "GET", path: objectPath(target("")) })
  return new Map(
    listAt(list, "items").map((item) => [
      textAt(item, "metadata", "name") ?? "",
      textAt(item, "metadata", "resourceVersion") ?? "",
    ]),
  )
}

function reflect(changes: Partial<ReflectorOptions> = {}): {
  readonly mirror: Mirror
  readonly reflector: Reflector
  readonly failures: string[]
} {
  const mirror = createMirror()
  const failures: string[] = []
  const reflector = startReflector({
    client: proxied,
    path: objectPath(target("")),
    sink: mirror.sink,
    report: (report) => {
      if (report.kind === "failed") failures.push(report.message)
    },
    ...changes,
  })
  closers.push(reflector.close)
  return { mirror, reflector, failures }
}

async function untilEqual(mirror: Mirror): Promise<void> {
  const wanted = await truth()
  await eventually("the mirror equals the server", () => {
    if (mirror.objects.size !== wanted.size) return false
    return [...wanted].every(([name, version]) => mirror.objects.get(name) === version)
  })
}

/** Harms the next `count` requests that `matches`. */
function harm(count: number, matches: (request: ProxiedRequest) => boolean, fault: Fault): void {
  let left = count
  proxy.onRequest = (request) => {
    if (left === 0 || !matches(request)) return null
    left -= 1
    return fault
  }
}
const isAny = (): boolean => true
const isFollow = ({ query }: ProxiedRequest): boolean =>
  query.has("watch") && query.has("resourceVersion")
const isInitial = ({ query }: ProxiedRequest): boolean => query.has("sendInitialEvents")

test("objects there before and changes afterwards arrive, by one stream of events", async () => {
  await put("a", "1")
  const { mirror, reflector } = reflect()
  await reflector.synced
  expect(mirror.objects).toEqual(await truth())
  await put("b", "1")
  await put("a", "2")
  await remove("b")
  await eventually("the deletion arrives", () => mirror.deleted.includes("b"))
  await untilEqual(mirror)
  expect(proxy.seen.map(({ query }) => query.get("sendInitialEvents"))).toEqual(["true"])
  expect(mirror.resets()).toBe(1)
})

test("a selector selects", async () => {
  await put("a", "1")
  await put("b", "1")
  const { mirror, reflector } = reflect({ fieldSelector: "metadata.name=b" })
  await reflector.synced
  expect([...mirror.objects.keys()]).toEqual(["b"])
})

test("a server without initial events is listed, a refused page asked for again", async () => {
  for (const name of ["a", "b", "c", "d", "e"]) await put(name, "1")
  proxy.onRequest = (request) => {
    if (isInitial(request)) {
      const message = "sendInitialEvents is forbidden for watch"
      return { kind: "answer", status: 422, body: { kind: "Status", message } }
    }
    const pages = proxy.seen.filter(({ query }) => query.has("continue")).length
    const isSecond = request.query.has("continue") && pages === 1
    return isSecond ? { kind: "answer", status: 500, body: {} } : null
  }
  const { mirror, reflector, failures } = reflect({
    limits: { ...REFLECTOR_LIMITS, pageObjects: 2 },
  })
  await reflector.synced
  expect(mirror.objects).toEqual(await truth())
  expect(failures).toEqual(["sendInitialEvents is forbidden for watch", "HTTP 500"])
  await remove("c")
  await eventually("the deletion arrives", () => mirror.deleted.includes("c"))
})

test("a continue token that expired starts the list anew; nobody sees half a list", async () => {
  for (const name of ["a", "b", "c"]) await put(name, "1")
  let isOld = true
  proxy.onRequest = (request) => {
    if (isInitial(request)) return { kind: "answer", status: 400, body: { kind: "Status" } }
    if (!isOld || !request.query.has("continue")) return null
    isOld = false
    return { kind: "answer", status: 410, body: { kind: "Status", code: 410, reason: "Expired" } }
  }
  const { mirror, reflector } = reflect({ limits: { ...REFLECTOR_LIMITS, pageObjects: 2 } })
  await reflector.synced
  expect(mirror.objects).toEqual(await truth())
  expect(mirror.resets()).toBe(1)
})

const lineFaults: readonly { readonly name: string; readonly fault: Fault }[] = [
  { name: "a line that is not JSON", fault: { kind: "prepend", text: '{"type":"ADDED","obj\n' } },
  { name: "a line without a version", fault: { kind: "prepend", text: '{"type":"ADDED"}\n' } },
  { name: "a stream cut within a line", fault: { kind: "cut-after", bytes: 40, end: "destroy" } },
  {
    name: "a stream that ends cleanly within a line",
    fault: { kind: "cut-after", bytes: 40, end: "clean" },
  },
]
test.each(lineFaults)("$name loses nothing", async ({ fault }) => {
  await put("a", "1")
  await put("goes", "1")
  const { mirror, reflector, failures } = reflect()
  await reflector.synced
  harm(1, isFollow, fault)
  proxy.cutAll()
  await remove("goes")
  await put("b", "1")
  await eventually("the fault is noticed", () => failures.length >= 2)
  await untilEqual(mirror)
  expect(mirror.deleted).toContain("goes")
})

test("a first stream that is cut in the middle is not taken for a complete list", async () => {
  for (const name of ["a", "b", "c"]) await put(name, "1")
  harm(2, isInitial, { kind: "cut-after", bytes: 700, end: "clean" })
  const { mirror, reflector } = reflect()
  await reflector.synced
  expect(mirror.objects).toEqual(await truth())
})

test("a connection that went silent is given up by the watchdog", async () => {
  const { mirror, reflector, failures } = reflect({
    limits: { ...REFLECTOR_LIMITS, watchdogMs: 300 },
  })
  await reflector.synced
  harm(1, isAny, { kind: "silence" })
  proxy.cutAll()
  await put("a", "1")
  await eventually("the watchdog barks", () => failures.includes("no byte for 300 ms"))
  await untilEqual(mirror)
})

/** A stream that says something every 100 ms is never silent so long, on a busy machine either. */
const WATCHDOG_MS = 3_000

test("a watch that carries nothing but bookmarks is alive, and the next one goes on from them", async () => {
  await put("a", "1")
  const { mirror, reflector, failures } = reflect({
    limits: { ...REFLECTOR_LIMITS, watchdogMs: WATCHDOG_MS },
  })
  await reflector.synced
  const version = await put("b", "1").then((made) => textAt(made, "metadata", "resourceVersion"))
  await untilEqual(mirror)
  const object = { kind: "ConfigMap", apiVersion: "v1", metadata: { resourceVersion: version } }
  const text = `${JSON.stringify({ type: "BOOKMARK", object })}\n`
  harm(1, isFollow, { kind: "drip", text, everyMs: 100 })
  proxy.cutAll()
  await eventually("the bookmarks are followed", () => proxy.seen.filter(isFollow).length === 1)
  const since = performance.now()
  await eventually("two watchdogs pass", () => performance.now() - since > 2.2 * WATCHDOG_MS)
  expect(failures.filter((message) => message.startsWith("no byte"))).toEqual([])
  proxy.cutAll()
  await put("c", "1")
  await untilEqual(mirror)
  expect(proxy.seen.findLast(isFollow)?.query.get("resourceVersion")).toBe(version)
  expect(mirror.resets()).toBe(1)
})

test("a list from before, as a server that lags gives it, takes nothing back", async () => {
  await put("stays", "1")
  await put("goes", "1")
  const path = objectPath(target(""))
  const old = await direct.request({ method: "GET", path, query: { limit: "500" } })
  await remove("goes")
  await put("stays", "2")
  // A server without initial events, so that what comes is a list.
  const unsupported: Fault = { kind: "answer", status: 422, body: { kind: "Status" } }
  proxy.onRequest = (request) => (isInitial(request) ? unsupported : null)
  const { mirror, reflector, failures } = reflect()
  await reflector.synced
  const expired = { kind: "Status", code: 410, reason: "Expired" }
  let [isExpired, stale] = [false, 0]
  proxy.onRequest = (request) => {
    if (isInitial(request)) return unsupported
    if (isFollow(request)) {
      if (isExpired) return null
      isExpired = true
      return { kind: "answer", status: 410, body: expired }
    }
    return stale++ < 2 ? { kind: "answer", status: 200, body: old } : null
  }
  proxy.cutAll()
  await put("late", "1")
  await eventually("what came late is there", () => mirror.objects.has("late"))
  await untilEqual(mirror)
  expect(stale).toBe(3)
  expect(failures.filter((message) => message.includes("older than")).length).toBe(2)
  expect(mirror.objects.has("goes")).toBe(false)
})

test("a store that is compacted between two pages costs nothing, and nobody sees half a list", async () => {
  const access = sharedControlPlane()
  for (const name of ["a", "b", "c", "d", "e"]) await put(name, "1")
  const compacted: Promise<void>[] = []
  proxy.onRequest = (request) => {
    if (isInitial(request)) return { kind: "answer", status: 422, body: { kind: "Status" } }
    if (!request.query.has("continue") || compacted.length === 2) return null
    // Changed and compacted before the page is read: the version that its token names is gone.
    const until = remove("abcde"[compacted.length] ?? "").then(() => compact(access))
    compacted.push(until)
    return { kind: "hold", until }
  }
  const { mirror, reflector } = reflect({ limits: { ...REFLECTOR_LIMITS, pageObjects: 2 } })
  await reflector.synced
  await Promise.all(compacted)
  await untilEqual(mirror)
  expect([...mirror.objects.keys()].sort()).toEqual(["c", "d", "e"])
  expect(mirror.resets()).toBe(1)
})

test("429 is obeyed: the next attempt comes after Retry-After", async () => {
  const { mirror, reflector } = reflect()
  await reflector.synced
  const headers = { "retry-after": "1" }
  const askedAt: number[] = []
  proxy.onRequest = () => {
    askedAt.push(performance.now())
    const isFirst = askedAt.length === 1
    return isFirst ? { kind: "answer", status: 429, headers, body: { kind: "Status" } } : null
  }
  proxy.cutAll()
  await eventually("the refusal is sent", () => askedAt.length > 0)
  await put("a", "1")
  await eventually("it comes back", () => askedAt.length > 1)
  const [refusedAt = 0, backAt = 0] = askedAt
  expect(backAt - refusedAt).toBeGreaterThan(990)
  await untilEqual(mirror)
})

test("close during the wait for a retry cancels it, and the sink hears no more", async () => {
  const { mirror, reflector, failures } = reflect()
  await reflector.synced
  proxy.onRequest = () => ({ kind: "answer", status: 500, body: {} })
  proxy.cutAll()
  await eventually("it waits for a retry", () => failures.length >= 3)
  reflector.close()
  await reflector.finished
  const before = proxy.seen.length
  proxy.onRequest = () => null
  await put("late", "1")
  await truth()
  expect(proxy.seen.length).toBe(before)
  expect(mirror.objects.has("late")).toBe(false)
})

test("close while the connection is being made cancels it", async () => {
  harm(1, isAny, { kind: "silence" })
  const { reflector, mirror } = reflect()
  await eventually("the request is there", () => proxy.seen.length === 1)
  reflector.close()
  await reflector.finished
  expect(mirror.resets()).toBe(0)
})

test("a sink that throws ends the reflector with its error: that is a bug", async () => {
  const { reflector } = reflect({
    sink: {
      reset: () => undefined,
      apply: () => {
        throw new Error("the sink is broken")
      },
      delete: () => undefined,
    },
  })
  await reflector.synced
  const finished = expect(reflector.finished).rejects.toThrow("the sink is broken")
  await put("a", "1")
  await finished
})

test("an API server that is not there is a KubeError", async () => {
  await proxy.stop()
  const asked = proxied.request({ method: "GET", path: "/api" })
  await expect(asked).rejects.toMatchObject({ code: "unreachable", status: null })
  await expect(asked).rejects.toBeInstanceOf(KubeError)
})

test("after a storm of random cuts the mirror equals the server", async () => {
  const seed = Math.floor(Math.random() * 2 ** 31)
  const random = mulberry32(seed)
  const { mirror, reflector } = reflect()
  await reflector.synced
  proxy.onRequest = (request) => {
    const draw = random()
    if (!request.query.has("watch") || draw > 0.6) return null
    if (draw < 0.2) return { kind: "answer", status: 500, body: {} }
    return { kind: "cut-after", bytes: Math.floor(random() * 4000), end: "destroy" }
  }
  for (let round = 0; round < 80; round++) {
    const name = `object-${Math.floor(random() * 10)}`
    if (random() < 0.4) await remove(name).catch(() => undefined)
    else await put(name, String(round))
    if (random() < 0.3) proxy.cutAll()
  }
  proxy.onRequest = () => null
  await untilEqual(mirror).catch((error) => {
    throw new Error(`seed ${seed}: ${error}`)
  })
})

test("the API server is killed and forgets its watch cache: nothing is missed", async () => {
  const own = await startControlPlane()
  const ownProxy = await startFaultProxy(own)
  const client = createKubeClient(loadKubeConfig(own.kubeconfigPath))
  const away = createKubeClient(parseKubeConfig(ownProxy.kubeconfig))
  const path = "/api/v1/namespaces/default/configmaps"
  const inDefault = (name: string) => ({ ...target(name), namespace: "default" })
  try {
    for (const name of ["stays", "goes"]) await applyObject(client, inDefault(name), {})
    const steady = reflect({ client, path })
    const late = reflect({ client: away, path })
    await Promise.all([steady.reflector.synced, late.reflector.synced])
    // The second is kept away until an object is gone, and resumes from a version that the server
    // forgot.
    const ancient = new URLSearchParams({ watch: "true", resourceVersion: "1" })
    ownProxy.onRequest = () => ({ kind: "answer", status: 503, body: { kind: "Status" } })
    await own.stopApiServer()
    await eventually("the outage is noticed", () => steady.failures.length > 0)
    await own.startApiServer()
    await client.request({ method: "DELETE", path: objectPath(inDefault("goes")) })
    ownProxy.onRequest = (request) =>
      isFollow(request) ? { kind: "rewrite", query: ancient } : null
    for (const { mirror } of [steady, late]) {
      await eventually("the deletion arrives", () => mirror.deleted.includes("goes"))
      expect(mirror.objects.has("stays")).toBe(true)
      expect(mirror.resets()).toBe(1)
    }
    expect(late.failures.join("\n")).toContain("too old resource version")
  } finally {
    for (const close of closers) close()
    client.close()
    away.close()
    await ownProxy.stop()
    await own.stop()
  }
})

/** A small generator of even quality, for seeds that can be printed. */
function mulberry32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
