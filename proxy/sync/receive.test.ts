import { describe, expect, test } from "vitest"
import type { PodIdentity, SnapshotPush } from "#proxy/contract/push.ts"
import type { Snapshot } from "#proxy/contract/snapshot.ts"
import { type Held, type Link, receiveIdentity, receiveSnapshot } from "./receive.ts"

const IDENTITY: PodIdentity = {
  namespace: "search",
  pod: "api-0",
  podUid: "uid-1",
  application: "api",
  labels: { app: "api" },
}

function makePush(
  version: string,
  hash = `hash-${version}`,
  more: Partial<Snapshot> = {},
): SnapshotPush {
  const [term = 0, generation = 0] = version.split(".").map(Number)
  const snapshot: Snapshot = {
    schemaVersion: 2,
    namespace: "search",
    team: { kind: "unassigned" },
    access: { kind: "none" },
    providers: {},
    routes: [],
    models: { exact: {}, prefixes: [] },
    prices: {},
    ...more,
  }
  return { version: { term, generation }, hash, snapshot }
}

const ROUTE: Snapshot["routes"][number] = { name: "search/chat", rules: [] }

/** The Runtime of the tests is a sentence of what was linked. */
const link: Link<string> = (push, identity) => ({
  ok: true,
  runtime: `${push.hash} for ${JSON.stringify(identity.labels)}`,
})
const NACK = { reason: "bad weight", object: "AIRoute search/chat", path: "/routes/0" }
const refuseLink: Link<string> = () => ({ ok: false, nack: NACK })

const EMPTY: Held<string> = { runtime: null, push: null, identity: IDENTITY }

function holding(push: SnapshotPush, identity = IDENTITY): Held<string> {
  const linked = link(push, identity)
  return { runtime: linked.ok ? linked.runtime : null, push, identity }
}

describe("a Snapshot", () => {
  const taken = [
    { name: "the first", held: EMPTY, push: makePush("1.1") },
    { name: "a newer generation", held: holding(makePush("1.1")), push: makePush("1.2") },
    {
      name: "a newer term, whatever the generation",
      held: holding(makePush("1.9")),
      push: makePush("2.1"),
    },
    { name: "the same again", held: holding(makePush("1.1")), push: makePush("1.1") },
    {
      name: "the same content under a newer version",
      held: holding(makePush("1.1", "same")),
      push: makePush("2.1", "same"),
    },
  ]
  test("is taken when a tombstone says that it has no routes", () => {
    const held = holding(makePush("1.1", "some", { routes: [ROUTE] }))
    const push: SnapshotPush = { ...makePush("1.2"), tombstone: true }
    expect(receiveSnapshot(held, push, push.hash, link).answer.nack).toBeNull()
  })
  test.each(taken)("is taken: $name", ({ held, push }) => {
    expect(receiveSnapshot(held, push, push.hash, link)).toEqual({
      held: holding(push),
      answer: { version: push.version, held: { ...push.version, hash: push.hash }, nack: null },
    })
  })

  const refused = [
    {
      name: "one without routes that does not say so",
      held: holding(makePush("1.1", "some", { routes: [ROUTE] })),
      push: makePush("1.2"),
      reason: "empty_snapshot: 1.2 has no routes, 1.1 has some, and no tombstone says so",
      path: "/routes",
    },
    {
      name: "an older generation",
      held: holding(makePush("1.2")),
      push: makePush("1.1"),
      reason: "stale_version: 1.1 is older than 1.2",
    },
    {
      name: "an older term",
      held: holding(makePush("2.1")),
      push: makePush("1.9"),
      reason: "stale_version: 1.9 is older than 2.1",
    },
    {
      name: "a version that was held with another hash",
      held: holding(makePush("1.1", "one")),
      push: makePush("1.1", "two"),
      reason: "hash_mismatch: version 1.1 is held with another hash",
    },
    {
      name: "one that does not hash to what it says",
      held: EMPTY,
      push: makePush("1.1", "said"),
      actual: "found",
      reason: "hash_mismatch: the Snapshot of 1.1 hashes to found, not said",
    },
    {
      name: "one of another namespace",
      held: EMPTY,
      push: makePush("1.1", "h", { namespace: "billing" }),
      reason: "wrong_namespace: the Snapshot is of namespace billing, this pod is in search",
      path: "/namespace",
    },
    {
      name: "one before the pod's identity",
      held: { runtime: null, push: null, identity: null },
      push: makePush("1.1"),
      reason: "no_identity: a Snapshot came before the pod's identity",
    },
  ]
  test.each(refused)("is refused, and nothing changes: $name", (row) => {
    const { held, push, reason, actual = push.hash, path = null } = row
    const got = receiveSnapshot<string>(held, push, actual, link)
    const inForce = held.push === null ? null : { ...held.push.version, hash: held.push.hash }
    expect(got.held).toBe(held)
    expect(got.answer).toEqual({
      version: push.version,
      held: inForce,
      nack: { reason, object: null, path },
    })
  })

  test("that does not link is refused with the link's own words", () => {
    const held = holding(makePush("1.1"))
    const push = makePush("1.2")
    const got = receiveSnapshot(held, push, push.hash, refuseLink)
    expect(got).toEqual({
      held,
      answer: {
        version: push.version,
        held: { ...makePush("1.1").version, hash: "hash-1.1" },
        nack: NACK,
      },
    })
  })
})

describe("an identity", () => {
  const other = { ...IDENTITY, labels: { app: "web" } }

  test("that changed links the held Snapshot again", () => {
    const push = makePush("1.1")
    expect(receiveIdentity(holding(push), other, link)).toEqual({
      held: holding(push, other),
      nack: null,
    })
  })

  test("before any Snapshot is kept for it", () => {
    const got = receiveIdentity({ ...EMPTY, identity: null }, IDENTITY, link)
    expect(got).toEqual({ held: EMPTY, nack: null })
  })

  test("of another namespace lets the held Snapshot go", () => {
    const foreign = { ...IDENTITY, namespace: "billing" }
    const got = receiveIdentity(holding(makePush("1.1")), foreign, link)
    expect(got).toEqual({ held: { runtime: null, push: null, identity: foreign }, nack: null })
  })

  test("under which the held Snapshot does not link leaves the Runtime in force", () => {
    const held = holding(makePush("1.1"))
    const got = receiveIdentity(held, other, refuseLink)
    expect(got).toEqual({ held: { ...held, identity: other }, nack: NACK })
  })
})
