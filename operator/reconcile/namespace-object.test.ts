import { describe, expect, test } from "vitest"
import type { CompiledNamespace } from "#operator/compile/compiled.ts"
import type { NamespaceFacts, PodFacts } from "#operator/index/view.ts"
import type { ModelAccess } from "#proxy/contract/access.ts"
import {
  SNAPSHOT_SCHEMA_VERSION,
  type Snapshot,
  type TeamVerdict,
} from "#proxy/contract/snapshot.ts"
import { makeObject } from "./make.test-data.ts"
import { describeNamespace, judgeNamespace, wishFor } from "./namespace-object.ts"

const OPERATOR = "sidegate-system"
const ENABLED = { "sidegate.dev/injection": "enabled" }
const OPT_IN = { "sidegate.dev/injection": "opt-in" }
const ANY: ModelAccess = {
  kind: "rules",
  deny: [],
  allow: [],
  otherwise: "Allow",
  decidedBy: [],
}
const object = makeObject({ kind: "AINamespace", name: "default", uid: "uid-ain", spec: undefined })

function makeNamespace(
  labels: Readonly<Record<string, string>>,
  part: Partial<NamespaceFacts> = {},
): NamespaceFacts {
  return { name: "search", labels, annotations: {}, isTerminating: false, ...part }
}

function makePod(pod: string, part: Partial<PodFacts> = {}): PodFacts {
  return {
    namespace: "search",
    pod,
    podUid: `uid-${pod}`,
    application: "api",
    labels: {},
    hasSidecar: false,
    isTerminating: false,
    isRunning: true,
    isFinished: false,
    isSkipped: false,
    ...part,
  }
}

function makeCompiled(part: Partial<Snapshot> = {}, policies: readonly string[] = []) {
  const snapshot: Snapshot = {
    schemaVersion: SNAPSHOT_SCHEMA_VERSION,
    namespace: "search",
    team: { kind: "unassigned" },
    access: ANY,
    providers: {},
    routes: [],
    models: { exact: {}, prefixes: [] },
    prices: {},
    ...part,
  }
  const sources = policies.map((name) => makeObject({ kind: "ModelPolicy", namespace: "", name }))
  return { snapshot, verdicts: [], sources, credentials: [] } satisfies CompiledNamespace
}

describe("there is an AINamespace", () => {
  const shared = makeObject({ namespace: OPERATOR, spec: { namespaces: { from: "All" } } })
  const injected = makePod("a", { hasSidecar: true })
  const cases = [
    { name: "where all pods are injected", labels: ENABLED, want: "create" },
    { name: "where pods opt in", labels: OPT_IN, want: "create" },
    { name: "where there is a route", routes: [makeObject()], want: "create" },
    { name: "where a pod has a sidecar", pods: [injected], want: "create" },
    { name: "once: it stays as it is", labels: ENABLED, object, want: "keep" },
    { name: "no longer where none of it holds", pods: [makePod("a")], object, want: "delete" },
    { name: "nowhere else", pods: [makePod("a")], want: "keep" },
    {
      name: "not for routes that serve other namespaces only",
      namespace: OPERATOR,
      routes: [shared],
      want: "keep",
    },
    {
      name: "never made where the namespace ends",
      labels: ENABLED,
      isTerminating: true,
      want: "keep",
    },
    { name: "never removed where the namespace ends", object, isTerminating: true, want: "keep" },
  ] as const
  test.each(cases)("$name", (row) => {
    const { labels = {}, routes = [], pods = [], isTerminating = false } = Object(row)
    const namespace = makeNamespace(labels, {
      isTerminating,
      name: "namespace" in row ? row.namespace : "search",
    })
    const held = "object" in row ? row.object : undefined
    const wish = wishFor({ namespace, routes }, pods, held, OPERATOR)
    const want = row.want === "delete" ? { kind: "delete", uid: "uid-ain" } : { kind: row.want }
    expect(wish).toEqual(want)
  })
})

const refused = (
  code: Extract<TeamVerdict, { kind: "refused" }>["code"],
  name = "search",
): TeamVerdict => ({
  kind: "refused",
  code,
  name,
  object: "TeamQuota search",
  field: null,
  message: "it is so",
})

describe("conditions", () => {
  const cases: readonly {
    readonly name: string
    readonly labels?: Readonly<Record<string, string>>
    readonly part?: Partial<Snapshot>
    readonly want: readonly [string, string]
    readonly words?: string
  }[] = [
    { name: "all well", want: ["True Accepted", "True ResolvedRefs"] },
    {
      name: "not injected",
      labels: { "sidegate.dev/injection": "yes" },
      want: ["False NotInjected", "True ResolvedRefs"],
      words: "sidegate.dev/injection",
    },
    {
      name: "no policy where one is needed",
      part: { access: { kind: "none" } },
      want: ["False NoPolicy", "True ResolvedRefs"],
      words: "403 no_policy",
    },
    {
      name: "a broken policy",
      part: { access: { kind: "invalid", policy: "org", field: "spec.mode", message: "no" } },
      want: ["False PolicyInvalid", "True ResolvedRefs"],
      words: "ModelPolicy org is broken at spec.mode: no (403 policy_invalid)",
    },
    {
      name: "no team where one is needed",
      part: { team: refused("team_unassigned", "") },
      want: ["False TeamRequired", "True ResolvedRefs"],
      words: "403 team_unassigned",
    },
    {
      name: "a team that there is not",
      part: { team: refused("team_unknown") },
      want: ["True Accepted", "False TeamNotFound"],
      words: "it is so (403 team_unknown)",
    },
    {
      name: "a team that is broken",
      part: { team: refused("policy_invalid") },
      want: ["True Accepted", "False TeamInvalid"],
      words: "403 policy_invalid",
    },
  ]
  test.each(cases)("$name", ({ labels = ENABLED, part = {}, want, words = "" }) => {
    const { snapshot } = makeCompiled(part)
    const { accepted, resolvedRefs } = judgeNamespace(object, makeNamespace(labels), snapshot)
    const found = [accepted, resolvedRefs].map(({ status, reason }) => `${status} ${reason}`)
    expect(found).toEqual(want)
    expect(`${accepted.message} ${resolvedRefs.message}`).toContain(words)
  })
})

describe("a pod counts as", () => {
  const label = (value: string) => ({ labels: { "sidegate.dev/inject": value } })
  const cases: readonly {
    readonly name: string
    readonly pod: Partial<PodFacts>
    readonly namespace?: Readonly<Record<string, string>>
    readonly want: "injected" | "uninjected" | "bypassing" | "nothing"
  }[] = [
    { name: "injected, with the sidecar", pod: { hasSidecar: true }, want: "injected" },
    {
      name: "injected, with the sidecar of a namespace that is injected no longer",
      pod: { hasSidecar: true },
      namespace: {},
      want: "injected",
    },
    { name: "uninjected, without it", pod: {}, want: "uninjected" },
    { name: "uninjected, when it asked", pod: label("true"), want: "uninjected" },
    {
      name: "uninjected, when it opted in",
      pod: label("true"),
      namespace: OPT_IN,
      want: "uninjected",
    },
    { name: "nothing, when it did not opt in", pod: {}, namespace: OPT_IN, want: "nothing" },
    { name: "bypassing, when it opted out", pod: label("false"), want: "bypassing" },
    {
      name: "bypassing, when it opted out of what is to be asked for",
      pod: label("false"),
      namespace: OPT_IN,
      want: "bypassing",
    },
    { name: "bypassing, with a label of no sense", pod: label("yes"), want: "bypassing" },
    { name: "bypassing, when the webhook says why", pod: { isSkipped: true }, want: "bypassing" },
    { name: "nothing, before it runs", pod: { isRunning: false }, want: "nothing" },
    { name: "nothing, when it ends", pod: { isTerminating: true }, want: "nothing" },
    { name: "nothing, where nobody injects", pod: label("false"), namespace: {}, want: "nothing" },
  ]
  test.each(cases)("$name", ({ pod, namespace = ENABLED, want }) => {
    const pods = [makePod("a", pod)]
    const found = describeNamespace(makeNamespace(namespace), makeCompiled(), pods).pods
    const one = (sort: string) => (want === sort ? { total: 1, names: ["a"] } : NONE)
    expect(found).toEqual({
      injected: want === "injected" ? 1 : 0,
      uninjected: one("uninjected"),
      bypassing: one("bypassing"),
    })
  })
  const NONE = { total: 0, names: [] }
  test("one of a number, of which ten are named", () => {
    const pods = Array.from({ length: 12 }, (_, index) => makePod(`p${100 + index}`))
    const { uninjected } =
      describeNamespace(makeNamespace(ENABLED), makeCompiled(), pods).pods ?? {}
    expect(uninjected?.total).toBe(12)
    expect(uninjected?.names).toEqual(pods.slice(0, 10).map(({ pod }) => pod))
  })
})

describe("the details", () => {
  test("name team, policies and injection", () => {
    const team = { kind: "team", name: "search", costCenter: "CC-1", ancestors: [] } as const
    const compiled = makeCompiled({ team }, ["base", "org"])
    expect(describeNamespace(makeNamespace(OPT_IN), compiled, [])).toEqual({
      injection: "OptIn",
      team: { name: "search", costCenter: "CC-1" },
      models: { total: 0, names: [] },
      policies: { total: 2, names: ["base", "org"] },
      pods: {
        injected: 0,
        uninjected: { total: 0, names: [] },
        bypassing: { total: 0, names: [] },
      },
    })
  })
  const teams = [
    { name: "no label", team: { kind: "unassigned" }, want: { name: "unassigned" } },
    {
      name: "no label, refused",
      team: refused("team_unassigned", ""),
      want: { name: "unassigned" },
    },
    { name: "an unknown team", team: refused("team_unknown", "x"), want: { name: "x" } },
    {
      name: "no cost center",
      team: { kind: "team", name: "a", costCenter: null, ancestors: [] },
      want: { name: "a" },
    },
  ] as const
  test.each(teams)("team: $name", ({ team, want }) => {
    const found = describeNamespace(makeNamespace(ENABLED), makeCompiled({ team }), [])
    expect(found.team).toEqual(want)
  })
})
