import { expect, test } from "vitest"
import { createInForce, HASHES_MAX } from "./in-force.ts"
import { makeObject, makeSidecar, makeVerdict, refuse } from "./make.test-data.ts"
import type { ConnectedSidecar } from "./ports.ts"
import { judgeProgrammed } from "./programmed.ts"

const NOW = 1_000_000
const chat = makeObject({ generation: 4 })
const FIRST_TEN = Array.from({ length: 10 }, (_, index) => `search/p0${index}`).join("; ")
const source = (generation: number) => ({ ...makeObject(), generation })
const nack = (object: string | null) => ({
  nack: { reason: "pattern is not valid", object, path: "/routes/0" },
})

interface Case {
  readonly name: string
  /** Hash and generation in it, oldest first; all are still held somewhere. */
  readonly published: readonly (readonly [string, number])[]
  readonly sidecars: readonly ConnectedSidecar[]
  readonly want: readonly [string, string, string]
  readonly recheckAt?: number
}

const cases: readonly Case[] = [
  {
    name: "nobody connected: true, and said so",
    published: [["h4", 4]],
    sidecars: [],
    want: ["True", "NoSidecars", "no sidecar in scope is connected"],
  },
  {
    name: "all have acknowledged",
    published: [["h4", 4]],
    sidecars: [makeSidecar("a", { heldHash: "h4" }), makeSidecar("b", { heldHash: "h4" })],
    want: ["True", "Programmed", "2/2 sidecars"],
  },
  {
    name: "a generation that compiles to the same Snapshot is in force at once",
    published: [
      ["h3", 3],
      ["h3", 4],
    ],
    sidecars: [makeSidecar("a", { heldHash: "h3" })],
    want: ["True", "Programmed", "1/1 sidecars"],
  },
  {
    name: "an older Snapshot that has this generation already counts",
    published: [
      ["h4", 4],
      ["h5", 4],
    ],
    sidecars: [makeSidecar("a", { heldHash: "h4", pendingSinceMs: NOW - 10 })],
    want: ["True", "Programmed", "1/1 sidecars"],
  },
  {
    name: "a push on its way is pending, until it is late",
    published: [
      ["h3", 3],
      ["h4", 4],
    ],
    sidecars: [
      makeSidecar("a", { heldHash: "h4" }),
      makeSidecar("b", { heldHash: "h3", pendingSinceMs: NOW - 59_999 }),
    ],
    want: ["Unknown", "Pending", "1/2 sidecars"],
    recheckAt: NOW + 1,
  },
  {
    name: "no answer for 60 s names the pod",
    published: [
      ["h3", 3],
      ["h4", 4],
    ],
    sidecars: [makeSidecar("b", { heldHash: "h3", pendingSinceMs: NOW - 60_000 })],
    want: ["Unknown", "NoAcknowledgement", "0/1 sidecars; no answer from search/b"],
  },
  {
    name: "a refusal that names the object makes it false, with pod and reason",
    published: [["h4", 4]],
    sidecars: [
      makeSidecar("a", { heldHash: "h4" }),
      makeSidecar("b", { heldHash: "h3", ...nack("AIRoute search/chat") }),
    ],
    want: [
      "False",
      "Rejected",
      "1/2 sidecars; rejected by search/b: pattern is not valid at /routes/0",
    ],
  },
  {
    name: "a refusal that names nobody is everybody's who is not in force there",
    published: [["h4", 4]],
    sidecars: [makeSidecar("b", nack(null))],
    want: [
      "False",
      "Rejected",
      "0/1 sidecars; rejected by search/b: pattern is not valid at /routes/0",
    ],
  },
  {
    name: "what a sidecar's older release lacks is said with the pod and the feature",
    published: [["h4", 4]],
    sidecars: [
      makeSidecar("a", { heldHash: "h4" }),
      makeSidecar("b", {
        heldHash: "h4",
        withheld: [
          { object: "AIProvider anthropic", feature: "schema Anthropic" },
          { object: "AIRoute search/chat", feature: "schema Anthropic" },
        ],
      }),
    ],
    want: [
      "False",
      "FeatureUnsupported",
      "1/2 sidecars; not known to the release of search/b: schema Anthropic; restart these pods",
    ],
  },
  {
    name: "what it lacks of another object does not concern this one",
    published: [["h4", 4]],
    sidecars: [
      makeSidecar("b", {
        heldHash: "h4",
        withheld: [{ object: "AIProvider anthropic", feature: "schema Anthropic" }],
      }),
    ],
    want: ["True", "Programmed", "1/1 sidecars"],
  },
  {
    name: "a refusal because of another object holds this one up",
    published: [["h4", 4]],
    sidecars: [makeSidecar("b", nack("AIRoute search/other"))],
    want: ["Unknown", "Pending", "0/1 sidecars; held up in search/b by AIRoute search/other"],
  },
  {
    name: "at most ten pods are named",
    published: [["h4", 4]],
    sidecars: Array.from({ length: 12 }, (_, index) =>
      makeSidecar(`p${String(index).padStart(2, "0")}`, { pendingSinceMs: 0 }),
    ),
    want: [
      "Unknown",
      "NoAcknowledgement",
      `0/12 sidecars; no answer from ${FIRST_TEN}; and 2 more`,
    ],
  },
]

test.each(cases)("$name", ({ published, sidecars, want, recheckAt }) => {
  const inForce = createInForce()
  const held = new Set(published.map(([hash]) => hash))
  for (const [hash, generation] of published) {
    inForce.published("search", hash, [source(generation)], held)
  }
  const result = judgeProgrammed(makeVerdict(chat), inForce, () => sidecars, NOW)
  const { status, reason, message } = result.condition
  expect([status, reason, message]).toEqual(want)
  expect(result.recheckAt).toBe(recheckAt ?? null)
})

test("a shared object is counted in every namespace that has it, and in no other", () => {
  const inForce = createInForce()
  const provider = makeObject({ kind: "AIProvider", namespace: "", name: "openai", generation: 2 })
  for (const namespace of ["one", "two"]) {
    inForce.published(namespace, `hash-${namespace}`, [provider], new Set())
  }
  inForce.published("three", "hash-three", [], new Set())
  const sidecars = (namespace: string) => [makeSidecar("a", { heldHash: `hash-${namespace}` })]
  const judge = () => judgeProgrammed(makeVerdict(provider), inForce, sidecars, NOW).sidecars
  expect(judge()).toEqual({ connected: 2, programmed: 2 })
  inForce.forget("two")
  expect(judge()).toEqual({ connected: 1, programmed: 1 })
  inForce.published("one", "hash-without", [], new Set(["hash-one"]))
  expect(judge()).toEqual({ connected: 0, programmed: 0 })
})

test("an object that was deleted and made anew is not programmed where its predecessor is", () => {
  const inForce = createInForce()
  inForce.published("search", "h4", [chat], new Set(["h4"]))
  const successor = { ...chat, uid: "uid-new", generation: 1 }
  inForce.published("search", "h1", [successor], new Set(["h4"]))
  const sidecars = () => [makeSidecar("a", { heldHash: "h4", pendingSinceMs: NOW - 10 })]
  const { condition } = judgeProgrammed(makeVerdict(successor), inForce, sidecars, NOW)
  expect([condition.status, condition.message]).toEqual(["Unknown", "0/1 sidecars"])
})

test("an object that left the Snapshot is not called programmed", () => {
  const verdict = makeVerdict(chat, refuse("AIRoute search/older was first"))
  const { condition } = judgeProgrammed(verdict, createInForce(), () => [], NOW)
  expect([condition.status, condition.reason]).toEqual(["Unknown", "NotAccepted"])
})

test("a broken policy that stays in the Snapshot as a denial is counted like any other", () => {
  const inForce = createInForce()
  inForce.published("search", "h4", [chat], new Set())
  const verdict = makeVerdict(chat, refuse("spec.models.allow: not a list"))
  const sidecars = () => [makeSidecar("a", { heldHash: "h4" })]
  const { condition } = judgeProgrammed(verdict, inForce, sidecars, NOW)
  expect([condition.status, condition.message]).toEqual(["True", "1/1 sidecars"])
})

test("hashes that nobody holds are forgotten, and those held up to a bound", () => {
  const inForce = createInForce()
  inForce.published("search", "old", [source(1)], new Set())
  inForce.published("search", "new", [source(2)], new Set())
  expect(inForce.generation("search", "old", "AIRoute search/chat", chat.uid)).toBeUndefined()
  const all = new Set(Array.from({ length: HASHES_MAX + 5 }, (_, index) => `h${index}`))
  for (const hash of all) inForce.published("search", hash, [source(3)], all)
  const known = [...all].filter(
    (hash) => inForce.generation("search", hash, "AIRoute search/chat", chat.uid) !== undefined,
  )
  expect(known).toEqual([...all].slice(-HASHES_MAX))
})

const ofNamespace = [
  {
    name: "only the newest configuration counts, whatever an older one has of the object",
    sidecars: [makeSidecar("a", { heldHash: "h4" }), makeSidecar("b", { heldHash: "h5" })],
    want: ["Unknown", "Pending", "1/2 sidecars"],
  },
  {
    name: "whatever a sidecar refuses, its namespace is not in force",
    sidecars: [makeSidecar("a", { heldHash: "h4", ...nack("AIRoute search/chat") })],
    want: [
      "False",
      "Rejected",
      "0/1 sidecars; rejected by search/a: pattern is not valid at /routes/0",
    ],
  },
  {
    name: "nobody connected",
    sidecars: [],
    want: ["True", "NoSidecars", "no sidecar in scope is connected"],
  },
]
test.each(ofNamespace)("an AINamespace: $name", ({ sidecars, want }) => {
  const inForce = createInForce()
  inForce.published("search", "h4", [], new Set(["h4"]))
  inForce.published("search", "h5", [], new Set(["h4"]))
  const verdict = makeVerdict({ kind: "AINamespace", name: "default" })
  const inSearch = (namespace: string) => (namespace === "search" ? sidecars : [])
  const { condition } = judgeProgrammed(verdict, inForce, inSearch, NOW)
  expect([condition.status, condition.reason, condition.message]).toEqual(want)
})
