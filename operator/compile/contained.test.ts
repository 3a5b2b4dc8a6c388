/** An object that makes the compiler fail is told so, and everything else is compiled. */
import { expect, test } from "vitest"
import type { ConfigKind } from "#operator/index/entry.ts"
import type { ConfigObject } from "#operator/index/view.ts"
import { compileWorld, readWorld, type World } from "#test/golden/compile/world.ts"

const SOUND = `
kind: Namespace
metadata: {name: app, labels: {sidegate.dev/team: search}}
---
kind: Namespace
metadata: {name: other, labels: {sidegate.dev/team: poison}}
---
kind: TeamQuota
metadata: {name: search}
spec: {costCenter: CC-1}
---
kind: AIProvider
metadata: {name: sim}
spec: {schema: Simulated, allowedNamespaces: {from: All}}
---
kind: ModelPolicy
metadata: {name: baseline}
spec: {targets: {namespaces: {from: All}}, models: {deny: [{name: previews, models: ["*-preview"]}]}}
---
kind: AIRoute
metadata: {name: chat, namespace: app}
spec: {models: [smart], rules: [{name: all, backends: [{provider: sim}]}]}
---
kind: AIRoute
metadata: {name: shared, namespace: sidegate-system}
spec: {models: [common], rules: [{name: all, backends: [{provider: sim}]}], namespaces: {from: All}}
---
kind: ModelCatalog
metadata: {name: prices}
spec: {models: [{schema: OpenAI, model: own, prices: [{input: "1", output: "2"}]}]}
`
const BUG = "False Invalid: spec: a bug of the operator, please report it: this spec bites"

/** Any look at its rules throws, as a bug that only this object brings out would. */
function bitingSpec(): object {
  const bite = (field: string | symbol): undefined => {
    if (field === "mode" || field === "namespaces") return undefined
    throw new Error("this spec bites")
  }
  return new Proxy(
    {},
    {
      get: (_, field) => bite(field),
      ownKeys: () => [String(bite("all"))],
      getOwnPropertyDescriptor: (_, field) => bite(field),
    },
  )
}

function withPoison(world: World, kind: ConfigKind, more: Partial<ConfigObject> = {}): World {
  const namespace = kind === "AIRoute" ? "app" : ""
  const facts = { uid: "poison", generation: 1, createdAt: 0, spec: bitingSpec() }
  const value: ConfigObject = { kind, namespace, name: "poison", ...facts, ...more }
  return {
    ...world,
    entries: [...world.entries, { kind, uid: "poison", resourceVersion: "99", value }],
  }
}

function acceptedIn(verdicts: ReturnType<typeof compileWorld>["verdicts"]) {
  return Object.entries(verdicts).map(([called, { accepted }]) => [called, accepted])
}

const kinds: readonly { kind: ConfigKind; called: string; says: string }[] = [
  { kind: "AIProvider", called: "AIProvider poison", says: BUG },
  { kind: "ModelCatalog", called: "ModelCatalog poison", says: BUG },
  { kind: "AIRoute", called: "AIRoute app/poison", says: BUG },
  {
    kind: "ModelPolicy",
    called: "ModelPolicy poison",
    says: `${BUG}; until this is mended, every model request of those it selects is refused`,
  },
  {
    kind: "TeamQuota",
    called: "TeamQuota poison",
    says: `${BUG}; until this is mended, every model request of the team is refused`,
  },
]
test.each(kinds)("a $kind that makes the compiler throw is told so, alone", (row) => {
  const sound = readWorld(SOUND)
  const before = compileWorld(sound)
  const after = compileWorld(withPoison(sound, row.kind))
  const { [row.called]: verdict, ...others } = after.verdicts
  expect(verdict?.accepted).toBe(row.says)
  expect(acceptedIn(others)).toEqual(acceptedIn(before.verdicts))
  expect(after.namespaces.flatMap(({ violations }) => violations)).toEqual([])
  const routes = (world: typeof after) => world.namespaces.map(({ snapshot }) => snapshot.routes)
  expect(routes(after)).toEqual(routes(before))
})

test("a broken policy is a denial, and a broken quota is one for its team alone", () => {
  const sound = readWorld(SOUND)
  const [app] = compileWorld(withPoison(sound, "ModelPolicy")).namespaces
  expect(app?.snapshot.access).toMatchObject({ kind: "invalid", policy: "poison", field: "spec" })
  const quota = compileWorld(withPoison(sound, "TeamQuota")).namespaces
  expect(quota.map(({ name, snapshot }) => [name, snapshot.team.kind])).toEqual([
    ["app", "team"],
    ["other", "refused"],
  ])
})

test("an object that is left unread is told why, and nobody looks at its spec", () => {
  const unread = "it ended the operator"
  for (const { kind, called } of kinds) {
    const { verdicts } = compileWorld(withPoison(readWorld(SOUND), kind, { unread }))
    expect(verdicts[called]?.accepted).toContain("False Invalid: spec: it ended the operator")
  }
})
