import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { readCloudSettings } from "#operator/credentials/cloud-settings.ts"
import { openSqliteLedger } from "#operator/ledger/store/sqlite/sqlite-store.ts"
import type { LedgerStore } from "#operator/ledger/store/store.ts"
import type { ObjectEvent, StatusWrite } from "#operator/reconcile/ports.ts"
import { createLog } from "#operator/telemetry/log.ts"
import { createMetrics } from "#operator/telemetry/metrics.ts"
import type { ConfigEvent, HeldVersion, PodIdentity } from "#proxy/contract/push.ts"
import { makeRecord } from "#test/conformance/ledger-store.ts"
import { createControlPlane } from "./compose.ts"
import type { ControlPlane } from "./control-plane.ts"

const LABELS = { "sidegate.dev/team": "search" }
const CANARY = "sk-canary-0123456789"

let versions = 0
function meta(name: string, part: object = {}) {
  versions++
  return {
    name,
    uid: `uid-${name}`,
    generation: 1,
    resourceVersion: String(versions),
    creationTimestamp: "2026-11-01T00:00:00Z",
    ...part,
  }
}

const namespace = (name: string, labels: object = LABELS) => ({ metadata: meta(name, { labels }) })
const provider = (name: string, spec: object = {}, part: object = {}) => ({
  metadata: meta(name, part),
  spec: {
    schema: "OpenAI",
    endpoint: "https://api.openai.com/v1",
    network: "Public",
    credentials: { type: "Secret", secret: { name: "keys", key: "openai" } },
    allowedNamespaces: { from: "All" },
    ...spec,
  },
})
const secret = (value: string) => ({
  metadata: meta("keys", {
    namespace: "sidegate-system",
    annotations: { "sidegate.dev/allowed-hosts": "api.openai.com" },
  }),
  type: "sidegate.dev/provider-credential",
  data: { openai: Buffer.from(value).toString("base64") },
})
const route = (backend: string, part: object = {}) => ({
  metadata: meta("chat", { namespace: "search", ...part }),
  spec: {
    models: ["smart"],
    rules: [{ name: "default", backends: [{ provider: backend, model: "gpt-4o" }] }],
  },
})
const pod = (name: string, labels: object = {}) => ({
  metadata: meta(name, { namespace: "search", labels }),
  spec: { initContainers: [{ name: "sidegate-proxy" }] },
})

const IDENTITY: PodIdentity = {
  namespace: "search",
  pod: "api-0",
  podUid: "uid-api-0",
  application: "api-0",
  labels: {},
}

/** A sidecar on the publisher that acknowledges what it gets, unless it is told to refuse. */
class Sidecar {
  readonly events: ConfigEvent[] = []
  readonly #plane: ControlPlane
  readonly #session: string
  ended: string | null = null
  held: HeldVersion | null = null
  refuseWith: string | null = null

  constructor(plane: ControlPlane) {
    this.#plane = plane
    this.#session = plane.publisher.hello(IDENTITY, {
      boot: "boot",
      held: null,
      credentials: null,
      journalSequence: 0,
      schemaVersion: 2,
      release: "test",
    }).session
    plane.publisher.subscribe(IDENTITY, this.#session, {
      send: (event) => this.#take(event),
      end: (reason) => {
        this.ended = reason
      },
    })
  }

  #take(event: ConfigEvent): void {
    this.events.push(event)
    if (event.event !== "snapshot") return
    const { version, hash } = event.data
    const nack =
      this.refuseWith === null
        ? null
        : { reason: this.refuseWith, object: "AIRoute search/chat", path: null }
    if (nack === null) this.held = { ...version, hash }
    const report = { session: this.#session, version, held: this.held, nack }
    this.#plane.publisher.status(IDENTITY, report)
  }

  kinds(): readonly string[] {
    return this.events.map(({ event }) => event)
  }
}

describe("the control plane", { timeout: 30_000 }, () => {
  let store: LedgerStore
  let plane: ControlPlane
  const writes: StatusWrite[] = []
  const events: ObjectEvent[] = []
  const lines: string[] = []
  const wishes: string[] = []

  beforeEach(async () => {
    store = await openSqliteLedger({ file: ":memory:" })
    writes.length = 0
    events.length = 0
    lines.length = 0
    wishes.length = 0
    plane = createControlPlane({
      store,
      settings: {
        operatorNamespace: "sidegate-system",
        teamLabel: "sidegate.dev/team",
        unselected: "Allow",
        unassigned: "Allow",
        cloudHosts: [],
      },
      cloud: readCloudSettings(() => null),
      ports: {
        keepNamespaceObject: (name, { kind }) => void wishes.push(`${kind} ${name}`),
        applyStatus: async (write) => void writes.push(write),
        emitEvent: async (event) => void events.push(event),
      },
      log: createLog("debug", { write: (line) => void lines.push(line) }),
      metrics: createMetrics(),
      now: Date.now,
    })
    plane.feed.reset("Namespace", [namespace("search"), namespace("sidegate-system", {})])
    plane.feed.reset("AIProvider", [provider("openai")])
    plane.feed.reset("Secret", [secret(CANARY)])
    plane.feed.reset("AIRoute", [route("openai")])
    plane.feed.reset("TeamQuota", [{ metadata: meta("search"), spec: { costCenter: "CC-1" } }])
    plane.feed.reset("Pod", [pod("api-0")])
  })
  afterEach(async () => {
    await plane.close()
    await store.close()
    expect(JSON.stringify([writes, events, lines])).not.toContain("canary")
  })

  const statusOf = (kind: string, name: string) =>
    writes.findLast(({ object }) => object.kind === kind && object.name === name)?.status
  const conditionOf = (kind: string, name: string, type: string) =>
    statusOf(kind, name)?.conditions.find((condition) => condition.type === type)
  const until = (check: () => void) => expect.poll(check, { interval: 10 })
  const condition = (kind: string, name: string, type: string) =>
    until(() => {
      const found = conditionOf(kind, name, type)
      return found === undefined ? "none" : `${found.status} ${found.reason}: ${found.message}`
    })

  test("nothing is said before it leads", () => {
    expect(() => new Sidecar(plane)).toThrow("does not lead")
    expect(writes).toEqual([])
  })

  test("a sidecar gets keys, then its Snapshot; the route says that it is programmed", async () => {
    await plane.lead()
    const sidecar = new Sidecar(plane)
    expect(sidecar.kinds()).toEqual(["credentials", "snapshot"])
    const [first] = sidecar.events
    expect(first?.event === "credentials" && first.data.entries).toEqual([
      { kind: "key", provider: "openai", origin: "https://api.openai.com", value: CANARY },
    ])
    await condition("AIRoute", "chat", "Programmed").toBe("True Programmed: 1/1 sidecars")
    await condition("AIProvider", "openai", "Programmed").toBe("True Programmed: 1/1 sidecars")
    await condition("AIRoute", "chat", "Ready").toBe("True Ready: in force")
    expect(statusOf("AIRoute", "chat")?.sidecars).toEqual({ connected: 1, programmed: 1 })
  })

  test("a change is pushed within the turn, and its new generation is programmed", async () => {
    await plane.lead()
    const sidecar = new Sidecar(plane)
    plane.feed.apply("AIProvider", provider("other", { credentials: { type: "None" } }))
    await plane.settled()
    const before = sidecar.events.length
    plane.feed.apply("AIRoute", route("other", { generation: 2 }))
    await plane.settled()
    expect(sidecar.kinds().slice(before)).toEqual(["credentials", "snapshot"])
    await until(() => statusOf("AIRoute", "chat")?.observedGeneration).toBe(2)
    await condition("AIRoute", "chat", "Programmed").toBe("True Programmed: 1/1 sidecars")
  })

  test("a rotated key is pushed without a new Snapshot", async () => {
    await plane.lead()
    const sidecar = new Sidecar(plane)
    plane.feed.apply("Secret", secret(`${CANARY}-2`))
    await plane.settled()
    expect(sidecar.kinds()).toEqual(["credentials", "snapshot", "credentials"])
  })

  test("a key with a line end is used without it, and a Warning says so", async () => {
    await plane.lead()
    plane.feed.apply("Secret", secret(`${CANARY}-2\n`))
    await until(() => events.find(({ reason }) => reason === "CredentialTrimmed")?.note).toBe(
      "line ends at the end of openai were cut off",
    )
    expect(events[0]?.object).toEqual({
      kind: "Secret",
      namespace: "sidegate-system",
      name: "keys",
    })
  })

  test("a deleted Secret takes its key away and shows, with one event", async () => {
    await plane.lead()
    const sidecar = new Sidecar(plane)
    plane.feed.delete("Secret", { namespace: "sidegate-system", name: "keys" })
    await plane.settled()
    const last = sidecar.events.findLast(({ event }) => event === "credentials")
    expect(last?.event === "credentials" && last.data.entries).toEqual([])
    await until(() => conditionOf("AIProvider", "openai", "ResolvedRefs")?.reason).toBe(
      "SecretNotFound",
    )
    plane.feed.apply("Namespace", namespace("another"))
    await plane.settled()
    const warnings = events.filter(({ object }) => object.kind === "AIProvider")
    expect(warnings.map(({ type, reason }) => `${type} ${reason}`)).toEqual([
      "Warning SecretNotFound",
    ])
  })

  test("a refused Snapshot makes the route that caused it not ready, and says why", async () => {
    await plane.lead()
    const sidecar = new Sidecar(plane)
    sidecar.refuseWith = "no such thing"
    plane.feed.apply("AIProvider", provider("other", { credentials: { type: "None" } }))
    plane.feed.apply("AIRoute", route("other", { generation: 2 }))
    await condition("AIRoute", "chat", "Programmed").toBe(
      "False Rejected: 0/1 sidecars; rejected by search/api-0: no such thing",
    )
    await condition("AIRoute", "chat", "Ready").toContain("False Rejected")
  })

  test("the pod's labels reach its sidecar, and its end cuts the stream", async () => {
    await plane.lead()
    const sidecar = new Sidecar(plane)
    plane.feed.apply("Pod", pod("api-0", { tier: "gold" }))
    await plane.settled()
    expect(sidecar.events.at(-1)).toMatchObject({
      event: "identity",
      data: { labels: { tier: "gold" } },
    })
    plane.feed.delete("Pod", { namespace: "search", name: "api-0" })
    await plane.settled()
    expect(sidecar.ended).toBe("the pod is gone")
  })

  test("a namespace that is gone ends its streams and its statuses", async () => {
    await plane.lead()
    const sidecar = new Sidecar(plane)
    plane.feed.reset("AIRoute", [])
    plane.feed.reset("Namespace", [namespace("sidegate-system", {})])
    await plane.settled()
    expect(sidecar.ended).not.toBeNull()
  })

  test("an AINamespace is wished for, told what holds, and wished for again", async () => {
    const object = { metadata: meta("default", { namespace: "search", uid: "uid-ain" }) }
    await plane.lead()
    expect(wishes.at(-1)).toBe("keep sidegate-system")
    expect(wishes).toContain("create search")
    plane.feed.apply("AINamespace", object)
    await plane.settled()
    expect(wishes.at(-1)).toBe("keep search")
    await until(() => statusOf("AINamespace", "default")).toMatchObject({
      injection: "Disabled",
      team: { name: "search", costCenter: "CC-1" },
      models: { total: 1, names: ["smart"] },
      policies: { total: 0, names: [] },
      pods: { injected: 0 },
    })
    await condition("AINamespace", "default", "Ready").toContain("False NotInjected")
    plane.feed.apply("Namespace", namespace("search", { "sidegate.dev/injection": "enabled" }))
    await condition("AINamespace", "default", "Ready").toBe("True Ready: in force")
    expect(statusOf("AINamespace", "default")?.team).toEqual({ name: "unassigned" })
    plane.feed.delete("AINamespace", { namespace: "search", name: "default" })
    await plane.settled()
    expect(wishes.at(-1)).toBe("create search")
  })

  test("nothing is written in a namespace that ends", async () => {
    plane.feed.apply("AINamespace", {
      metadata: meta("default", { namespace: "search", uid: "uid-ain" }),
    })
    const ending = { labels: LABELS, deletionTimestamp: "2026-11-20T10:00:00Z" }
    plane.feed.apply("Namespace", { metadata: meta("search", ending) })
    await plane.lead()
    await condition("TeamQuota", "search", "Ready").toContain("True Ready")
    expect(statusOf("AINamespace", "default")).toBeUndefined()
    expect(wishes).not.toContain("create search")
    expect(wishes).not.toContain("delete search")
  })

  test("usage shows on the team's quota, in tokens and dollars, exactly once", async () => {
    await plane.lead()
    await until(() => statusOf("TeamQuota", "search")?.usage?.tokens).toBe(0)
    const record = makeRecord({ admittedAt: Date.now(), endedAt: Date.now(), cost: 2_500_000 })
    const batch = { boot: "boot", records: [record] }
    for (let round = 0; round < 2; round++) {
      expect(await plane.intake.accept(IDENTITY, batch)).toEqual({
        kind: "acknowledged",
        answer: { acknowledged: 1 },
      })
    }
    await until(() => statusOf("TeamQuota", "search")?.usage).toMatchObject({
      inputTokens: 10,
      outputTokens: 5,
      tokens: 15,
      usd: "0.0025",
    })
  })

  test("a term that a sidecar has seen is passed by a higher one", async () => {
    const { term } = await plane.lead()
    plane.publisher.hello(IDENTITY, {
      boot: "boot",
      held: { term: term + 40, generation: 1, hash: "unknown" },
      credentials: null,
      journalSequence: 0,
      schemaVersion: 2,
      release: "test",
    })
    await until(() => plane.publisher.term()).toBe(term + 41)
    expect(await store.term()).toBe(term + 41)
  })

  test("a broken route leaves alone; the rest of the namespace is served", async () => {
    await plane.lead()
    const sidecar = new Sidecar(plane)
    plane.feed.apply("AIRoute", {
      metadata: meta("broken", { namespace: "search" }),
      spec: { models: "not a list" },
    })
    await condition("AIRoute", "broken", "Accepted").toContain("False Invalid")
    const held = sidecar.held
    plane.feed.delete("AIRoute", { namespace: "search", name: "broken" })
    await plane.settled()
    expect(sidecar.held).toEqual(held)
  })

  test("an object that is no object is refused with a line that says why", () => {
    plane.feed.apply("AIRoute", { metadata: { name: "x" } })
    plane.feed.apply("Secret", null)
    const refused = lines.filter((line) => line.includes("an object was refused"))
    expect(refused).toHaveLength(2)
    expect(refused[0]).toContain("AIRoute without metadata.uid")
  })
})
