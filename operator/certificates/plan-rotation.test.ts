import { expect, test } from "vitest"
import {
  BACKDATE_MS,
  type BundleFacts,
  CA_LIFE_MS,
  DAY_MS,
  LEAF_LIFE_MS,
  PROMOTE_BEFORE_END_MS,
  PUBLISH_AHEAD_MS,
  planRotation,
  recheckAfterMs,
  type Validity,
} from "./plan-rotation.ts"

const NAMES = ["sidegate-operator.sidegate-system.svc"]
const HOUR_MS = 3_600_000

const made = (at: number, lifeMs: number): Validity => ({
  notBeforeMs: at - BACKDATE_MS,
  notAfterMs: at + lifeMs,
})

/** Made at 0; times in days. */
function makeFacts(changes: Partial<BundleFacts> = {}): BundleFacts {
  return {
    ca: made(0, CA_LIFE_MS),
    nextCa: null,
    previousCa: null,
    leaf: { ...made(0, LEAF_LIFE_MS), dnsNames: NAMES },
    ...changes,
  }
}
const freshLeaf = (day: number) => ({ ...made(day * DAY_MS, LEAF_LIFE_MS), dnsNames: NAMES })

const cases = [
  { name: "nothing is stored", day: 0, facts: null, want: ["create-all"] },
  { name: "all is fresh", day: 0, facts: makeFacts(), want: [] },
  { name: "the leaf is short of two thirds of its life", day: 19.9, facts: makeFacts(), want: [] },
  { name: "the leaf has lived two thirds", day: 20, facts: makeFacts(), want: ["issue-leaf"] },
  { name: "the leaf has expired", day: 31, facts: makeFacts(), want: ["issue-leaf"] },
  {
    name: "the leaf lacks a name",
    day: 1,
    facts: makeFacts({ leaf: { ...freshLeaf(0), dnsNames: ["other"] } }),
    want: ["issue-leaf"],
  },
  {
    name: "the CA is 68 days from its end",
    day: 297,
    facts: makeFacts({ leaf: freshLeaf(296) }),
    want: [],
  },
  {
    name: "the CA is 67 days from its end",
    day: 298,
    facts: makeFacts({ leaf: freshLeaf(296) }),
    want: ["create-next-ca"],
  },
  {
    name: "the next CA has been published for under 7 days",
    day: 304.9,
    facts: makeFacts({ leaf: freshLeaf(296), nextCa: made(298 * DAY_MS, CA_LIFE_MS) }),
    want: [],
  },
  {
    name: "the next CA has been published for 7 days",
    day: 305,
    facts: makeFacts({ leaf: freshLeaf(296), nextCa: made(298 * DAY_MS, CA_LIFE_MS) }),
    want: ["promote-next-ca", "issue-leaf"],
  },
  {
    name: "the CA ends before the next one has been published for 7 days",
    day: 365,
    facts: makeFacts({ leaf: freshLeaf(364), nextCa: made(364 * DAY_MS, CA_LIFE_MS) }),
    want: ["promote-next-ca", "issue-leaf"],
  },
  {
    name: "the previous CA is needed by a sidecar that was told late",
    day: 13.9,
    facts: makeFacts({ previousCa: made(-298 * DAY_MS, CA_LIFE_MS) }),
    want: [],
  },
  {
    name: "the previous CA has been behind for 7 days",
    day: 14,
    facts: makeFacts({ previousCa: made(-298 * DAY_MS, CA_LIFE_MS) }),
    want: ["drop-previous-ca"],
  },
  {
    name: "the operator was away until everything had expired",
    day: 400,
    facts: makeFacts(),
    want: ["create-all"],
  },
  {
    name: "the operator was away and only the next CA still holds",
    day: 400,
    facts: makeFacts({ nextCa: made(298 * DAY_MS, CA_LIFE_MS) }),
    want: ["promote-next-ca", "issue-leaf"],
  },
] as const

test.each(cases)("$name: $want", ({ day, facts, want }) => {
  expect(planRotation(day * DAY_MS, facts, NAMES)).toEqual(want)
})

interface World {
  readonly facts: BundleFacts
  /** End of the CA that signed the leaf: names the CA. */
  readonly signer: number
}

function carryOut(world: World | null, now: number): World {
  const steps = planRotation(now, world?.facts ?? null, NAMES)
  let facts = world?.facts ?? makeFacts()
  let signer = world?.signer ?? facts.ca.notAfterMs
  for (const step of steps) {
    if (step === "create-all") facts = makeFacts()
    if (step === "create-next-ca") facts = { ...facts, nextCa: made(now, CA_LIFE_MS) }
    if (step === "promote-next-ca" && facts.nextCa !== null)
      facts = { ...facts, ca: facts.nextCa, nextCa: null, previousCa: facts.ca }
    if (step === "issue-leaf") {
      facts = { ...facts, leaf: { ...made(now, LEAF_LIFE_MS), dnsNames: NAMES } }
      signer = facts.ca.notAfterMs
    }
    if (step === "drop-previous-ca") facts = { ...facts, previousCa: null }
  }
  return { facts, signer }
}

test("over five years a sidecar whose roots are six days old always trusts what is served", () => {
  const stepMs = 6 * HOUR_MS
  const lagSteps = (6 * DAY_MS) / stepMs
  const published: (readonly number[])[] = []
  const wrong: string[] = []
  const signers = new Set<number>()
  let world: World | null = null
  for (let now = 0; now < 5 * CA_LIFE_MS; now += stepMs) {
    world = carryOut(world, now)
    const { ca, nextCa, previousCa, leaf } = world.facts
    const { signer } = world
    signers.add(signer)
    published.push([ca, nextCa, previousCa].flatMap((one) => (one === null ? [] : one.notAfterMs)))
    const seen = published[Math.max(0, published.length - 1 - lagSteps)] ?? []
    if (!seen.includes(signer)) wrong.push(`day ${now / DAY_MS}: an unknown root signed the leaf`)
    if (leaf.notAfterMs <= now) wrong.push(`day ${now / DAY_MS}: the leaf has expired`)
    if (leaf.notAfterMs > signer) wrong.push(`day ${now / DAY_MS}: the leaf outlives its CA`)
    if (planRotation(now, world.facts, NAMES).length > 0)
      wrong.push(`day ${now / DAY_MS}: unsettled`)
  }
  expect(wrong).toEqual([])
  // One every 298 days: 365 less the 60 before its end and the 7 that its root is published ahead.
  expect(signers.size).toBe(7)
})

test("it looks again when the next step is due, within a day, not within a minute", () => {
  expect(recheckAfterMs(0, makeFacts())).toBe(DAY_MS)
  const almost = 20 * DAY_MS - HOUR_MS
  expect(recheckAfterMs(almost, makeFacts())).toBeLessThanOrEqual(HOUR_MS)
  expect(recheckAfterMs(25 * DAY_MS, makeFacts())).toBe(60_000)
  const firstStep = CA_LIFE_MS - PROMOTE_BEFORE_END_MS - PUBLISH_AHEAD_MS
  const facts = makeFacts({ leaf: freshLeaf(297) })
  expect(recheckAfterMs(firstStep - 2 * HOUR_MS, facts)).toBe(2 * HOUR_MS)
})
