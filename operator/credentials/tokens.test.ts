import { expect, test } from "vitest"
import type { CloudIdentity } from "#operator/compile/cloud-identity.ts"
import type { MintedToken } from "./minted-token.ts"
import { SecretValue } from "./secret-value.ts"
import { createTokens, type Tokens } from "./tokens.ts"

const KEY: CloudIdentity = { kind: "google-service-account-key", secret: "sa", key: "file" }
const POD: CloudIdentity = { kind: "aws-pod-identity", region: "eu-central-1", roleArn: null }
const LIFE_MS = 100_000

interface World {
  readonly tokens: Tokens
  /** Identities asked for, in order; `answer` and `refuse` end the oldest that is open. */
  readonly asked: readonly CloudIdentity[]
  answer(value: string): Promise<void>
  refuse(message: string): Promise<void>
  /** Moves the clock and runs what is due. */
  pass(ms: number): void
  /** Moves the clock alone: timers stand still while a machine sleeps. */
  sleep(ms: number): void
  rotate(): void
  changes(): number
  /** What was reported of each attempt. */
  readonly reports: readonly (string | null)[]
  timers(): number
}

function makeWorld(): World {
  let now = 0
  let secret = 1
  let changes = 0
  const reports: (string | null)[] = []
  const asked: CloudIdentity[] = []
  const open: PromiseWithResolvers<MintedToken>[] = []
  const timers = new Set<{ at: number; readonly run: () => void }>()
  const settle = async (end: (one: PromiseWithResolvers<MintedToken>) => void): Promise<void> => {
    const one = open.shift()
    if (one === undefined) throw new Error("nothing was asked for")
    end(one)
    await one.promise.catch(() => undefined)
    await Promise.resolve()
  }
  return {
    asked,
    tokens: createTokens({
      mint: (identity) => {
        asked.push(identity)
        const one = Promise.withResolvers<MintedToken>()
        open.push(one)
        return one.promise
      },
      fingerprint: (identity) => ("secret" in identity ? `print-${secret}` : ""),
      now: () => now,
      draw: () => 0,
      after: (delayMs, run) => {
        const timer = { at: now + delayMs, run }
        timers.add(timer)
        return () => timers.delete(timer)
      },
      onChange: () => {
        changes += 1
      },
      report: ({ fault }) => reports.push(fault),
    }),
    answer: (value) =>
      settle(({ resolve }) =>
        resolve({ kind: "bearer", value: new SecretValue(value), expiresAt: now + LIFE_MS }),
      ),
    refuse: (message) => settle(({ reject }) => reject(new Error(message))),
    pass: (ms) => {
      now += ms
      for (const timer of timers) {
        if (timer.at > now) continue
        timers.delete(timer)
        timer.run()
      }
    },
    sleep: (ms) => {
      now += ms
      for (const timer of timers) timer.at += ms
    },
    rotate: () => {
      secret += 1
    },
    changes: () => changes,
    reports,
    timers: () => timers.size,
  }
}

/** The text of the token held, why it is no newer one, and whether there never was one. */
function shown({ tokens }: World, provider = "vertex") {
  const held = tokens.of(provider)
  if (held === undefined) return undefined
  const value = held.token?.kind === "bearer" ? held.token.value.reveal() : null
  return [value, held.fault, held.isPending]
}

test("a token is asked for once for all that take on the identity, and renewed at 80 %", async () => {
  const world = makeWorld()
  const both = ["vertex", "gemini"].map((provider) => ({ provider, identity: KEY }))
  world.tokens.want(both)
  expect(shown(world)).toEqual([null, null, true])
  await world.answer("one")
  expect([shown(world), shown(world, "gemini")]).toEqual([
    ["one", null, false],
    ["one", null, false],
  ])
  world.pass(LIFE_MS * 0.8 - 1)
  world.tokens.want(both)
  expect(world.asked).toEqual([KEY])
  world.pass(1)
  expect([world.asked.length, shown(world)]).toEqual([2, ["one", null, false]])
  await world.answer("two")
  expect([shown(world), world.changes()]).toEqual([["two", null, false], 2])
})

test("a machine that slept past the time renews at once, and one whose clock was set back in time", async () => {
  const world = makeWorld()
  world.tokens.want([{ provider: "vertex", identity: KEY }])
  await world.answer("one")
  world.sleep(LIFE_MS * 2)
  world.pass(15_000)
  expect(world.asked).toHaveLength(2)
  await world.answer("two")
  world.sleep(-LIFE_MS)
  for (let passed = 0; passed < LIFE_MS * 0.8; passed += 5000) world.pass(5000)
  expect(world.asked).toHaveLength(3)
})

test("while the cloud refuses the old one stays, and it is asked with a growing wait", async () => {
  const world = makeWorld()
  world.tokens.want([{ provider: "vertex", identity: KEY }])
  await world.answer("one")
  world.pass(LIFE_MS * 0.8)
  await world.refuse("invalid_grant")
  expect(shown(world)).toEqual(["one", "invalid_grant", false])
  world.pass(499)
  expect(world.asked).toHaveLength(2)
  world.pass(1)
  await world.refuse("invalid_grant")
  world.pass(999)
  expect(world.asked).toHaveLength(3)
  world.pass(1)
  await world.answer("two")
  expect(shown(world)).toEqual(["two", null, false])
  // The token, the first refusal, the next token; the same words again are no change.
  expect(world.changes()).toBe(3)
  expect(world.reports).toEqual([null, "invalid_grant", "invalid_grant", null])
})

test("a first attempt that fails stays pending: sidecars may hold the token of an operator before", async () => {
  const world = makeWorld()
  world.tokens.want([{ provider: "vertex", identity: KEY }])
  await world.refuse("timeout")
  expect(shown(world)).toEqual([null, "timeout", true])
})

test("a rotated Secret is used at once, and the old token serves until the new one comes", async () => {
  const world = makeWorld()
  world.tokens.want([{ provider: "vertex", identity: KEY }])
  await world.answer("one")
  world.rotate()
  world.tokens.want([{ provider: "vertex", identity: KEY }])
  expect([world.asked.length, world.timers(), shown(world)]).toEqual([2, 0, ["one", null, false]])
  await world.answer("two")
  expect(shown(world)).toEqual(["two", null, false])
})

test("what was asked with the Secret before is not taken after it has changed", async () => {
  const world = makeWorld()
  world.tokens.want([{ provider: "vertex", identity: KEY }])
  world.rotate()
  world.tokens.want([{ provider: "vertex", identity: KEY }])
  await world.answer("of the old key")
  expect(shown(world)).toEqual([null, null, true])
  await world.answer("of the new key")
  expect(shown(world)).toEqual(["of the new key", null, false])
})

test("another identity takes the token of the one before away", async () => {
  const world = makeWorld()
  world.tokens.want([{ provider: "vertex", identity: KEY }])
  await world.answer("one")
  world.tokens.want([{ provider: "vertex", identity: POD }])
  expect([shown(world), world.timers()]).toEqual([[null, null, false], 0])
})

test("what is not wanted any more is forgotten, and nothing of it runs on", async () => {
  const world = makeWorld()
  world.tokens.want([{ provider: "vertex", identity: KEY }])
  await world.answer("one")
  world.tokens.want([])
  expect([shown(world), world.timers()]).toEqual([undefined, 0])
})

test("closing ends what is planned and what is under way", async () => {
  const world = makeWorld()
  world.tokens.want([{ provider: "vertex", identity: KEY }])
  world.tokens.close()
  await world.answer("late")
  expect([shown(world), world.timers(), world.changes()]).toEqual([undefined, 0, 0])
})
