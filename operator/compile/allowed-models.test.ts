import { expect, test } from "vitest"
import type { ModelAccess } from "#proxy/contract/access.ts"
import {
  type BackendConfig,
  type ProviderConfig,
  SNAPSHOT_SCHEMA_VERSION,
  type Snapshot,
} from "#proxy/contract/snapshot.ts"
import { allowedModels } from "./allowed-models.ts"

const provider = (name: string, part: Partial<ProviderConfig> = {}): ProviderConfig => ({
  name,
  schema: "Simulated",
  origin: "",
  pathPrefix: "",
  network: "Private",
  credential: "None",
  connectTimeoutMs: 1000,
  disabled: false,
  simulated: null,
  vendor: null,
  options: null,
  ...part,
})
const backend = (part: Partial<BackendConfig> = {}): BackendConfig => ({
  provider: "sim",
  model: null,
  weight: 1,
  priority: 0,
  problem: null,
  ...part,
})
const PROBLEM = {
  code: "upstream_failed",
  message: "AIProvider x is not ready: SecretNotFound",
} as const
const ALL: ModelAccess = { kind: "rules", deny: [], allow: [], otherwise: "Allow", decidedBy: [] }
const deny = (model: string): ModelAccess => ({
  ...ALL,
  deny: [{ policy: "org", name: "no", models: [model], providers: [] }],
})

/** One route for `smart`, `large-1` and `large-*`, with one rule of these backends. */
function snapshotOf(backends: readonly BackendConfig[], part: Partial<Snapshot> = {}): Snapshot {
  const timeouts = { requestMs: 1, firstTokenMs: 1, streamIdleMs: 1 }
  const retry = { attempts: 1, budgetPercent: 0, triggers: [] }
  const rule = { name: "all", matches: [], strategy: { type: "Weighted" } as const, backends }
  return {
    schemaVersion: SNAPSHOT_SCHEMA_VERSION,
    namespace: "search",
    team: { kind: "unassigned" },
    access: ALL,
    providers: { sim: provider("sim"), off: provider("off", { disabled: true }) },
    routes: [{ name: "search/chat", rules: [{ ...rule, retry, timeouts }] }],
    models: { exact: { smart: 0, "large-1": 0 }, prefixes: [{ prefix: "large-", route: 0 }] },
    prices: {},
    ...part,
  }
}

const EVERY = ["large-*", "large-1", "smart"]
const cases: readonly {
  readonly name: string
  readonly backends: readonly BackendConfig[]
  readonly part?: Partial<Snapshot>
  readonly want: readonly string[]
}[] = [
  { name: "everything routed", backends: [backend()], want: EVERY },
  {
    name: "what one backend may serve is enough",
    backends: [backend({ problem: PROBLEM }), backend()],
    want: EVERY,
  },
  {
    name: "nothing when every backend has a problem, is disabled or takes no traffic",
    backends: [
      backend({ problem: PROBLEM }),
      backend({ provider: "off" }),
      backend({ weight: 0 }),
      backend({ provider: "gone" }),
    ],
    want: [],
  },
  {
    name: "judged by the model that would serve",
    backends: [backend({ model: "large-9" })],
    part: { access: deny("large-*") },
    want: [],
  },
  {
    name: "judged by the name asked for when the backend has none",
    backends: [backend()],
    part: { access: deny("large-*") },
    want: ["smart"],
  },
  {
    name: "a pattern of which one name is denied stays",
    backends: [backend()],
    part: { access: deny("large-1") },
    want: ["large-*", "smart"],
  },
  {
    name: "nothing without a policy",
    backends: [backend()],
    part: { access: { kind: "none" } },
    want: [],
  },
  {
    name: "nothing for a team that is refused",
    backends: [backend()],
    part: {
      team: {
        kind: "refused",
        code: "team_unknown",
        name: "x",
        object: "Namespace search",
        field: null,
        message: "",
      },
    },
    want: [],
  },
]
test.each(cases)("$name", ({ backends, part = {}, want }) => {
  expect(allowedModels(snapshotOf(backends, part))).toEqual(want)
})
