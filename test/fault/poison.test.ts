/**
 * One object of each kind that does what no object should, in the real operator on a real API
 * server: it is told so, and everybody else converges. S6 of the threat model.
 */
import { afterAll, beforeAll, expect, test } from "vitest"
import { waitUntil } from "#test/process/wait-until.ts"
import { chat } from "./chat.ts"
import { keyedBy, makeClusterObject, makeProvider, makeRoute } from "./objects.ts"
import { type Sidecar, startWorld, type World } from "./world.ts"

const BUGS = new URL("poison-bugs.ts", import.meta.url).href
const NOWHERE = {
  namespaces: {
    from: "Selector",
    selector: { matchLabels: { "kubernetes.io/metadata.name": "nowhere" } },
  },
}

let world: World
let sidecar: Sidecar

beforeAll(async () => {
  world = await startWorld({ operatorFlags: ["--import", BUGS] })
  await world.apply(makeProvider("alpha", world.upstream.endpoint("alpha")))
  await world.createNamespace("shop")
  await world.createNamespace("mallory")
  await world.apply(makeRoute("shop/chat", "alpha", { models: ["smart"] }))
  sidecar = await world.startSidecar(await world.createPod("shop", "api-0"))
})

afterAll(() => world.stop())

/** A change of somebody else's arrives. */
async function converges(model: string): Promise<void> {
  await world.apply(makeRoute(`shop/${model}`, "alpha", { models: [model] }))
  await waitUntil({ what: `model ${model} is served`, withinMs: 60_000 }, async () =>
    (await chat(sidecar, model)).status === 200 ? true : undefined,
  )
}

function accepted(...args: readonly string[]): Promise<string> {
  const line = '{.status.conditions[?(@.type=="Accepted")]'
  return world.kubectl("get", ...args, "-o", `jsonpath=${line}.status} ${line}.message}`)
}

const poisons: readonly { kind: string; object: object; args: readonly string[] }[] = [
  {
    kind: "AIRoute",
    object: makeRoute("mallory/bad", "alpha", { models: ["poison-throws"] }),
    args: ["airoute", "bad", "-n", "mallory"],
  },
  {
    kind: "AIProvider",
    object: makeProvider("bad", "http://127.0.0.1:9/v1", keyedBy("poison-throws")),
    args: ["aiprovider", "bad"],
  },
  {
    kind: "ModelPolicy",
    object: makeClusterObject("ModelPolicy", "bad", {
      targets: NOWHERE,
      models: { deny: [{ name: "all", models: ["poison-throws"] }] },
    }),
    args: ["modelpolicy", "bad"],
  },
  {
    kind: "TeamQuota",
    object: makeClusterObject("TeamQuota", "bad", { parent: "poison-throws" }),
    args: ["teamquota", "bad"],
  },
  {
    kind: "ModelCatalog",
    object: makeClusterObject("ModelCatalog", "bad", {
      models: [{ schema: "OpenAI", model: "poison-throws", prices: [{ input: "1", output: "1" }] }],
    }),
    args: ["modelcatalog", "bad"],
  },
]
test.each(poisons)("a $kind whose reading throws is told so, and others converge", async (row) => {
  await world.apply(row.object)
  await expect
    .poll(() => accepted(...row.args), { timeout: 60_000, interval: 100 })
    .toContain("False spec: a bug of the operator, please report it: a bug")
  await converges(`after-${row.kind.toLowerCase()}`)
})

/** As large as the schema and the API server allow: over a mebibyte. */
function hugeRoute(name: string): object {
  const value = "x".repeat(256)
  const headers = Array.from({ length: 8 }, (_, at) => ({ name: `h${at}`, value }))
  const matches = Array.from({ length: 8 }, () => ({ headers, workloadSelector: HUGE_SELECTOR }))
  const backends = [{ provider: "alpha", model: "gpt-4o" }]
  const rules = Array.from({ length: 16 }, (_, at) => ({ name: `r${at}`, matches, backends }))
  return makeRoute(`mallory/${name}`, "alpha", { models: [name], rules })
}

const HUGE_SELECTOR = {
  matchExpressions: Array.from({ length: 8 }, (_, at) => ({
    key: `k${at}`,
    operator: "In",
    values: Array.from({ length: 16 }, (_, value) => `${value}-${"v".repeat(40)}`),
  })),
}

test("objects as large as they may be hold nobody up, and beyond the limits they are refused", async () => {
  const routes = Array.from({ length: 17 }, (_, at) => hugeRoute(`huge-${at}`))
  const characters = routes.map((route) => JSON.stringify(route).length)
  for (const route of routes) {
    const { code, stderr } = await world.tryKubectl(["create", "-f", "-"], JSON.stringify(route))
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
  }
  console.log(`17 routes of ${characters[0]} characters each`)
  await converges("after-huge")
  await expect
    .poll(() => accepted("airoute", "huge-16", "-n", "mallory"), { timeout: 60_000, interval: 200 })
    .toMatch(/^False .*(a namespace may have 1000 routes|left unread)/)
})

test("one that ends the operator is left unread the fourth time, and others converge", async () => {
  await world.apply(makeRoute("mallory/end", "alpha", { models: ["poison-ends"] }))
  for (const start of [1, 2, 3]) {
    const { signal } = await world.operator.program().exited
    expect([start, signal]).toEqual([start, "SIGKILL"])
    expect((await chat(sidecar, "smart")).status).toBe(200)
    await world.operator.start()
  }
  await world.operator.waitUntilReady()
  await expect
    .poll(() => accepted("airoute", "end", "-n", "mallory"), { timeout: 60_000, interval: 200 })
    .toBe(
      "False spec: the operator ended 3 times while it read this; it is left unread until it changes",
    )
  await converges("after-end")
  // It is read again as soon as it says something else.
  await world.apply(makeRoute("mallory/end", "alpha", { models: ["harmless"] }))
  await expect
    .poll(() => accepted("airoute", "end", "-n", "mallory"), { timeout: 60_000, interval: 200 })
    .toBe("True ")
})
