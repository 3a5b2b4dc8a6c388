import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { compileWorld, indexOf, readWorld, type World } from "#test/golden/compile/world.ts"
import { compileCluster, compileNamespace } from "./compile.ts"
import { REASONS } from "./reasons.ts"

const CASES = fileURLToPath(new URL("../../test/golden/compile/cases", import.meta.url))
const worlds = readdirSync(CASES)
  .filter((name) => name.endsWith(".yaml"))
  .map((name) => ({ name, world: readWorld(readFileSync(join(CASES, name), "utf8")) }))

describe("the order in which objects arrive never shows", () => {
  test.each(worlds)("$name", ({ world }) => {
    const want = JSON.stringify(compileWorld(world))
    const { length } = world.entries
    const shuffled = fc.shuffledSubarray([...world.entries], { minLength: length })
    fc.assert(
      fc.property(shuffled, (entries) => {
        expect(JSON.stringify(compileWorld({ ...world, entries }))).toBe(want)
      }),
      { numRuns: 15 },
    )
  })
})

const SOUND = `
kind: Namespace
metadata: {name: search, labels: {sidegate.dev/team: search}}
---
kind: AIProvider
metadata: {name: sim}
spec: {schema: Simulated, allowedNamespaces: {from: All}}
---
kind: AIRoute
metadata: {name: chat, namespace: search}
spec: {models: [smart], rules: [{name: all, backends: [{provider: sim, model: simulated}]}]}
---
kind: TeamQuota
metadata: {name: search}
spec: {}
`

describe("an object with any spec at all", () => {
  const sound = compileWorld(readWorld(SOUND))
  const kinds = ["AIProvider", "AIRoute", "ModelCatalog", "ModelPolicy", "TeamQuota"] as const
  test.each(kinds)("of kind %s is judged, and harms no other", (kind) => {
    const namespace = kind === "AIRoute" ? "search" : ""
    const name = "zz-strange"
    fc.assert(
      fc.property(fc.anything({ maxDepth: 4, withNullPrototype: true }), (spec) => {
        const value = { kind, namespace, name, uid: "z", generation: 1, createdAt: 9e9, spec }
        const world = readWorld(SOUND)
        const entry = { kind, uid: "z", resourceVersion: "99", value } as const
        const result = compileWorld({ ...world, entries: [...world.entries, entry] })
        const { [`${kind} ${namespace}${namespace && "/"}${name}`]: own, ...others } =
          result.verdicts
        expect(own).toBeDefined()
        // A policy that refuses everything is told on the routes, which are in force all the same.
        const { "AIRoute search/chat": chat, ...rest } = others
        const { "AIRoute search/chat": soundChat, ...soundRest } = sound.verdicts
        expect(rest).toEqual(soundRest)
        if (kind !== "ModelPolicy") expect(chat).toEqual(soundChat)
        else expect(chat?.accepted).toEqual(soundChat?.accepted)
        const [before, after] = [sound.namespaces[0], result.namespaces[0]]
        expect(after?.violations).toEqual([])
        expect(after?.snapshot.routes).toEqual(before?.snapshot.routes)
        // A policy that cannot be read denies; everything else leaves the Snapshot as it was.
        if (kind !== "ModelPolicy") expect(after?.snapshot).toEqual(before?.snapshot)
        else expect(after?.snapshot.access.kind).toMatch(/^(invalid|rules)$/)
      }),
      { numRuns: 150 },
    )
  })
})

describe("what did not change is not compiled again", () => {
  const world = readWorld(SOUND)
  test("the same views give the same values", () => {
    const { first, second } = twice(world, () => undefined)
    expect(second.core).toBe(first.core)
    expect(second.namespace).toBe(first.namespace)
  })
  test("a new namespace leaves the others as they are", () => {
    const value = { name: "new", labels: {}, annotations: {}, isTerminating: false }
    const { first, second } = twice(world, (index) => {
      index.apply({ kind: "Namespace", uid: "n", resourceVersion: "50", value })
    })
    expect(second.namespace).toBe(first.namespace)
  })
  test("a provider that was switched off is compiled into every namespace", () => {
    const spec = { schema: "Simulated", allowedNamespaces: { from: "All" }, disabled: true }
    const { first, second } = twice(world, (index) => {
      const object = { kind: "AIProvider", namespace: "", name: "sim", uid: "uid-2" } as const
      const value = { ...object, generation: 2, createdAt: 0, spec }
      index.apply({ kind: "AIProvider", uid: "uid-2", resourceVersion: "50", value })
    })
    expect(first.namespace.snapshot.providers["sim"]?.disabled).toBe(false)
    expect(second.namespace.snapshot.providers["sim"]?.disabled).toBe(true)
  })
})

test("every reason is explained in docs/conditions.md, and no other", () => {
  const page = readFileSync(new URL("../../docs/conditions.md", import.meta.url), "utf8")
  const section = page.slice(page.indexOf("## Accepted"), page.indexOf("## Programmed"))
  const explained = [...section.matchAll(/^\| `(\w+)` \|/gm)].map(([, reason]) => reason ?? "")
  expect([...new Set(explained)].sort()).toEqual([...REASONS].sort())
})

function twice(world: World, change: (index: ReturnType<typeof indexOf>) => void) {
  const index = indexOf(world)
  const compile = () => {
    const cluster = compileCluster(index.clusterView(), world.settings, index.namespaces())
    const view = index.view("search")
    if (view === undefined) throw new Error("the namespace is gone")
    return { core: cluster.core, namespace: compileNamespace(cluster, view, world.settings) }
  }
  const first = compile()
  change(index)
  return { first, second: compile() }
}
