import { expect, test } from "vitest"
import {
  INITIAL_REFLECTOR,
  RETRY_AFTER_MAX_MS,
  type ReflectorInput,
  type ReflectorState,
  stepReflector,
} from "./reflector-state.ts"
import type { WatchFailure } from "./watch-event.ts"

const OBJECT = { metadata: { name: "a", resourceVersion: "7" } }
const FOLLOWING: ReflectorState = {
  ...INITIAL_REFLECTOR,
  phase: { kind: "follow", resourceVersion: "10" },
  listedVersion: "10",
}
const LISTING: ReflectorState = {
  ...INITIAL_REFLECTOR,
  phase: { kind: "list", continueToken: "t" },
  canStreamAll: false,
}

const failure = (facts: Partial<WatchFailure>): WatchFailure => ({
  status: null,
  reason: null,
  retryAfterMs: null,
  isUnreadable: false,
  message: "m",
  ...facts,
})
const failed = (facts: Partial<WatchFailure>): ReflectorInput => ({
  kind: "failed",
  failure: failure(facts),
})
const added: ReflectorInput = {
  kind: "event",
  event: { type: "ADDED", object: OBJECT, resourceVersion: "11" },
}
const bookmark = (resourceVersion: string, isInitialEnd: boolean): ReflectorInput => ({
  kind: "event",
  event: { type: "BOOKMARK", resourceVersion, isInitialEnd },
})
const page = (continueToken: string | null, resourceVersion = "20"): ReflectorInput => ({
  kind: "page",
  objects: [OBJECT],
  continueToken,
  resourceVersion,
})

const cases: readonly {
  readonly name: string
  readonly state: ReflectorState
  readonly input: ReflectorInput
  readonly phase: ReflectorState["phase"]
  readonly effects: readonly string[]
  readonly delayMs?: number
}[] = [
  {
    name: "an initial event is only collected: nobody may see half a list",
    state: INITIAL_REFLECTOR,
    input: added,
    phase: { kind: "stream-all" },
    effects: ["collect"],
  },
  {
    name: "a bookmark before the end of the initial events completes nothing",
    state: INITIAL_REFLECTOR,
    input: bookmark("9", false),
    phase: { kind: "stream-all" },
    effects: [],
  },
  {
    name: "the end of the initial events replaces the table, and the same stream is followed",
    state: INITIAL_REFLECTOR,
    input: bookmark("9", true),
    phase: { kind: "follow", resourceVersion: "9" },
    effects: ["replace"],
  },
  {
    name: "an initial stream that is cut is discarded and begun again",
    state: INITIAL_REFLECTOR,
    input: failed({}),
    phase: { kind: "stream-all" },
    effects: ["discard", "connect"],
    delayMs: 150,
  },
  {
    name: "an initial stream that ends cleanly before its end is not complete either",
    state: INITIAL_REFLECTOR,
    input: { kind: "ended", livedMs: 50_000 },
    phase: { kind: "stream-all" },
    effects: ["discard", "connect"],
    delayMs: 150,
  },
  {
    name: "a server that knows no initial events is listed, at once",
    state: INITIAL_REFLECTOR,
    input: failed({ status: 422 }),
    phase: { kind: "list", continueToken: null },
    effects: ["discard", "connect"],
    delayMs: 0,
  },
  {
    name: "a page that is not the last asks for the next",
    state: { ...LISTING, phase: { kind: "list", continueToken: null } },
    input: page("t"),
    phase: { kind: "list", continueToken: "t" },
    effects: ["collect", "connect"],
    delayMs: 0,
  },
  {
    name: "the last page replaces the table and is followed from its version",
    state: LISTING,
    input: page(null),
    phase: { kind: "follow", resourceVersion: "20" },
    effects: ["collect", "replace", "connect"],
    delayMs: 0,
  },
  {
    name: "a page that fails is asked for again, and the pages before it are kept",
    state: LISTING,
    input: failed({ status: 500 }),
    phase: { kind: "list", continueToken: "t" },
    effects: ["connect"],
    delayMs: 150,
  },
  {
    name: "a continue token that was compacted away starts the list anew",
    state: LISTING,
    input: failed({ status: 410, reason: "Expired" }),
    phase: { kind: "list", continueToken: null },
    effects: ["discard", "connect"],
    delayMs: 0,
  },
  {
    name: "an event of a followed watch is applied and moves the version",
    state: FOLLOWING,
    input: added,
    phase: { kind: "follow", resourceVersion: "11" },
    effects: ["apply"],
  },
  {
    name: "a deletion is told",
    state: FOLLOWING,
    input: {
      kind: "event",
      event: { type: "DELETED", object: OBJECT, resourceVersion: "12" },
    },
    phase: { kind: "follow", resourceVersion: "12" },
    effects: ["delete"],
  },
  {
    name: "a bookmark moves the version of a quiet kind",
    state: FOLLOWING,
    input: bookmark("99", false),
    phase: { kind: "follow", resourceVersion: "99" },
    effects: [],
  },
  {
    name: "a watch that is cut goes on from the version it had",
    state: FOLLOWING,
    input: failed({}),
    phase: { kind: "follow", resourceVersion: "10" },
    effects: ["connect"],
    delayMs: 150,
  },
  {
    name: "a watch that the server ends in time goes on at once",
    state: FOLLOWING,
    input: { kind: "ended", livedMs: 45_000 },
    phase: { kind: "follow", resourceVersion: "10" },
    effects: ["connect"],
    delayMs: 0,
  },
  {
    name: "a watch that the server ends at once is not asked for in a circle",
    state: FOLLOWING,
    input: { kind: "ended", livedMs: 3 },
    phase: { kind: "follow", resourceVersion: "10" },
    effects: ["connect"],
    delayMs: 150,
  },
  {
    name: "410 on a watch relists at once",
    state: FOLLOWING,
    input: failed({ status: 410 }),
    phase: { kind: "stream-all" },
    effects: ["discard", "connect"],
    delayMs: 0,
  },
  {
    name: "an Expired error within a stream of status 200 relists",
    state: FOLLOWING,
    input: {
      kind: "event",
      event: { type: "ERROR", failure: failure({ status: 410, reason: "Expired" }) },
    },
    phase: { kind: "stream-all" },
    effects: ["discard", "connect"],
    delayMs: 0,
  },
  {
    name: "410 again after a relist waits",
    state: { ...FOLLOWING, failures: 1 },
    input: failed({ status: 410 }),
    phase: { kind: "stream-all" },
    effects: ["discard", "connect"],
    delayMs: 300,
  },
  {
    name: "a line that cannot be read may have been a deletion: relist",
    state: FOLLOWING,
    input: failed({ isUnreadable: true }),
    phase: { kind: "stream-all" },
    effects: ["discard", "connect"],
    delayMs: 150,
  },
  {
    name: "Retry-After is a lower bound",
    state: FOLLOWING,
    input: failed({ status: 429, retryAfterMs: 5_000 }),
    phase: { kind: "follow", resourceVersion: "10" },
    effects: ["connect"],
    delayMs: 5_000,
  },
  {
    name: "an absurd Retry-After is capped",
    state: FOLLOWING,
    input: failed({ status: 429, retryAfterMs: 86_400_000 }),
    phase: { kind: "follow", resourceVersion: "10" },
    effects: ["connect"],
    delayMs: RETRY_AFTER_MAX_MS,
  },
  {
    name: "many failures wait for the cap, half of it drawn",
    state: { ...FOLLOWING, failures: 40 },
    input: failed({}),
    phase: { kind: "follow", resourceVersion: "10" },
    effects: ["connect"],
    delayMs: 2_250,
  },
  {
    name: "a list older than the one before is refused: another member of the store was asked",
    state: { ...LISTING, listedVersion: "100" },
    input: page(null, "20"),
    phase: { kind: "list", continueToken: "t" },
    effects: ["connect"],
    delayMs: 150,
  },
  {
    name: "the fourth older list is believed: the store was restored from a backup",
    state: { ...LISTING, listedVersion: "100", staleLists: 3 },
    input: page(null, "20"),
    phase: { kind: "follow", resourceVersion: "20" },
    effects: ["collect", "replace", "connect"],
    delayMs: 0,
  },
]

test.each(cases)("$name", ({ state, input, phase, effects, delayMs }) => {
  const step = stepReflector(state, input, 0.5)
  expect(step.state.phase).toEqual(phase)
  expect(step.effects.map((effect) => effect.kind)).toEqual(effects)
  const connect = step.effects.find((effect) => effect.kind === "connect")
  expect(connect?.kind === "connect" ? connect.delayMs : undefined).toBe(delayMs)
})

test("any progress ends the growth of the delay", () => {
  const { state } = stepReflector({ ...FOLLOWING, failures: 9 }, added, 0)
  expect(state.failures).toBe(0)
})
