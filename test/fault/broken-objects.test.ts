/** What people are told of objects that are wrong, and that nobody else notices them. */
import { readFileSync } from "node:fs"
import { afterAll, beforeAll, expect, test } from "vitest"
import { parse } from "yaml"
import { applyCrds } from "#test/control-plane/namespaces.ts"
import { type ChatAnswer, chat } from "./chat.ts"
import {
  type Fields,
  keyedBy,
  makeClusterObject,
  makeKey,
  makeProvider,
  makeRoute,
} from "./objects.ts"
import { type Sidecar, startWorld, type World } from "./world.ts"

let world: World
let shop: Sidecar
let bank: Sidecar
let guarded: Sidecar
let bystanders: Bystanders

beforeAll(async () => {
  world = await startWorld()
  await world.apply(
    makeClusterObject("TeamQuota", "shop", { costCenter: "CC-1" }),
    makeKey("alpha-key", "key-of-alpha"),
    makeProvider("alpha", world.upstream.endpoint("alpha"), keyedBy("alpha-key")),
  )
  await world.createNamespace("shop", "shop")
  await world.createNamespace("bank", "shop")
  await world.createNamespace("guarded", "shop")
  // The oldest of its namespace; creation times have whole seconds, so a name decides between two.
  await world.apply(makeRoute("shop/chat", "alpha", { models: ["smart", "gpt-4*"] }))
  await world.apply(makeRoute("bank/chat", "alpha", { models: ["smart"] }))
  await world.apply(makeRoute("guarded/chat", "alpha", { models: ["smart"] }))
  shop = await world.startSidecar(await world.createPod("shop", "api-0"))
  bank = await world.startSidecar(await world.createPod("bank", "api-0"))
  bystanders = watchBystanders([shop, bank])
})

afterAll(async () => {
  await bystanders.stop()
  await world.stop()
})

/** What `kubectl apply` of one object printed, and its exit code. */
async function apply(object: object) {
  const { code, stdout, stderr } = await world.tryKubectl(
    ["apply", "-f", "-"],
    JSON.stringify(object),
  )
  return { code, stdout, stderr }
}

const refusedByAdmission = [
  {
    name: "a model pattern whose * is not last",
    object: makeRoute("shop/pattern", "alpha", { models: ["gpt-*-mini"] }),
    stderr: `The AIRoute "pattern" is invalid: spec.models[0]: Invalid value: "gpt-*-mini": '*' may only be the last character, as in gpt-4*\n`,
  },
  {
    name: "such a pattern in a route that is in force",
    object: makeRoute("shop/chat", "alpha", { models: ["smart", "*-mini"] }),
    stderr: `The AIRoute "chat" is invalid: spec.models[1]: Invalid value: "*-mini": '*' may only be the last character, as in gpt-4*\n`,
  },
  {
    name: "an unknown field",
    object: makeRoute("shop/unknown", "alpha", { models: ["unknown"], model: "gpt-4o" }),
    stderr: `Error from server (BadRequest): error when creating "STDIN": AIRoute in version "v1alpha1" cannot be handled as a AIRoute: strict decoding error: unknown field "spec.model"\n`,
  },
] as const
test.each(refusedByAdmission)("$name is refused by kubectl apply", async ({ object, stderr }) => {
  expect(await apply(object)).toEqual({ code: 1, stdout: "", stderr })
})

const NO_SIDECARS = "Programmed=True NoSidecars: no sidecar in scope is connected"

const providers: readonly {
  readonly name: string
  readonly provider: string
  readonly spec: Fields
  /** Reason and message of ResolvedRefs. */
  readonly says: string
}[] = [
  {
    name: "a provider whose Secret is missing",
    provider: "no-secret",
    spec: keyedBy("nowhere"),
    says: "SecretNotFound: spec.credentials.secret.name: there is no Secret nowhere in the credentials namespace",
  },
  {
    name: "a provider whose Secret has no such key",
    provider: "no-key",
    spec: keyedBy("alpha-key", "token"),
    says: "SecretKeyNotFound: spec.credentials.secret.key: Secret alpha-key has no key token; it has api-key",
  },
  {
    name: "a provider whose Secret is of another type",
    provider: "wrong-type",
    spec: keyedBy("opaque-key"),
    says: "SecretTypeNotAllowed: Secret opaque-key has type Opaque, not sidegate.dev/provider-credential: create it anew with that type",
  },
  {
    name: "a provider at a host that its Secret does not allow",
    provider: "wrong-host",
    spec: { ...keyedBy("alpha-key"), endpoint: "http://models.example.internal:8000/v1" },
    says: "HostNotPermitted: the annotation sidegate.dev/allowed-hosts of Secret alpha-key does not name models.example.internal:8000",
  },
]
test.each(providers)("$name says so, and so do its routes", async ({ provider, spec, says }) => {
  await world.apply(
    makeKey("opaque-key", "key-of-opaque", { type: "Opaque" }),
    makeProvider(provider, world.upstream.endpoint("beta"), spec),
    makeRoute(`shop/${provider}`, provider, { models: [provider] }),
  )
  await settles(
    () => conditions("aiprovider", provider),
    [
      "Accepted=True Accepted: ",
      `ResolvedRefs=False ${says}`,
      NO_SIDECARS,
      `Ready=False ${says.replace(": ", ": ResolvedRefs: ")}`,
    ],
  )
  const [reason] = says.split(":")
  const cause = `AIProvider ${provider} is not ready: ${reason}`
  const why = `spec.rules[default].backends[0]: ${cause}; no backend is left`
  await settles(
    () => conditions("airoute", provider, "-n", "shop"),
    [
      "Accepted=True Accepted: ",
      `ResolvedRefs=False ProviderNotReady: ${why}`,
      "Programmed=True Programmed: 1/1 sidecars",
      `Ready=False ProviderNotReady: ResolvedRefs: ${why}`,
    ],
  )
  expect(await chat(shop, provider)).toEqual(cannotServe(provider, cause))
})

test("a route to a missing provider says so", async () => {
  await world.apply(makeRoute("shop/missing", "nobody", { models: ["missing"] }))
  const why =
    "spec.rules[default].backends[0]: AIProvider nobody does not exist; no backend is left"
  await settles(
    () => conditions("airoute", "missing", "-n", "shop"),
    [
      "Accepted=True Accepted: ",
      `ResolvedRefs=False BackendNotFound: ${why}`,
      "Programmed=True Programmed: 1/1 sidecars",
      `Ready=False BackendNotFound: ResolvedRefs: ${why}`,
    ],
  )
  expect(await chat(shop, "missing")).toEqual(
    cannotServe("missing", "AIProvider nobody does not exist"),
  )
})

test("a route with one missing provider of two says so, and the other serves", async () => {
  const backends = [{ provider: "nobody" }, { provider: "alpha" }]
  await world.apply(
    makeRoute("shop/half", "", { models: ["half"], rules: [{ name: "default", backends }] }),
  )
  const why =
    "spec.rules[default].backends[0]: AIProvider nobody does not exist; the other backends serve"
  await settles(
    () => conditions("airoute", "half", "-n", "shop"),
    [
      "Accepted=True Accepted: ",
      `ResolvedRefs=False BackendNotFound: ${why}`,
      "Programmed=True Programmed: 1/1 sidecars",
      `Ready=False BackendNotFound: ResolvedRefs: ${why}`,
    ],
  )
  for (let round = 0; round < 20; round++) {
    expect(await chat(shop, "half")).toMatchObject({ status: 200, provider: "alpha" })
  }
})

test("of two routes with the same model the later one is told who came first", async () => {
  await world.apply(makeRoute("shop/late", "alpha", { models: ["late", "smart"] }))
  const why =
    'AIRoute shop/chat, which came first, already serves model "smart"; this route is wholly out of force until the model is removed here or there'
  await settles(
    () => conditions("airoute", "late", "-n", "shop"),
    [
      `Accepted=False Conflicted: ${why}`,
      "ResolvedRefs=True ResolvedRefs: ",
      "Programmed=Unknown NotAccepted: not in force: the object is not accepted",
      `Ready=False Conflicted: Accepted: ${why}`,
    ],
  )
  expect(await chat(shop, "late")).toMatchObject({
    status: 404,
    text: refusal(
      'no AIRoute names model "late"; models here: half, smart',
      ["invalid_request_error", "model_not_found"],
      "model",
    ),
  })
})

test("kubectl get shows at a glance what is wrong", async () => {
  const table = await world.kubectl("get", "airoutes,aiproviders", "-A")
  const lines = table.trimEnd().split("\n")
  const shown = lines.map((line) =>
    line
      .trim()
      .replace(/ +/g, " ")
      .replace(/ [0-9ms]+$/, " -"),
  )
  expect(shown.join("\n")).toBe(GLANCE.trimEnd())
})

/** Without ages, and with one space for many. */
const GLANCE = `NAMESPACE NAME MODELS READY REASON PROGRAMMED SIDECARS AGE
bank airoute.sidegate.dev/chat ["smart"] True Ready 1 1 -
guarded airoute.sidegate.dev/chat ["smart"] True Ready 0 0 -
shop airoute.sidegate.dev/chat ["smart","gpt-4*"] True Ready 1 1 -
shop airoute.sidegate.dev/half ["half"] False BackendNotFound 1 1 -
shop airoute.sidegate.dev/late ["late","smart"] False Conflicted 0 0 -
shop airoute.sidegate.dev/missing ["missing"] False BackendNotFound 1 1 -
shop airoute.sidegate.dev/no-key ["no-key"] False ProviderNotReady 1 1 -
shop airoute.sidegate.dev/no-secret ["no-secret"] False ProviderNotReady 1 1 -
shop airoute.sidegate.dev/wrong-host ["wrong-host"] False ProviderNotReady 1 1 -
shop airoute.sidegate.dev/wrong-type ["wrong-type"] False ProviderNotReady 1 1 -

NAMESPACE NAME SCHEMA DISABLED READY REASON PROGRAMMED SIDECARS AGE
aiprovider.sidegate.dev/alpha OpenAI True Ready 1 1 -
aiprovider.sidegate.dev/no-key OpenAI False SecretKeyNotFound 0 0 -
aiprovider.sidegate.dev/no-secret OpenAI False SecretNotFound 0 0 -
aiprovider.sidegate.dev/wrong-host OpenAI False HostNotPermitted 0 0 -
aiprovider.sidegate.dev/wrong-type OpenAI False SecretTypeNotAllowed 0 0 -
`

const POLICY = makeClusterObject("ModelPolicy", "no-previews", {
  targets: {
    namespaces: {
      from: "Selector",
      selector: { matchLabels: { "kubernetes.io/metadata.name": "guarded" } },
    },
  },
  models: { deny: [{ name: "previews", models: ["*-preview", "gpt 4"] }] },
})

test("a policy that is broken past admission denies what it selects, and says why", async () => {
  await applyPastAdmission(POLICY)
  // Connected only now, so that the status is written under the real definition too.
  guarded = await world.startSidecar(await world.createPod("guarded", "api-0"))
  const fault = "should match '^[A-Za-z0-9._:/@+*-]+$'"
  const field = "spec.models.deny[0].models[1]"
  await settles(() => chat(guarded, "smart"), {
    status: 403,
    provider: null,
    text: refusal(
      `ModelPolicy no-previews is broken and denies what it selects: ${field} ${fault}`,
      ["permission_error", "policy_invalid"],
    ),
  })
  const why = `${field}: ${fault}; until this is mended, every model request of those it selects is refused`
  await settles(
    () => conditions("modelpolicy", "no-previews"),
    [
      `Accepted=False Invalid: ${why}`,
      "ResolvedRefs=Unknown NotAccepted: references are looked at once the object is accepted",
      "Programmed=True Programmed: 1/1 sidecars",
      `Ready=False Invalid: Accepted: ${why}`,
    ],
  )
})

test("the mended policy denies what it names and nothing else", async () => {
  const mended = makeClusterObject("ModelPolicy", "no-previews", {
    targets: { namespaces: { from: "All" } },
    models: { deny: [{ name: "previews", models: ["*-preview"] }] },
  })
  expect(await apply(mended)).toMatchObject({ code: 0 })
  const backends = [{ provider: "alpha", model: "gpt-5-preview" }]
  const rules = [{ name: "default", backends }]
  await world.apply(makeRoute("guarded/next", "", { models: ["next"], rules }))
  await settles(() => chat(guarded, "next"), {
    status: 403,
    provider: null,
    text: refusal(
      'model "gpt-5-preview" of provider alpha is denied by ModelPolicy no-previews, rule previews',
      ["permission_error", "model_denied"],
      "model",
    ),
  })
  await settles(async () => (await chat(guarded, "smart")).status, 200)
})

test("every sound route answered all the while", async () => {
  const { answered, failed } = await bystanders.stop()
  console.log(`chats of sound routes meanwhile: ${answered}`)
  expect(failed).toEqual([])
  expect(answered).toBeGreaterThan(100)
})

test("a policy whose selector is what is broken denies everywhere, until it is gone", async () => {
  await applyPastAdmission(
    makeClusterObject("ModelPolicy", "lost", { targets: { namespaces: { from: "Everywhere" } } }),
  )
  const message = `ModelPolicy lost is broken and denies what it selects: spec.targets.namespaces.from must be one of All, Selector`
  const denied = {
    status: 403,
    provider: null,
    text: refusal(message, ["permission_error", "policy_invalid"]),
  }
  for (const sidecar of [shop, bank, guarded]) await settles(() => chat(sidecar, "smart"), denied)
  await world.kubectl("delete", "modelpolicy", "lost")
  for (const sidecar of [shop, bank, guarded])
    await settles(async () => (await chat(sidecar, "smart")).status, 200)
})

/**
 * Creates it while the CRD has no schema, as an object from before an upgrade would be there,
 * and puts the real CRDs back.
 */
async function applyPastAdmission(object: object): Promise<void> {
  const file = new URL("../../crds/modelpolicies.yaml", import.meta.url)
  const definition: unknown = parse(readFileSync(file, "utf8"), (key: unknown, value: unknown) =>
    key === "openAPIV3Schema"
      ? { type: "object", "x-kubernetes-preserve-unknown-fields": true }
      : value,
  )
  const args = ["apply", "--server-side", "--force-conflicts", "-f", "-"]
  const { code, stderr } = await world.tryKubectl(args, JSON.stringify(definition))
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
  await settles(async () => (await apply(object)).code, 0)
  await applyCrds(world.controlPlane)
}

/** Looks until it is `want`; the difference is shown when it does not become so. */
async function settles<T>(look: () => Promise<T>, want: T): Promise<void> {
  await expect.poll(look, { timeout: 60_000, interval: 50 }).toEqual(want)
}

/** All conditions of an object, as `type=status reason: message`. */
async function conditions(
  kind: string,
  name: string,
  ...args: readonly string[]
): Promise<readonly string[]> {
  const line = "{.type}={.status} {.reason}: {.message}"
  const path = `jsonpath={range .status.conditions[*]}${line}{"\\n"}{end}`
  return (await world.kubectl("get", kind, name, ...args, "-o", path)).split("\n").slice(0, -1)
}

function cannotServe(route: string, why: string): ChatAnswer {
  const message = `no backend of AIRoute shop/${route}, rule default, can serve: ${why}`
  return {
    status: 502,
    provider: null,
    text: refusal(message, ["server_error", "upstream_failed"]),
  }
}

function refusal(
  message: string,
  [type, code]: readonly [string, string],
  param: string | null = null,
): string {
  return JSON.stringify({ error: { message, type, param, code } })
}

interface Bystanders {
  /** Resolves with how many chats there were, and those that were no success. */
  readonly stop: () => Promise<{
    readonly answered: number
    readonly failed: readonly ChatAnswer[]
  }>
}

function notReached(error: unknown): ChatAnswer {
  return { status: 0, provider: null, text: String(error) }
}

/** Chats of sound routes, one after the other on each sidecar, all the time. */
function watchBystanders(sidecars: readonly Sidecar[]): Bystanders {
  const failed: ChatAnswer[] = []
  let answered = 0
  let isOver = false
  const run = async (sidecar: Sidecar): Promise<void> => {
    while (!isOver) {
      const answer = await chat(sidecar, "smart").catch(notReached)
      if (answer.status === 200 && answer.provider === "alpha") answered++
      else failed.push(answer)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
  const running = sidecars.map(run)
  return {
    stop: async () => {
      isOver = true
      await Promise.all(running)
      return { answered, failed }
    },
  }
}
