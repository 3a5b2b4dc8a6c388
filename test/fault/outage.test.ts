/** The operator is away: what keys, restarts, statuses and usage do meanwhile and after. */
import { readFileSync } from "node:fs"
import { afterAll, beforeAll, expect, test } from "vitest"
import { at, listAt, textAt } from "#operator/kube/json-path.ts"
import { waitUntil } from "#test/process/wait-until.ts"
import { hashOf } from "#test/upstream/server.ts"
import { chat } from "./chat.ts"
import { readLedger } from "./ledger.ts"
import { readMetric } from "./metrics.ts"
import { keyedBy, makeClusterObject, makeKey, makeProvider, makeRoute } from "./objects.ts"
import { type Sidecar, startWorld, type World } from "./world.ts"

const KEY = "key-of-alpha"
const ROUTE = "/apis/sidegate.dev/v1alpha1/namespaces/shop/airoutes/chat"
const RESTARTS = 5
/** Promised is 1 s; the test fails only at what no busy machine explains. */
const SERVES_WITHIN_MS = 5000
/** Tokens of one answer of the upstream, and their cost at the built-in price of gpt-4o. */
const ONE = { tokens: 11 + 5, costNano: 11 * 2500 + 5 * 10_000 }

let world: World
let shop: Sidecar
/** Of every chat that was answered. */
const users: string[] = []
/** What was in force before. */
let before: { readonly hash: string; readonly version: string | null }

beforeAll(async () => {
  world = await startWorld()
  await world.apply(
    makeClusterObject("TeamQuota", "shop", { costCenter: "CC-1" }),
    makeKey("alpha-key", KEY),
    makeProvider("alpha", world.upstream.endpoint("alpha"), keyedBy("alpha-key")),
  )
  await world.createNamespace("shop", "shop")
  await world.apply(makeRoute("shop/chat", "alpha", { models: ["smart"] }))
  shop = await world.startSidecar(await world.createPod("shop", "api-0"))
})

afterAll(() => world.stop())

test("before: the route is programmed, and its chats are billed", async () => {
  await programmed(1)
  for (let round = 0; round < 5; round++) await answered()
  await recorded()
  before = { hash: heldHash(), version: await configVersion() }
  expect(before.version).not.toBeNull()
  expect(await sent("snapshot")).toBeGreaterThan(0)
  expect(await sent("credentials")).toBeGreaterThan(0)
})

test("with the operator killed, chats that need a key go on", async () => {
  await world.operator.kill()
  for (let round = 0; round < 20; round++) await answered()
  await everyChatCarriedTheKey()
})

test("a proxy killed in that state serves within a second of its start, keys included", async () => {
  const tookMs: number[] = []
  for (let round = 0; round < RESTARTS; round++) {
    // Answered in a later turn: the end of the last chat is in the journal by then.
    await models()
    await shop.kill()
    const startedAt = performance.now()
    await shop.start()
    const deadline = { what: "an answer", withinMs: 60_000, everyMs: 5 }
    await waitUntil(deadline, async () => ((await models()).status === 200 ? true : undefined))
    await answered()
    tookMs.push(Math.round(performance.now() - startedAt))
    expect(shop.program().isRunning()).toBe(true)
  }
  console.log(`from the start of a proxy without operator to its first answer, ms: ${tookMs}`)
  const [, , median] = tookMs.toSorted((a, b) => a - b)
  expect(median).toBeLessThan(SERVES_WITHIN_MS)
  expect({ hash: heldHash(), version: await configVersion() }).toEqual(before)
  await everyChatCarriedTheKey()
})

test("the operator back finds the same hash, resends nothing, and the status is true", async () => {
  // Says what was said by default: another generation of the object, the same Snapshot.
  const backends = [{ provider: "alpha", model: "gpt-4o", weight: 1, priority: 0 }]
  await world.client.request({
    method: "PATCH",
    path: ROUTE,
    contentType: "application/merge-patch+json",
    body: { spec: { rules: [{ name: "default", backends }] } },
  })
  const startedAt = performance.now()
  await world.operator.start()
  const message = await programmed(2)
  const tookMs = Math.round(performance.now() - startedAt)
  console.log(`from the operator's start to a true status, ms: ${tookMs}`)
  expect(message).toBe("1/1 sidecars")
  await answered()
  expect({ hash: heldHash(), version: await configVersion() }).toEqual(before)
  for (const event of ["snapshot", "credentials", "identity"] as const) {
    expect({ event, sent: await sent(event) }).toEqual({ event, sent: undefined })
  }
})

test("usage of the outage arrives, once", async () => {
  await recorded()
  const rows = readLedger(`${world.operator.stateDir}/ledger.db`)
  expect(rows.map(({ user }) => user).sort()).toEqual(users.toSorted())
  const { received } = await world.upstream.counts()
  expect(received).toBe(users.length)
  for (const { tokens, costNano, outcome, source } of rows) {
    expect({ tokens, costNano, outcome, source }).toEqual({
      ...ONE,
      outcome: "ok",
      source: "reported",
    })
  }
  const usd = ((users.length * ONE.costNano) / 1e9).toFixed(9).replace(/0+$/, "")
  const want = `${users.length * ONE.tokens} tokens, ${usd} dollars`
  await expect.poll(quotaUsage, { timeout: 150_000, interval: 200 }).toBe(want)
  console.log(`usage in TeamQuota.status after the outage: ${want} of ${users.length} chats`)
})

/** One chat that must succeed; every third is streamed. */
async function answered(): Promise<void> {
  const user = `user-${users.length + 1}`
  const { status, text } = await chat(shop, "smart", {
    user,
    stream: users.length % 3 === 0,
  })
  expect({ user, status, text: status === 200 ? "" : text }).toEqual({
    user,
    status: 200,
    text: "",
  })
  users.push(user)
}

async function everyChatCarriedTheKey(): Promise<void> {
  const attempts = await world.upstream.attempts()
  expect(attempts).toHaveLength(users.length)
  expect(new Set(attempts.map(({ authorizationHash }) => authorizationHash))).toEqual(
    new Set([hashOf(`Bearer ${KEY}`)]),
  )
}

/** How many the operator that runs now has sent; undefined before the first. */
function sent(event: "snapshot" | "credentials" | "identity"): Promise<number | undefined> {
  return readMetric(world.operator.opsUrl, `sidegate_pushes_total{event="${event}"}`)
}

function recorded(): Promise<true> {
  const deadline = { what: "a record for each chat", withinMs: 60_000, everyMs: 50 }
  return waitUntil(deadline, () =>
    readLedger(`${world.operator.stateDir}/ledger.db`).length >= users.length ? true : undefined,
  )
}

async function quotaUsage(): Promise<string> {
  const usage = JSON.parse(
    await world.kubectl("get", "teamquota", "shop", "-o", "jsonpath={.status.usage}"),
  ) as unknown
  return `${at(usage, "tokens")} tokens, ${textAt(usage, "usd")} dollars`
}

/** The message of the route's condition Programmed once it is true for that generation. */
function programmed(generation: number): Promise<string> {
  const deadline = { what: `generation ${generation} programmed`, withinMs: 60_000, everyMs: 50 }
  return waitUntil(deadline, async () => {
    const route = await world.client.request({ method: "GET", path: ROUTE })
    const found = listAt(route, "status", "conditions").find(
      (condition) => textAt(condition, "type") === "Programmed",
    )
    const says = `${textAt(found, "status")} ${textAt(found, "message")}`
    const isThere = at(found, "observedGeneration") === generation && says === "True 1/1 sidecars"
    if (isThere) return textAt(found, "message")
    throw new Error(`it is ${says} for generation ${at(found, "observedGeneration")}`)
  })
}

function heldHash(): string {
  const text = readFileSync(`${shop.stateDir}/last-good.json`, "utf8")
  return textAt(JSON.parse(text), "push", "hash") ?? "none"
}

async function configVersion(): Promise<string | null> {
  return (await models()).headers.get("x-sidegate-config")
}

async function models(): Promise<Response> {
  const answer = await fetch(`${shop.url}/v1/models`)
  await answer.text()
  return answer
}
