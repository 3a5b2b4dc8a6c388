/**
 * From kubectl to a running sidecar and back: how soon a change is in force, and usage is shown.
 */
import { afterAll, beforeAll, expect, test } from "vitest"
import { waitUntil } from "#test/process/wait-until.ts"
import { billedUsage } from "#test/upstream/answer.ts"
import { DEFAULT_BEHAVIOUR } from "#test/upstream/behaviour.ts"
import { type ChatAnswer, chat } from "./chat.ts"
import { makeClusterObject, makeProvider, makeRoute } from "./objects.ts"
import { type Sidecar, startWorld, type World } from "./world.ts"

const APPLIES = 20
/** What is promised is 1 s; the test only fails at what no busy machine explains. */
const IN_FORCE_WITHIN_MS = 5000
/** Promised are 5 s. */
const USAGE_WITHIN_MS = 25_000
/** After so long without usage the next one is shown at once. */
const QUIET_MS = 30_000

let world: World
let shop: Sidecar
let quiet: Sidecar
/** What the upstream here does not tell. */
const NO_PARTS = { cachedInputTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0, unpriced: 0 }
/** When usage of the quiet team was last seen in its status. */
let shownAt = 0

beforeAll(async () => {
  world = await startWorld()
  await world.apply(
    makeClusterObject("TeamQuota", "shop", { costCenter: "CC-1" }),
    makeClusterObject("TeamQuota", "quiet", { costCenter: "CC-2" }),
    makeProvider("alpha", world.upstream.endpoint("alpha")),
    makeProvider("beta", world.upstream.endpoint("beta")),
    makeClusterObject("ModelCatalog", "ours", {
      models: [
        {
          schema: "OpenAI",
          model: "tiny-cached",
          prices: [{ input: "0.0125", cachedInput: "0.0031", output: "0.05" }],
        },
      ],
    }),
  )
  await world.createNamespace("shop", "shop")
  await world.createNamespace("quiet", "quiet")
  await world.apply(
    makeRoute("shop/chat", "alpha", { models: ["smart"] }),
    makeRoute("quiet/chat", "alpha", { models: ["smart"] }),
    makeRoute("quiet/tiny", "alpha", {
      models: ["tiny"],
      rules: [{ name: "default", backends: [{ provider: "alpha", model: "tiny-cached" }] }],
    }),
  )
  shop = await world.startSidecar(await world.createPod("shop", "api-0"))
  quiet = await world.startSidecar(await world.createPod("quiet", "api-0"))
})

afterAll(() => world.stop())

test("the first usage of a team shows in its status within 5 seconds of the request", async () => {
  // gpt-4o costs 2.5 dollars a million tokens in, and 10 out, in the built-in catalogue.
  const { tookMs, usage } = await usageAfter(() => chat(quiet, "smart"))
  console.log(`first usage in TeamQuota.status: ${tookMs} ms after the request`)
  const { prompt_tokens: input, completion_tokens: output } = billedUsage(DEFAULT_BEHAVIOUR)
  expect([input, output]).toEqual([11, 5])
  const sums = { inputTokens: 11, outputTokens: 5, tokens: 16, usd: "0.0000775" }
  expect(usage).toEqual({ ...sums, ...NO_PARTS, since })
  expect(await kubectlGet("teamquota", "quiet")).toEqual([
    "NAME PARENT TOKENS USD READY REASON PROGRAMMED SIDECARS AGE".split(" "),
    ["quiet", "", "16", "0.0000775", "True", "Ready", "1", "1", "AGE"],
  ])
})

test("kubectl apply of an AIRoute changes the backend that answers within a second", async () => {
  const fromStart: number[] = []
  const fromReturn: number[] = []
  const watch = watchBackend(shop)
  for (let round = 1; round <= APPLIES; round++) {
    const provider = round % 2 === 0 ? "alpha" : "beta"
    const route = JSON.stringify(makeRoute("shop/chat", provider, { models: ["smart"] }))
    const startedAt = performance.now()
    const applied = world
      .tryKubectl(["apply", "-f", "-"], route)
      .then((result) => ({ ...result, returnedAt: performance.now() }))
    const [{ code, returnedAt }, changedAt] = await Promise.all([
      applied,
      watch.changedTo(provider),
    ])
    expect(code).toBe(0)
    fromStart.push(changedAt - startedAt)
    fromReturn.push(changedAt - returnedAt)
  }
  const failed = await watch.stop()
  console.log(`from kubectl's start until the new backend answered, ms: ${describe(fromStart)}`)
  console.log(`from kubectl's return, ms (below 0: before it): ${describe(fromReturn)}`)
  expect(failed).toEqual([])
  expect(Math.max(...fromReturn)).toBeLessThan(IN_FORCE_WITHIN_MS)
})

test("kubectl get shows the route Ready, with its sidecars counted", async () => {
  const want = [
    ["NAME", "MODELS", "READY", "REASON", "PROGRAMMED", "SIDECARS", "AGE"],
    ["chat", '["smart"]', "True", "Ready", "1", "1", "AGE"],
  ]
  const deadline = { what: "the route to be programmed", withinMs: 60_000, everyMs: 100 }
  const seen = await waitUntil(deadline, async () => {
    const table = await kubectlGet("airoute", "chat", "-n", "shop")
    return table[1]?.[2] === "True" && table[1]?.[4] === "1" ? table : undefined
  })
  expect(seen).toEqual(want)
  const path =
    "{.metadata.generation} {range .status.conditions[*]}{.type}={.status} {.observedGeneration} {.message};{end}"
  const generation = APPLIES + 1
  const conditions = await world.kubectl(
    "-n",
    "shop",
    "get",
    "airoute",
    "chat",
    "-o",
    `jsonpath=${path}`,
  )
  expect(conditions).toBe(
    `${generation} Accepted=True ${generation} ;ResolvedRefs=True ${generation} ;` +
      `Programmed=True ${generation} 1/1 sidecars;Ready=True ${generation} in force;`,
  )
})

test("usage after a quiet time shows within 5 seconds, to the nano-dollar", async () => {
  const deadline = { what: "30 quiet seconds", withinMs: 60_000, everyMs: 200 }
  await waitUntil(deadline, () => (performance.now() - shownAt > QUIET_MS ? true : undefined))
  // 7 tokens at 0.0125, 4 from the cache at 0.0031, 5 out at 0.05 a million: 349.9 nano-dollars.
  const { tookMs, usage } = await usageAfter(() => chat(quiet, "tiny", { stream: true }))
  console.log(`usage in TeamQuota.status after a quiet time: ${tookMs} ms after the request`)
  const sums = { inputTokens: 22, outputTokens: 10, tokens: 32, usd: "0.00007785" }
  expect(usage).toEqual({ ...sums, ...NO_PARTS, cachedInputTokens: 4, since })
})

/** The month that is counted began then. */
const since = `${new Date().toISOString().slice(0, 7)}-01T00:00:00Z`

/** Sends one chat and waits until the team's status has changed; timed from before the request. */
async function usageAfter(
  send: () => Promise<ChatAnswer>,
): Promise<{ readonly tookMs: number; readonly usage: unknown }> {
  const read = (): Promise<string> =>
    world.kubectl("get", "teamquota", "quiet", "-o", "jsonpath={.status.usage}")
  const before = await read()
  const startedAt = performance.now()
  const { status, text } = await send()
  expect({ status, text }).toMatchObject({ status: 200 })
  const deadline = { what: "usage in the status", withinMs: USAGE_WITHIN_MS, everyMs: 50 }
  const after = await waitUntil(deadline, async () => {
    const usage = await read()
    return usage === before ? undefined : usage
  })
  shownAt = performance.now()
  return { tookMs: Math.round(shownAt - startedAt), usage: JSON.parse(after) }
}

interface BackendWatch {
  /** When the first answer of that provider came in. */
  readonly changedTo: (provider: string) => Promise<number>
  /** Resolves with the answers that were no success. */
  readonly stop: () => Promise<readonly ChatAnswer[]>
}

/** Chats one after the other, all the time. */
function watchBackend(sidecar: Sidecar): BackendWatch {
  const failed: ChatAnswer[] = []
  let last: { readonly provider: string | null; readonly at: number } | undefined
  let isOver = false
  const run = async (): Promise<void> => {
    while (!isOver) {
      const answer = await chat(sidecar, "smart")
      if (answer.status !== 200) failed.push(answer)
      else if (answer.provider !== last?.provider)
        last = { provider: answer.provider, at: performance.now() }
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
  }
  const running = run()
  return {
    changedTo: (provider) => {
      const deadline = { what: `an answer of ${provider}`, withinMs: 2 * IN_FORCE_WITHIN_MS }
      return waitUntil(deadline, () => (last?.provider === provider ? last.at : undefined))
    },
    stop: async () => {
      isOver = true
      await running
      return failed
    },
  }
}

/** The cells that `kubectl get` prints, empty ones too, with the age left out. */
async function kubectlGet(...args: readonly string[]): Promise<readonly (readonly string[])[]> {
  const lines = (await world.kubectl("get", ...args)).trimEnd().split("\n")
  const starts = [...(lines[0] ?? "").matchAll(/\S+/g)].map(({ index }) => index)
  return lines.map((line) =>
    starts.map((from, column) => {
      const cell = line.slice(from, starts[column + 1]).trim()
      return column === starts.length - 1 ? cell.replace(/^[\dms]+$/, "AGE") : cell
    }),
  )
}

function describe(values: readonly number[]): string {
  const sorted = values.map(Math.round).sort((a, b) => a - b)
  const median = sorted[Math.floor(sorted.length / 2)]
  return `median ${median}, lowest ${sorted[0]}, highest ${sorted.at(-1)} of ${sorted.length}`
}
