/**
 * A sidecar of the release before, as it was built then, with today's operator: it is configured,
 * serves and is billed; what it cannot do fails closed with a reason, and harms nothing else.
 */
import { createHash, randomUUID } from "node:crypto"
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { gunzipSync } from "node:zlib"
import { afterAll, expect, test } from "vitest"
import { at, listAt, textAt } from "#operator/kube/json-path.ts"
import { createControlServer } from "#operator/publish/control-server.ts"
import { createPublisher } from "#operator/publish/create-publisher.ts"
import type { Publisher } from "#operator/publish/publisher.ts"
import { OLDER_SCHEMA_VERSION } from "#proxy/contract/older-snapshots.ts"
import type { PodIdentity } from "#proxy/contract/push.ts"
import type { ProviderConfig, RouteConfig, Snapshot } from "#proxy/contract/snapshot.ts"
import { writeCertificate } from "#test/process/certificate.ts"
import { freePorts, temporaryDirectory } from "#test/process/places.ts"
import { startProgram } from "#test/process/program.ts"
import { waitForHttp, waitUntil } from "#test/process/wait-until.ts"
import { chat } from "./chat.ts"
import { readLedger } from "./ledger.ts"
import { makeClusterObject, makeProvider, makeRoute } from "./objects.ts"
import { type Sidecar, startWorld } from "./world.ts"

const KEPT = join(import.meta.dirname, "kept")
const OLD = `sidegate-proxy-schema-${OLDER_SCHEMA_VERSION}.mjs.gz`
const closers: (() => Promise<unknown>)[] = []

afterAll(async () => {
  for (const close of closers.toReversed()) await close()
})

test("one sidecar is kept, and it is of the schema before today's", () => {
  expect(readdirSync(KEPT).filter((name) => name.endsWith(".gz"))).toEqual([OLD])
})

/** The answer once the route is in force: each may come with a Snapshot of its own. */
function known(sidecar: Sidecar, model: string): ReturnType<typeof chat> {
  return waitUntil({ what: `a route for ${model}`, withinMs: 60_000, everyMs: 50 }, async () => {
    const answer = await chat(sidecar, model)
    return answer.status === 404 ? undefined : answer
  })
}

test("it gets its configuration, serves, follows a change, and its usage is counted", async () => {
  const world = await startWorld()
  closers.push(() => world.stop())
  await world.createNamespace("shop", "shop")
  await world.apply(
    makeClusterObject("TeamQuota", "shop", { costCenter: "CC-1" }),
    makeProvider("alpha", world.upstream.endpoint("alpha")),
  )
  const older = await world.startSidecar(await world.createPod("shop", "older"), {
    bundle: keptBundle(),
  })
  const newer = await world.startSidecar(await world.createPod("shop", "newer"))
  await world.apply(
    makeRoute("shop/chat", "alpha", { models: ["smart"] }),
    makeRoute("shop/broken", "missing", { models: ["broken"] }),
  )
  const route = "/apis/sidegate.dev/v1alpha1/namespaces/shop/airoutes/chat"
  const programmed = (generation: number) =>
    waitUntil({ what: "both programmed", withinMs: 60_000, everyMs: 50 }, async () => {
      const object = await world.client.request({ method: "GET", path: route })
      const conditions = listAt(object, "status", "conditions")
      const found = conditions.find((one) => textAt(one, "type") === "Programmed")
      const said = `${at(found, "observedGeneration")}: ${textAt(found, "message")}`
      if (said === `${generation}: 2/2 sidecars`) return true
      throw new Error(`the status says ${said}`)
    })
  await programmed(1)
  // Written behind the acknowledgement.
  const held = { timeout: 60_000 }
  await expect.poll(() => schemaHeldBy(older.stateDir), held).toBe(OLDER_SCHEMA_VERSION)
  await expect.poll(() => schemaHeldBy(newer.stateDir), held).toBe(OLDER_SCHEMA_VERSION + 1)
  for (const [index, sidecar] of [older, newer, older].entries()) {
    const user = `user-${index}`
    expect(await chat(sidecar, "smart", { user, stream: index === 2 })).toMatchObject({
      status: 200,
      provider: "alpha",
    })
    const broken = await known(sidecar, "broken")
    expect(broken.status).toBe(502)
    expect(broken.text).toContain("AIProvider missing does not exist")
  }
  await world.apply(
    makeClusterObject("AIProvider", "claude", {
      schema: "Anthropic",
      endpoint: "http://127.0.0.1:9",
      network: "Private",
      credentials: { type: "None" },
      allowedNamespaces: { from: "All" },
    }),
    makeRoute("shop/claude", "claude", { models: ["claude"] }),
  )
  await waitUntil(
    { what: "the condition of the route", withinMs: 60_000, everyMs: 50 },
    async () => {
      const said = await world.kubectl("-n", "shop", "get", "airoute", "claude", "-o", PROGRAMMED)
      // The newer one may not have answered yet; its number follows within a minute.
      if (UNSUPPORTED.test(said)) return true
      throw new Error(`the status says ${said}`)
    },
  )
  const lacking = await known(older, "claude")
  expect(lacking.status).toBe(502)
  expect(lacking.text).toContain("AIProvider claude: schema Anthropic needs a newer sidecar")
  await world.apply(makeRoute("shop/chat", "alpha", { models: ["smart", "changed"] }))
  await programmed(2)
  const changed = await chat(older, "changed", { user: "user-3" })
  expect(changed.status).toBe(200)
  const rows = await waitUntil({ what: "four records", withinMs: 60_000, everyMs: 50 }, () => {
    const found = readLedger(`${world.operator.stateDir}/ledger.db`)
    return found.length === 4 ? found : undefined
  })
  expect(rows.map(({ user }) => user).sort()).toEqual(["user-0", "user-1", "user-2", "user-3"])
  expect(rows.every(({ outcome, source }) => outcome === "ok" && source === "reported")).toBe(true)
  const targets = { namespaces: { from: "All" } }
  const parameters = { maxOutputTokens: 4096 }
  await world.apply(makeClusterObject("ModelPolicy", "org", { targets, parameters }))
  await waitUntil(
    { what: "the condition of the policy", withinMs: 60_000, everyMs: 50 },
    async () => {
      const said = await world.kubectl("get", "modelpolicy", "org", "-o", PROGRAMMED)
      if (LIMIT_UNSUPPORTED.test(said)) return true
      throw new Error(`the status says ${said}`)
    },
  )
  const denied = await waitUntil({ what: "a denial", withinMs: 60_000, everyMs: 50 }, async () => {
    const answer = await chat(older, "smart")
    return answer.status === 200 ? undefined : answer
  })
  expect(denied.status).toBe(403)
  expect(denied.text).toContain("spec.parameters.maxOutputTokens needs a newer sidecar")
  expect((await chat(newer, "smart")).status).toBe(200)
})

const PROGRAMMED =
  'jsonpath={range .status.conditions[?(@.type=="Programmed")]}{.status} {.reason}: {.message}{end}'
const UNSUPPORTED = new RegExp(
  "^False FeatureUnsupported: [01]/2 sidecars; " +
    "not known to the release of shop/older: schema Anthropic; restart these pods$",
)

const LIMIT_UNSUPPORTED = new RegExp(
  "^False FeatureUnsupported: [01]/2 sidecars; not known to the release of " +
    "shop/older: spec.parameters.maxOutputTokens; restart these pods$",
)

const IDENTITY: PodIdentity = {
  namespace: "shop",
  pod: "older",
  podUid: "uid-older",
  application: "api",
  labels: {},
}

test("a provider that it does not know fails closed with that reason, and the rest serves", async () => {
  const { publisher, url, caFile } = await startBareOperator()
  publisher.publish("shop", skewedSnapshot())
  const sidecar = await startKept(url, caFile)
  await waitUntil({ what: "an acknowledgement", withinMs: 60_000 }, () => {
    const [state] = publisher.sidecars("shop")
    return state !== undefined && state.heldHash !== null ? true : undefined
  })
  expect(publisher.sidecars("shop")).toMatchObject([
    {
      nack: null,
      pendingSinceMs: null,
      release: "0.1.0",
      withheld: [
        { object: "AIProvider later", feature: "schema Anthropic" },
        { object: "AIRoute shop/later", feature: "schema Anthropic" },
        { object: "AIRoute shop/mixed", feature: "schema Anthropic" },
      ],
    },
  ])
  const refused = await chat(sidecar, "later")
  expect(refused.status).toBe(502)
  expect(refused.text).toContain("AIProvider later: schema Anthropic needs a newer sidecar")
  for (const model of ["known", "mixed"]) {
    expect(await chat(sidecar, model)).toMatchObject({ status: 200, provider: "known" })
  }
})

test("a limit that it does not know refuses everything there, and is told of its policy", async () => {
  const { publisher, url, caFile } = await startBareOperator()
  const maxOutputTokens = { tokens: 4096, policy: "org-baseline" }
  publisher.publish("shop", { ...skewedSnapshot(), parameters: { maxOutputTokens } })
  const sidecar = await startKept(url, caFile)
  const refused = await chat(sidecar, "known")
  expect(refused.status).toBe(403)
  expect(refused.text).toContain("policy_invalid")
  expect(refused.text).toContain("spec.parameters.maxOutputTokens needs a newer sidecar")
  const feature = "spec.parameters.maxOutputTokens"
  expect(publisher.sidecars("shop")[0]?.withheld).toContainEqual({
    object: "ModelPolicy org-baseline",
    feature,
  })
  publisher.publish("shop", skewedSnapshot())
  await waitUntil({ what: "an answer once the limit is gone", withinMs: 60_000 }, async () =>
    (await chat(sidecar, "known")).status === 200 ? true : undefined,
  )
})

function keptBundle(): string {
  const path = join(temporaryDirectory("kept"), "main.mjs")
  writeFileSync(path, gunzipSync(readFileSync(join(KEPT, OLD))))
  return path
}

function schemaHeldBy(stateDir: string): unknown {
  const held: unknown = JSON.parse(readFileSync(join(stateDir, "last-good.json"), "utf8"))
  return at(held, "push", "snapshot", "schemaVersion")
}

/** The publisher and its port, without compiler: it publishes what no kind can say yet. */
async function startBareOperator() {
  const directory = temporaryDirectory("operator")
  const { cert, key, certificateFile } = await writeCertificate(directory)
  const publisher: Publisher = createPublisher({
    now: Date.now,
    digest: (text) => createHash("sha256").update(text).digest("hex"),
    nextSessionId: randomUUID,
    onHigherTerm: (term) => publisher.lead(term + 1),
  })
  publisher.lead(1)
  const server = createControlServer({
    tls: { cert, key },
    publisher,
    authenticator: {
      authenticate: async () => ({ kind: "pod", identity: IDENTITY, untilMs: Infinity }),
    },
    usage: async () => ({ kind: "acknowledged", answer: { acknowledged: 0 } }),
    now: Date.now,
    draw: Math.random,
    report: () => undefined,
  })
  const port = await server.listen(0, "127.0.0.1")
  closers.push(() => server.close())
  return { publisher, url: `https://127.0.0.1:${port}`, caFile: certificateFile }
}

async function startKept(url: string, caFile: string): Promise<{ readonly url: string }> {
  const [port = 0, opsPort = 0] = await freePorts(2)
  const tokenFile = join(temporaryDirectory("token"), "token")
  writeFileSync(tokenFile, "any")
  const program = await startProgram({
    name: "kept sidecar",
    args: [keptBundle()],
    env: {
      SIDEGATE_OPERATOR_URL: url,
      SIDEGATE_OPERATOR_CA_FILE: caFile,
      SIDEGATE_TOKEN_FILE: tokenFile,
      SIDEGATE_STATE_DIR: temporaryDirectory("state"),
      SIDEGATE_JOURNAL_DIR: temporaryDirectory("journal"),
      SIDEGATE_PORT: String(port),
      SIDEGATE_OPS_PORT: String(opsPort),
    },
  })
  closers.push(() => program.stop())
  await waitForHttp(`http://127.0.0.1:${opsPort}/readyz`, 200, 60_000)
  return { url: `http://127.0.0.1:${port}` }
}

function skewedSnapshot(): Snapshot {
  const provider = {
    pathPrefix: "/v1",
    vendor: null,
    options: null,
    network: "Public",
    credential: "None",
    connectTimeoutMs: 1000,
    disabled: false,
  } as const
  const known: ProviderConfig = {
    ...provider,
    name: "known",
    schema: "Simulated",
    origin: "",
    simulated: {
      latencyMs: 0,
      tokenIntervalMs: 0,
      outputTokens: 4,
      errorPercent: 0,
      fault: "ServerError",
    },
  }
  const later: ProviderConfig = {
    ...provider,
    name: "later",
    schema: "Anthropic",
    origin: "https://later.example",
    simulated: null,
  }
  return {
    schemaVersion: 2,
    namespace: "shop",
    team: { kind: "unassigned" },
    access: { kind: "rules", deny: [], allow: [], otherwise: "Allow", decidedBy: [] },
    providers: { known, later },
    routes: [
      routeTo("known", ["known"]),
      routeTo("later", ["later"]),
      routeTo("mixed", ["later", "known"]),
    ],
    models: { exact: { known: 0, later: 1, mixed: 2 }, prefixes: [] },
    prices: {},
  }
}

function routeTo(name: string, providers: readonly string[]): RouteConfig {
  const backends = providers.map((provider) => ({
    provider,
    model: "m",
    weight: 1,
    priority: 0,
    problem: null,
  }))
  const rule = {
    name: "default",
    matches: [],
    strategy: { type: "Weighted" },
    backends,
    retry: { attempts: 1, budgetPercent: 0, triggers: [] },
    timeouts: { requestMs: 5000, firstTokenMs: 5000, streamIdleMs: 5000 },
  } as const
  return { name: `shop/${name}`, rules: [rule] }
}
