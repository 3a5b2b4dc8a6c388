/** A thousand configurations under load: nobody notices, and no answer is of two of them. */
import { afterAll, beforeAll, expect, test } from "vitest"
import { at, listAt, textAt } from "#operator/kube/json-path.ts"
import { waitUntil } from "#test/process/wait-until.ts"
import { hashOf } from "#test/upstream/server.ts"
import { readLedger } from "./ledger.ts"
import { readMetric } from "./metrics.ts"
import { keyedBy, makeClusterObject, makeKey, makeProvider, makeRoute } from "./objects.ts"
import { startSteadyLoad } from "./steady-load.ts"
import { judgeAnswer, routeOf, type SwapAnswer } from "./swap-answer.ts"
import { type Sidecar, startWorld, type World } from "./world.ts"

const SWAPS = 1000
const PER_SECOND = 200
const STREAM_EVERY = 5
const ROUTE = "/apis/sidegate.dev/v1alpha1/namespaces/shop/airoutes/chat"
const PROVIDERS = ["alpha", "beta"] as const

let world: World
let shop: Sidecar

beforeAll(async () => {
  // At the default of 100 ms a thousand swaps take two minutes, and are fewer a second.
  world = await startWorld({ operatorEnv: { SIDEGATE_PUSH_QUIET_MS: "5" } })
  const { upstream } = world
  await world.createNamespace("shop", "shop")
  await world.apply(
    makeClusterObject("TeamQuota", "shop", { costCenter: "CC-1" }),
    ...PROVIDERS.flatMap((name) => [
      makeKey(`${name}-key`, `key-of-${name}`),
      makeProvider(name, upstream.endpoint(name), keyedBy(`${name}-key`)),
    ]),
    makeRoute("shop/chat", "", routeOf(0)),
  )
  // A whole answer takes as long as a swap or two, a stream as long as several.
  for (const name of PROVIDERS) await upstream.behave(name, { delayMs: 20, eventDelayMs: 15 })
  shop = await world.startSidecar(await world.createPod("shop", "api-0"))
})

afterAll(() => world.stop())

let answers: readonly SwapAnswer[] = []

test("1,000 swaps under load fail no request and answer none under a mixed version", async () => {
  const load = startSteadyLoad(PER_SECOND, sendOne)
  const startedAt = performance.now()
  const first = await versionInForce()
  const versions = new Set<string>()
  let last = first
  for (let swap = 1; swap <= SWAPS; swap++) {
    await world.client.request({
      method: "PATCH",
      path: ROUTE,
      contentType: "application/merge-patch+json",
      body: { spec: routeOf(swap) },
    })
    last = await nextVersion(last)
    versions.add(last)
  }
  const tookMs = performance.now() - startedAt
  const { results, perSecond } = await load.stop()
  answers = results
  const streams = answers.filter(({ isStream }) => isStream).length
  const seen = new Set(answers.map(({ version }) => version))
  console.log(
    `${versions.size} swaps in force in ${(tookMs / 1000).toFixed(1)} s under ` +
      `${perSecond.toFixed(0)} requests a second: ${answers.length} requests, ${streams} of them ` +
      `streams, answered under ${seen.size} versions; failed: ${count("failed")}, mixed: ${count("mixed")}`,
  )
  expect(versions.size).toBe(SWAPS)
  expect(answers.filter(({ verdict }) => verdict !== "right").slice(0, 5)).toEqual([])
  expect(new Set(answers.map(({ version, swap }) => `${version}=${swap}`)).size).toBe(seen.size)
  expect(seen.size).toBeGreaterThan(SWAPS / 2)
  expect(streams).toBe(Math.floor(answers.length / STREAM_EVERY))
})

test("each swap was one push, and the last one is acknowledged in the status", async () => {
  const sample = `sidegate_pushes_total{event="snapshot"}`
  const pushes = await readMetric(world.operator.opsUrl, sample)
  console.log(`snapshots sent to the sidecar, the first included: ${pushes}`)
  expect(pushes).toBeGreaterThanOrEqual(SWAPS + 1)
  expect(pushes).toBeLessThanOrEqual(SWAPS + 5)
  const deadline = { what: "the last swap programmed", withinMs: 60_000, everyMs: 100 }
  await waitUntil(deadline, async () => {
    const route = await world.client.request({ method: "GET", path: ROUTE })
    const found = listAt(route, "status", "conditions").find(
      (condition) => textAt(condition, "type") === "Programmed",
    )
    const isThere =
      textAt(found, "message") === "1/1 sidecars" && at(found, "observedGeneration") === SWAPS + 1
    return isThere ? true : undefined
  })
  expect(await readMetric(shop.opsUrl, "sidegate_bugs_total")).toBe(0)
})

test("the records name the backend and model that answered, and each backend got its own key", async () => {
  const file = `${world.operator.stateDir}/ledger.db`
  const deadline = { what: "a record for each request", withinMs: 60_000, everyMs: 100 }
  await waitUntil(deadline, () => (readLedger(file).length >= answers.length ? true : undefined))
  const recorded = readLedger(file).map(
    ({ user, provider, model }) => `${user} ${provider} ${model}`,
  )
  const answered = answers.map(({ user, provider, model }) => `${user} ${provider} ${model}`)
  expect(recorded.toSorted()).toEqual(answered.toSorted())
  const attempts = await world.upstream.attempts()
  const keys = new Set(
    attempts.map(({ backend, authorizationHash }) => `${backend} ${authorizationHash}`),
  )
  expect(keys).toEqual(
    new Set(PROVIDERS.map((name) => `${name} ${hashOf(`Bearer key-of-${name}`)}`)),
  )
})

async function sendOne(number: number): Promise<SwapAnswer> {
  const asked = {
    user: `user-${number}`,
    variant: number % 2 === 0 ? "a" : "b",
    isStream: number % STREAM_EVERY === 0,
  } as const
  try {
    const answer = await fetch(`${shop.url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-variant": asked.variant },
      body: JSON.stringify({
        model: "smart",
        user: asked.user,
        stream: asked.isStream,
        messages: [{ role: "user", content: "Say something." }],
      }),
      signal: AbortSignal.timeout(30_000),
    })
    return judgeAnswer(asked, answer.status, answer.headers, await answer.text())
  } catch (error) {
    return judgeAnswer(asked, 0, new Headers(), String(error))
  }
}

function count(verdict: string): number {
  return answers.filter((answer) => answer.verdict === verdict).length
}

async function versionInForce(): Promise<string> {
  const answer = await fetch(`${shop.url}/v1/models`)
  await answer.text()
  return answer.headers.get("x-sidegate-config") ?? ""
}

function nextVersion(before: string): Promise<string> {
  const deadline = { what: `a version after ${before}`, withinMs: 60_000, everyMs: 2 }
  return waitUntil(deadline, async () => {
    const version = await versionInForce()
    return version === before ? undefined : version
  })
}
