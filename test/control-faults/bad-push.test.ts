/**
 * F12, P2, P3 and P5: what stands between operator and sidecar changes what is said, or says
 * nothing. The operator and the proxy are real; the forger between them ends TLS on both sides.
 */
import { createHash } from "node:crypto"
import { connect as connectTls } from "node:tls"
import { afterAll, afterEach, beforeAll, expect, test } from "vitest"
import { canonicalJson } from "#proxy/contract/json.ts"
import type { SnapshotPush } from "#proxy/contract/push.ts"
import { metricOf } from "#test/control-plane/operator-process.ts"
import { call, hello, type SidecarAddress, subscribe } from "#test/control-plane/raw-sidecar.ts"
import { waitUntil } from "#test/process/wait-until.ts"
import { type Forger, startForger } from "./relay.ts"
import { type ProxyProcess, startProxy } from "./sidecar.ts"
import {
  type FaultWorld,
  GROUP,
  provider,
  quota,
  route,
  snapshotWith,
  startFaultWorld,
} from "./world.ts"

const MESSAGE_BYTES_MAX = 8 * 1024 * 1024

let world: FaultWorld
let forger: Forger
let proxy: ProxyProcess
let address: SidecarAddress
let model = 0

beforeAll(async () => {
  world = await startFaultWorld("push")
  await world.apply(
    provider("push-provider"),
    quota("push"),
    route(world.namespace, "chat", "push-provider", "m-0"),
  )
  await world.operator.start()
  address = await world.createPod("api-0")
  forger = await startForger(address)
  proxy = await startProxy({ ...address, port: forger.port, ca: forger.ca })
  await proxy.ready()
})
afterEach(() => {
  forger.forge = null
})
afterAll(async () => {
  await proxy.program.stop()
  await forger.stop()
  await world.stop()
})

/** Makes the operator push: the route leads to the next model. */
const change = async () => {
  model++
  const rules = [
    { name: "default", backends: [{ provider: "push-provider", model: `m-${model}` }] },
  ]
  await world.patch("airoutes", "chat", { spec: { rules } })
}
const frameOf = (event: string, data: unknown) =>
  `event: ${event}\ndata: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`
/** Changes the next Snapshot only. */
const forgeOnce = (change: (push: SnapshotPush, frame: string) => string | Buffer): void => {
  let isDone = false
  forger.forge = (frame) => {
    if (isDone || !frame.startsWith("event: snapshot")) return null
    isDone = true
    return change(JSON.parse(frame.slice(frame.indexOf("data: ") + 6)) as SnapshotPush, frame)
  }
}
const hashOf = (snapshot: unknown) =>
  createHash("sha256").update(canonicalJson(snapshot)).digest("hex")
/** With a hash that fits, so that only what was changed can be what is refused. */
const reforged = (push: SnapshotPush, part: object): string => {
  const snapshot = { ...push.snapshot, ...part }
  return frameOf("snapshot", { ...push, snapshot, hash: hashOf(snapshot) })
}
/** The gauges are brought up to date once a second. */
const gauge = (sample: string, want: number) =>
  waitUntil({ what: `${sample} ${want}`, withinMs: 60_000, everyMs: 50 }, async () =>
    (await metricOf(world.operator, sample)) === want ? true : undefined,
  )
const serves = async () => (await fetch(`${proxy.url}/v1/models`)).status

const nacked = [
  {
    name: "a wrong checksum",
    forge: (push: SnapshotPush) => frameOf("snapshot", { ...push, hash: "0".repeat(64) }),
    reason: /^hash_mismatch: /,
  },
  {
    name: "a lower version",
    forge: (push: SnapshotPush) => {
      const { term } = push.version
      return frameOf("snapshot", { ...push, version: { term: term - 1, generation: 9 } })
    },
    reason: /^stale_version: 0\.9 is older than/,
  },
  {
    name: "another namespace",
    forge: (push: SnapshotPush) => reforged(push, { namespace: "kube-system" }),
    reason: /^wrong_namespace: the Snapshot is of namespace kube-system/,
  },
  {
    name: "nothing at all, without a word",
    forge: (push: SnapshotPush) =>
      reforged(push, { routes: [], models: { exact: {}, prefixes: [] } }),
    reason: /^empty_snapshot: /,
  },
  {
    name: "a schema that nobody knows",
    forge: (push: SnapshotPush) => reforged(push, { schemaVersion: 99 }),
    reason: /schema/,
  },
  {
    name: "a field that cannot be",
    forge: (push: SnapshotPush) =>
      reforged(push, { providers: { "push-provider": { schema: "Telegraph" } } }),
    reason: /must be|one of/,
  },
]
test.each(nacked)(
  "$name is refused with its reason, and what was in force stays",
  async ({ forge, reason }) => {
    const before = await proxy.configVersion()
    const said = forger.answers.length
    forgeOnce(forge)
    await change()
    const answer = await waitUntil({ what: "a NACK", withinMs: 60_000 }, () =>
      forger.answers.slice(said).find(({ nack }) => nack !== null),
    )
    expect(answer.nack?.reason).toMatch(reason)
    const { term, generation } = answer.held ?? { term: 0, generation: 0 }
    expect(`${term}.${generation}`).toBe(before)
    expect([await proxy.configVersion(), await serves()]).toEqual([before, 200])
    // The next, honest change is taken.
    await change()
    await waitUntil({ what: "the next Snapshot", withinMs: 60_000, everyMs: 50 }, async () =>
      (await proxy.configVersion()) === before ? undefined : true,
    )
  },
)

const cut = [
  {
    name: "half a message",
    forge: (_: SnapshotPush, frame: string) => `${frame.slice(0, frame.length / 2)}\n\n`,
  },
  { name: "garbage", forge: () => frameOf("snapshot", "\u0000\u0001 {{{") },
  { name: "an event that nobody knows", forge: () => frameOf("surprise", { a: 1 }) },
  {
    name: "a message over the limit",
    forge: () => `event: snapshot\ndata: "${"x".repeat(MESSAGE_BYTES_MAX + 1024)}"\n\n`,
  },
]
test.each(cut)(
  "$name ends the stream; the next session mends it, and requests are served all the while",
  async ({ forge }) => {
    const before = await proxy.configVersion()
    forgeOnce(forge)
    await change()
    await waitUntil({ what: "the honest Snapshot", withinMs: 60_000, everyMs: 50 }, async () => {
      expect(await serves()).toBe(200)
      return (await proxy.configVersion()) === before ? undefined : true
    })
    expect(proxy.program.isRunning()).toBe(true)
  },
)

test("a replay of the same Snapshot changes nothing", async () => {
  const before = await proxy.configVersion()
  const said = forger.answers.length
  forgeOnce((_, frame) => `${frame}\n\n${frame}\n\n${frame}\n\n`)
  await change()
  // The answer to what was in force before may still have been on its way.
  const isNew = (held: { term: number; generation: number } | null) =>
    held !== null && `${held.term}.${held.generation}` !== before
  const answers = await waitUntil({ what: "three answers", withinMs: 60_000 }, () => {
    const since = forger.answers.slice(said).filter(({ held }) => isNew(held))
    return since.length >= 3 ? since.slice(0, 3) : undefined
  })
  expect(answers.map(({ nack }) => nack)).toEqual([null, null, null])
  expect(new Set(answers.map(({ held }) => JSON.stringify(held))).size).toBe(1)
  expect(await proxy.configVersion()).not.toBe(before)
})

test("the last route that is deleted takes everything away: that is meant, and said", async () => {
  const models = async () => JSON.stringify(await (await fetch(`${proxy.url}/v1/models`)).json())
  expect(await models()).toContain("chat")
  await world.remove(`/apis/${GROUP}/namespaces/NAMESPACE/airoutes/chat`)
  await waitUntil({ what: "no model", withinMs: 60_000, everyMs: 50 }, async () =>
    (await models()).includes("chat") ? undefined : true,
  )
  await world.apply(route(world.namespace, "chat", "push-provider", "m-0"))
  await waitUntil({ what: "the model", withinMs: 60_000, everyMs: 50 }, async () =>
    (await models()).includes("chat") ? true : undefined,
  )
  await change()
})

test("a refusal shows as Programmed=False with pod and reason, and ends with the next Snapshot", async () => {
  let why: string | null = null
  const raw = await world.connect("api-1", { refuse: () => why })
  await snapshotWith(raw.stream, `m-${model}`)
  why = "bad weight"
  await change()
  const message = await world.until("airoutes", "chat", "Programmed", "False Rejected")
  expect(message).toContain(`${world.namespace}/api-1: bad weight`)
  await gauge("sidegate_sidecars_rejecting", 1)
  why = null
  await change()
  await world.until("airoutes", "chat", "Programmed", "True Programmed")
  raw.stream.close()
  await world.remove("/api/v1/namespaces/NAMESPACE/pods/api-1")
})

test("answers to what was never sent, and for sessions that never were, are refused", async () => {
  const raw = await world.connect("api-2")
  const push = await snapshotWith(raw.stream, `m-${model}`)
  const held = { ...push.version, hash: push.hash }
  const answer = (session: string, generation: number) =>
    call(raw.address, "POST", "/v1/status", {
      session,
      version: { ...push.version, generation },
      held,
      nack: null,
    })
  expect((await answer(raw.session, push.version.generation + 7)).status).toBe(400)
  expect((await answer("no-such-session", push.version.generation)).status).toBe(404)
  raw.stream.close()
  await world.remove("/api/v1/namespaces/NAMESPACE/pods/api-2")
})

test("a pod has two sessions at most, and a thousand idle connections of it disturb nobody", async () => {
  const raw = await world.connect("api-3")
  const streams = [raw.stream]
  for (let count = 0; count < 3; count++) {
    const boot = `boot-${count + 2}`
    const { body } = await call(raw.address, "POST", "/v1/hello", {
      boot,
      held: null,
      credentials: null,
      journalSequence: 0,
      schemaVersion: 1,
      release: "test",
    })
    const found = await subscribe(raw.address, Object(body).session).catch(() => null)
    if (found !== null) streams.push(found)
  }
  expect(streams.length).toBe(4)
  await Promise.all(streams.slice(0, 2).map(({ ended }) => ended))
  const other = await world.createPod("api-4")
  const idle = Array.from({ length: 1000 }, () => {
    const socket = connectTls({
      host: "127.0.0.1",
      port: raw.address.port,
      ca: raw.address.ca,
      servername: raw.address.serverName,
      minVersion: "TLSv1.3",
    })
    return socket.on("error", () => undefined).resume()
  })
  const opened = await waitUntil(
    { what: "the connections", withinMs: 60_000, everyMs: 100 },
    () => {
      const count = idle.filter((socket) => socket.authorized).length
      return count === idle.length ? count : undefined
    },
  )
  expect(opened).toBe(1000)
  const startedAt = performance.now()
  await waitUntil({ what: "hello", withinMs: 60_000, everyMs: 50 }, () => hello(other))
  console.log(`hello among 1,000 idle connections: ${Math.round(performance.now() - startedAt)} ms`)
  await gauge("sidegate_sidecars", 2)
  // Who asks for nothing is sent away: headers are waited for ten seconds, looked at every five.
  await waitUntil({ what: "the idle ones to be closed", withinMs: 60_000, everyMs: 200 }, () =>
    idle.every((socket) => socket.destroyed) ? true : undefined,
  )
  for (const stream of streams) stream.close()
})
