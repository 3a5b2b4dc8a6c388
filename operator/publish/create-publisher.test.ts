import { expect, test } from "vitest"
import { canonicalJson } from "#proxy/contract/json.ts"
import type { ConfigEvent, HeldVersion, Hello, PodIdentity } from "#proxy/contract/push.ts"
import type { Snapshot } from "#proxy/contract/snapshot.ts"
import { createPublisher, SUBSCRIBE_WITHIN_MS, TERM_AHEAD_MAX } from "./create-publisher.ts"
import type { Publisher } from "./publisher.ts"
import { RESYNC_MS } from "./session.ts"

const digest = (text: string): string => `sha(${text})`

/** Two Snapshots with the same `mark` are equal. */
function makeSnapshot(mark: string, namespace = "search"): Snapshot {
  return {
    schemaVersion: 2,
    namespace,
    team: { kind: "team", name: mark, costCenter: null, ancestors: [] },
    access: { kind: "none" },
    providers: {},
    routes: [],
    models: { exact: {}, prefixes: [] },
    prices: {},
  }
}
const hashOf = (mark: string, namespace = "search"): string =>
  digest(canonicalJson(makeSnapshot(mark, namespace)))

const makeIdentity = (pod: string, namespace = "search"): PodIdentity => ({
  namespace,
  pod,
  podUid: `uid-${pod}`,
  application: "api",
  labels: {},
})

const makeHello = (changes: Partial<Hello> = {}): Hello => ({
  boot: "boot",
  held: null,
  credentials: null,
  journalSequence: 0,
  schemaVersion: 2,
  release: "0.1.0",
  ...changes,
})

interface Harness {
  readonly publisher: Publisher
  readonly higher: number[]
  readonly changed: string[]
  readonly sent: string[]
  clock: number
}

function makePublisher(): Harness {
  let ids = 0
  const harness = {
    higher: [] as number[],
    changed: [] as string[],
    sent: [] as string[],
    clock: 0,
  }
  const publisher = createPublisher({
    now: () => harness.clock,
    digest,
    nextSessionId: () => {
      ids += 1
      return `session-${ids}`
    },
    onHigherTerm: (term) => harness.higher.push(term),
    onSend: (event) => harness.sent.push(event),
  })
  publisher.onChange((namespace) => harness.changed.push(namespace))
  return Object.assign(harness, { publisher })
}

interface Sidecar {
  readonly session: string
  readonly events: ConfigEvent[]
  readonly frames: Uint8Array[]
  readonly ended: string[]
  readonly leave: () => void
  acknowledge(): void
}

function connect(publisher: Publisher, identity: PodIdentity, hello: Hello = makeHello()): Sidecar {
  const { session } = publisher.hello(identity, hello)
  const events: ConfigEvent[] = []
  const frames: Uint8Array[] = []
  const ended: string[] = []
  const leave = publisher.subscribe(identity, session, {
    send: (event, frame) => {
      events.push(event)
      frames.push(frame())
    },
    end: (reason) => ended.push(reason),
  })
  const acknowledge = (): void => {
    const last = events.findLast((event) => event.event === "snapshot")
    if (last?.event !== "snapshot") throw new Error("no Snapshot was pushed")
    const { version, hash } = last.data
    publisher.status(identity, { session, version, held: { ...version, hash }, nack: null })
  }
  return { session, events, frames, ended, leave, acknowledge }
}

const versions = (sidecar: Sidecar): readonly string[] =>
  sidecar.events.flatMap((event) =>
    event.event === "snapshot"
      ? [`${event.data.version.term}.${event.data.version.generation}`]
      : [],
  )

test("an equal Snapshot is not sent again, a changed one has the next generation", () => {
  const { publisher } = makePublisher()
  publisher.lead(3)
  expect(publisher.publish("search", makeSnapshot("one"))).toEqual({ hash: hashOf("one") })
  const sidecar = connect(publisher, makeIdentity("a"))
  sidecar.acknowledge()
  publisher.publish("search", makeSnapshot("one"))
  publisher.publish("search", makeSnapshot("two"))
  sidecar.acknowledge()
  expect(sidecar.events.map((event) => event.data)).toEqual([
    {
      version: { term: 3, generation: 1 },
      hash: hashOf("one"),
      snapshot: makeSnapshot("one"),
      tombstone: true,
    },
    {
      version: { term: 3, generation: 2 },
      hash: hashOf("two"),
      snapshot: makeSnapshot("two"),
      tombstone: true,
    },
  ])
})

test("the frame is one server-sent event, encoded once and shared by every sidecar", () => {
  const { publisher } = makePublisher()
  publisher.lead(1)
  const sidecars = ["a", "b", "c"].map((pod) => connect(publisher, makeIdentity(pod)))
  publisher.publish("search", makeSnapshot("two\r\nlines"))
  const frames = sidecars.flatMap((sidecar) => sidecar.frames)
  expect(frames).toHaveLength(3)
  expect(new Set(frames).size).toBe(1)
  const lines = new TextDecoder().decode(frames[0]).split("\n")
  expect(lines).toEqual(["event: snapshot", expect.stringMatching(/^data: \{/), "", ""])
  expect(JSON.parse(lines[1]?.slice(6) ?? "")).toEqual(sidecars[0]?.events[0]?.data)
})

test("sidecars of one namespace get nothing of another", () => {
  const { publisher } = makePublisher()
  publisher.lead(1)
  const search = connect(publisher, makeIdentity("a", "search"))
  const billing = connect(publisher, makeIdentity("b", "billing"))
  publisher.publishCredentials("billing", {
    revision: "r",
    entries: [{ kind: "key", provider: "openai", origin: "https://a.example", value: "canary" }],
    temporary: [],
    pending: [],
  })
  publisher.publish("billing", makeSnapshot("x", "billing"))
  expect(search.events).toEqual([])
  expect(billing.events.map((event) => event.event)).toEqual(["credentials", "snapshot"])
  expect(publisher.sidecars("search")).toHaveLength(1)
})

const keys = (revision: string) => ({ revision, entries: [], temporary: [], pending: [] })

test("keys that change all the time go out once a second, the newest last", () => {
  const world = makePublisher()
  const { publisher } = world
  publisher.lead(1)
  publisher.publishCredentials("search", keys("r0"))
  const sidecar = connect(publisher, makeIdentity("a"))
  // 100 changes in a minute, with the tick of each second between them.
  for (let change = 1; change <= 100; change++) {
    world.clock += 600
    publisher.publishCredentials("search", keys(`r${change}`))
    publisher.tick()
  }
  world.clock += 1000
  publisher.tick()
  const got = sidecar.events.flatMap(({ event, data }) =>
    event === "credentials" ? [data.revision] : [],
  )
  expect(got.length).toBeLessThanOrEqual(62)
  expect(got.slice(0, 2)).toEqual(["r0", "r1"])
  expect(got.at(-1)).toBe("r100")
})

test("a Snapshot takes the keys that wait along, before it", () => {
  const { publisher } = makePublisher()
  publisher.lead(1)
  publisher.publishCredentials("search", keys("r0"))
  const sidecar = connect(publisher, makeIdentity("a"))
  publisher.publishCredentials("search", keys("r1"))
  publisher.publishCredentials("search", keys("r2"))
  expect(sidecar.events.length).toBe(2)
  publisher.publish("search", makeSnapshot("one"))
  expect(sidecar.events.map(({ event }) => event)).toEqual([
    "credentials",
    "credentials",
    "credentials",
    "snapshot",
  ])
  expect(sidecar.events.at(2)?.data).toEqual(keys("r2"))
})

test("keys that are as they were need not wait to be sent", () => {
  const world = makePublisher()
  const { publisher } = world
  publisher.lead(1)
  publisher.publishCredentials("search", keys("r0"))
  const sidecar = connect(publisher, makeIdentity("a"))
  for (const revision of ["r1", "r2", "r1"]) publisher.publishCredentials("search", keys(revision))
  world.clock += 5000
  publisher.tick()
  expect(sidecar.events.map(({ data }) => data)).toEqual([keys("r0"), keys("r1")])
})

test("each event is told as it is sent, and nothing is told when nothing is", () => {
  const { publisher, sent } = makePublisher()
  publisher.lead(1)
  publisher.publish("search", makeSnapshot("one"))
  publisher.publishCredentials("search", { revision: "r", entries: [], temporary: [], pending: [] })
  expect(sent).toEqual([])
  const held: HeldVersion = { term: 0, generation: 44, hash: hashOf("one") }
  connect(publisher, makeIdentity("a"), makeHello({ held, credentials: "r" }))
  expect(sent).toEqual([])
  connect(publisher, makeIdentity("b"), makeHello())
  expect(sent).toEqual(["credentials", "snapshot"])
  publisher.updateIdentity({ ...makeIdentity("b"), application: "web" })
  expect(sent).toEqual(["credentials", "snapshot", "identity"])
})

test("a session of another pod can be neither subscribed to nor answered for", () => {
  const { publisher } = makePublisher()
  publisher.lead(1)
  const victim = connect(publisher, makeIdentity("a", "search"))
  const thief = makeIdentity("b", "billing")
  const version = { term: 1, generation: 1 }
  const sink = { send: () => undefined, end: () => undefined }
  expect(() => publisher.subscribe(thief, victim.session, sink)).toThrow(
    expect.objectContaining({ code: "foreign_session" }),
  )
  expect(() =>
    publisher.status(thief, { session: victim.session, version, held: null, nack: null }),
  ).toThrow(expect.objectContaining({ code: "foreign_session" }))
  expect(victim.ended).toEqual([])
})

test("an unchanged hash of an older term counts as acknowledged and nothing is sent", () => {
  const { publisher } = makePublisher()
  publisher.lead(2)
  publisher.publish("search", makeSnapshot("one"))
  const held: HeldVersion = { term: 1, generation: 44, hash: hashOf("one") }
  const sidecar = connect(publisher, makeIdentity("a"), makeHello({ held }))
  expect(sidecar.events).toEqual([])
  expect(publisher.sidecars("search")).toEqual([
    {
      identity: makeIdentity("a"),
      session: sidecar.session,
      heldHash: hashOf("one"),
      heldVersion: held,
      nack: null,
      withheld: [],
      pendingSinceMs: null,
      release: "0.1.0",
    },
  ])
})

const higherTerms = [
  { name: "a higher term", held: { term: 9, generation: 1, hash: "z" }, asked: [9] },
  {
    name: "a higher term with our hash",
    held: { term: 9, generation: 1, hash: hashOf("one") },
    asked: [9],
  },
  {
    name: "our term, a generation never given",
    held: { term: 2, generation: 8, hash: "z" },
    asked: [2],
  },
  { name: "our term, another hash", held: { term: 2, generation: 1, hash: "z" }, asked: [2] },
  { name: "our own version", held: { term: 2, generation: 1, hash: hashOf("one") }, asked: [] },
  { name: "an older term", held: { term: 1, generation: 99, hash: "z" }, asked: [] },
] as const

test.each(higherTerms)(
  "a hello that holds $name asks for terms above $asked",
  ({ held, asked }) => {
    const harness = makePublisher()
    harness.publisher.lead(2)
    harness.publisher.publish("search", makeSnapshot("one"))
    connect(harness.publisher, makeIdentity("a"), makeHello({ held }))
    expect(harness.higher).toEqual(asked)
  },
)

test("a version of our term in a namespace that was given nothing asks for a higher term", () => {
  const { publisher, higher } = makePublisher()
  publisher.lead(2)
  publisher.publish("search", makeSnapshot("one"))
  const held = { term: 2, generation: 1, hash: "z" }
  connect(publisher, makeIdentity("b", "billing"), makeHello({ held }))
  expect(higher).toEqual([2])
})

test("a sidecar from a lost ledger is served once the term is above the one it holds", () => {
  const { publisher, higher } = makePublisher()
  publisher.lead(1)
  publisher.publish("search", makeSnapshot("one"))
  const current = connect(publisher, makeIdentity("b"))
  current.acknowledge()
  const held = { term: 7, generation: 3, hash: "z" }
  const locked = connect(publisher, makeIdentity("a"), makeHello({ held }))
  expect(versions(locked)).toEqual([])
  publisher.tick()
  expect(higher).toEqual([7, 7])
  publisher.lead(8)
  publisher.tick()
  expect(higher).toEqual([7, 7])
  expect(versions(locked)).toEqual(["8.1"])
  expect(versions(current)).toEqual(["1.1"])
  publisher.publish("search", makeSnapshot("two"))
  expect(versions(current)).toEqual(["1.1", "8.2"])
})

test("a sidecar that claims an absurd term is refused and raises nothing", () => {
  const { publisher, higher } = makePublisher()
  publisher.lead(1)
  const held = { term: TERM_AHEAD_MAX + 2, generation: 1, hash: "z" }
  expect(() => publisher.hello(makeIdentity("a"), makeHello({ held }))).toThrow(
    expect.objectContaining({
      code: "bad_message",
      message: expect.stringContaining("/held/term"),
    }),
  )
  expect(higher).toEqual([])
})

test("before it leads and after it stood down every call is refused with not_leader", () => {
  const { publisher } = makePublisher()
  const notLeader = expect.objectContaining({ code: "not_leader" })
  expect(() => publisher.hello(makeIdentity("a"), makeHello())).toThrow(notLeader)
  publisher.publish("search", makeSnapshot("one"))
  publisher.lead(4)
  const sidecar = connect(publisher, makeIdentity("a"))
  expect(versions(sidecar)).toEqual(["4.1"])
  publisher.standDown("leadership was lost")
  expect(sidecar.ended).toEqual(["leadership was lost"])
  expect(() => sidecar.acknowledge()).toThrow(notLeader)
  expect(publisher.term()).toBeNull()
})

test("a third session of one pod cuts its oldest", () => {
  const { publisher } = makePublisher()
  publisher.lead(1)
  const boots = ["b1", "b2", "b3"].map((boot) =>
    connect(publisher, makeIdentity("a"), makeHello({ boot })),
  )
  expect(boots.map((sidecar) => sidecar.ended)).toEqual([["too many sessions of one pod"], [], []])
  expect(publisher.sidecars("search").map((state) => state.session)).toEqual(["session-3"])
})

test("a sidecar that comes back replaces its own older stream", () => {
  const { publisher } = makePublisher()
  publisher.lead(1)
  const first = connect(publisher, makeIdentity("a"))
  const second = connect(publisher, makeIdentity("a"))
  expect(first.ended).toEqual(["replaced by a newer session of this sidecar"])
  first.leave()
  expect(publisher.sidecars("search").map((state) => state.session)).toEqual([second.session])
})

test("a pod that is gone loses its stream, and its session is refused", () => {
  const { publisher } = makePublisher()
  publisher.lead(1)
  publisher.publish("search", makeSnapshot("one"))
  const gone = connect(publisher, makeIdentity("a"))
  const other = connect(publisher, makeIdentity("b"))
  publisher.dropPod("uid-a")
  expect(gone.ended).toEqual(["the pod is gone"])
  expect(() => gone.acknowledge()).toThrow(expect.objectContaining({ code: "unknown_session" }))
  expect(other.ended).toEqual([])
  expect(publisher.sidecars("search").map((state) => state.identity.pod)).toEqual(["b"])
})

test("changed labels reach the pod's own stream only", () => {
  const { publisher } = makePublisher()
  publisher.lead(1)
  const sidecar = connect(publisher, makeIdentity("a"))
  const other = connect(publisher, makeIdentity("b"))
  const identity = { ...makeIdentity("a"), labels: { tier: "gold" } }
  publisher.updateIdentity(identity)
  publisher.updateIdentity({ ...identity })
  expect(sidecar.events).toEqual([{ event: "identity", data: identity }])
  expect(other.events).toEqual([])
})

test("a refusal shows with the pod until another Snapshot is current", () => {
  const { publisher } = makePublisher()
  publisher.lead(1)
  publisher.publish("search", makeSnapshot("one"))
  const sidecar = connect(publisher, makeIdentity("a"))
  const nack = { reason: "bad", object: "AIRoute search/chat", path: null }
  publisher.status(makeIdentity("a"), {
    session: sidecar.session,
    version: { term: 1, generation: 1 },
    held: null,
    nack,
  })
  expect(publisher.sidecars("search")[0]).toMatchObject({ nack, heldHash: null })
  publisher.publish("search", makeSnapshot("two"))
  expect(publisher.sidecars("search")[0]).toMatchObject({ nack: null, pendingSinceMs: 0 })
  sidecar.acknowledge()
  expect(publisher.sidecars("search")[0]).toMatchObject({
    nack: null,
    pendingSinceMs: null,
    heldHash: hashOf("two"),
  })
})

test("a tick resends what was not answered and drops a session that never subscribed", () => {
  const harness = makePublisher()
  const { publisher } = harness
  publisher.lead(1)
  publisher.publish("search", makeSnapshot("one"))
  const sidecar = connect(publisher, makeIdentity("a"))
  const { session } = publisher.hello(makeIdentity("b"), makeHello())
  harness.clock = RESYNC_MS
  publisher.tick()
  expect(versions(sidecar)).toEqual(["1.1", "1.1"])
  harness.clock = SUBSCRIBE_WITHIN_MS
  publisher.tick()
  const sink = { send: () => undefined, end: () => undefined }
  expect(() => publisher.subscribe(makeIdentity("b"), session, sink)).toThrow(
    expect.objectContaining({ code: "unknown_session" }),
  )
})

test("a namespace that returns never reuses a version", () => {
  const { publisher } = makePublisher()
  publisher.lead(1)
  publisher.publish("search", makeSnapshot("one"))
  publisher.publish("search", makeSnapshot("two"))
  const sidecar = connect(publisher, makeIdentity("a"))
  sidecar.acknowledge()
  publisher.retire("search")
  expect(sidecar.ended).toEqual(["the namespace is gone"])
  publisher.publish("search", makeSnapshot("three"))
  const held = { term: 1, generation: 2, hash: hashOf("two") }
  const back = connect(publisher, makeIdentity("a"), makeHello({ held }))
  expect(versions(back)).toEqual(["1.3"])
})

test("a sink that answers within the call is served in order", () => {
  const { publisher } = makePublisher()
  publisher.lead(1)
  publisher.publish("search", makeSnapshot("one"))
  const identity = makeIdentity("a")
  const { session } = publisher.hello(identity, makeHello())
  const seen: number[] = []
  publisher.subscribe(identity, session, {
    send: (event) => {
      if (event.event !== "snapshot") return
      const { version, hash } = event.data
      seen.push(version.generation)
      publisher.status(identity, { session, version, held: { ...version, hash }, nack: null })
    },
    end: () => undefined,
  })
  publisher.publish("search", makeSnapshot("two"))
  publisher.publish("search", makeSnapshot("three"))
  expect(seen).toEqual([1, 2, 3])
  expect(publisher.sidecars("search")[0]?.heldHash).toBe(hashOf("three"))
})

test("a Snapshot over the limit is refused by size, and the one before stays", () => {
  const { publisher } = makePublisher()
  publisher.lead(1)
  publisher.publish("search", makeSnapshot("one"))
  expect(() => publisher.publish("search", makeSnapshot("x".repeat(9 * 1024 * 1024)))).toThrow(
    expect.objectContaining({
      code: "too_large",
      message: expect.stringMatching(/namespace search has \d+ bytes, \d+ at most/),
    }),
  )
  expect(versions(connect(publisher, makeIdentity("a")))).toEqual(["1.1"])
})

test("listeners hear of the namespace when a sidecar comes, answers and goes", () => {
  const { publisher, changed } = makePublisher()
  publisher.lead(1)
  publisher.publish("search", makeSnapshot("one"))
  const count = (act: () => void): number => {
    const before = changed.length
    act()
    return changed.slice(before).filter((namespace) => namespace === "search").length
  }
  let sidecar: Sidecar | undefined
  expect(count(() => (sidecar = connect(publisher, makeIdentity("a"))))).toBeGreaterThan(0)
  expect(count(() => sidecar?.acknowledge())).toBeGreaterThan(0)
  expect(count(() => sidecar?.leave())).toBeGreaterThan(0)
  expect(changed.filter((namespace) => namespace !== "search")).toEqual([])
})

/** A route whose text differs between the schemas. */
function makeTroubled(mark: string): Snapshot {
  const problem = { code: "upstream_failed", message: mark } as const
  const rule = {
    name: "default",
    matches: [],
    strategy: { type: "Weighted" },
    backends: [{ provider: "gone", model: null, weight: 1, priority: 0, problem }],
    retry: { attempts: 1, budgetPercent: 0, triggers: [] },
    timeouts: { requestMs: 1, firstTokenMs: 1, streamIdleMs: 1 },
  } as const
  return { ...makeSnapshot("team"), routes: [{ name: "search/chat", rules: [rule] }] }
}

test("an older sidecar gets the older schema, one buffer for all of them, and holds the same", () => {
  const { publisher } = makePublisher()
  publisher.lead(1)
  const { hash } = publisher.publish("search", makeTroubled("no key"))
  const older = ["a", "b"].map((pod) =>
    connect(publisher, makeIdentity(pod), makeHello({ schemaVersion: 1 })),
  )
  const newer = connect(publisher, makeIdentity("c"), makeHello({ schemaVersion: 3 }))
  const schemas = [...older, newer].map(({ events }) =>
    events.flatMap((event) =>
      event.event === "snapshot" ? [event.data.snapshot.schemaVersion] : [],
    ),
  )
  expect(schemas).toEqual([[1], [1], [2]])
  expect(older[0]?.frames[0]).toBe(older[1]?.frames[0])
  for (const sidecar of [...older, newer]) sidecar.acknowledge()
  const held = publisher.sidecars("search").map(({ heldHash }) => heldHash)
  expect(held).toEqual([hash, hash, hash])
})

test("a change that the older schema cannot tell is not sent to older sidecars and is in force", () => {
  const { publisher } = makePublisher()
  publisher.lead(1)
  const snapshot = makeTroubled("no key")
  publisher.publish("search", snapshot)
  const older = connect(publisher, makeIdentity("a"), makeHello({ schemaVersion: 1 }))
  older.acknowledge()
  const [route] = snapshot.routes
  const [rule] = route?.rules ?? []
  if (route === undefined || rule === undefined) throw new Error("no route")
  const problem = { code: "feature_unsupported", message: "no key" } as const
  const backends = rule.backends.map((backend) => ({ ...backend, problem }))
  const next = { ...snapshot, routes: [{ ...route, rules: [{ ...rule, backends }] }] }
  const { hash } = publisher.publish("search", next)
  expect(versions(older)).toEqual(["1.1"])
  expect(publisher.sidecars("search")[0]).toMatchObject({ heldHash: hash, pendingSinceMs: null })
})

test("what an older sidecar was sent under this term is known when it comes back", () => {
  const { publisher, higher } = makePublisher()
  publisher.lead(1)
  const { hash } = publisher.publish("search", makeTroubled("no key"))
  const older = connect(publisher, makeIdentity("a"), makeHello({ schemaVersion: 1 }))
  const sent = older.events.find((event) => event.event === "snapshot")
  if (sent?.event !== "snapshot") throw new Error("no Snapshot was pushed")
  const held = { ...sent.data.version, hash: sent.data.hash }
  publisher.publish("search", makeTroubled("other"))
  older.leave()
  const hello = makeHello({ schemaVersion: 1, held })
  publisher.hello(makeIdentity("a"), hello)
  expect(higher).toEqual([])
  const again = connect(publisher, makeIdentity("b"), hello)
  expect(publisher.sidecars("search").map(({ heldHash }) => heldHash)).toEqual([hash])
  expect(versions(again)).toEqual(["1.2"])
})

test("a sidecar that is older than the older schema is sent nothing, and the status says why", () => {
  const { publisher } = makePublisher()
  publisher.lead(1)
  publisher.publish("search", makeSnapshot("one"))
  const old = connect(publisher, makeIdentity("a"), makeHello({ schemaVersion: 0 }))
  expect(old.events).toEqual([])
  expect(publisher.sidecars("search")[0]?.nack?.reason).toBe(
    "schema_unsupported: the sidecar links Snapshot schema 0, the operator writes 1 and 2; restart the pod",
  )
})
