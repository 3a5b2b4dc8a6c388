/**
 * One Snapshot in two schemas: what the operator lowers for an older sidecar is what that sidecar
 * was written for, and what an older operator sends is what this sidecar's own operator would send.
 */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { lowerSnapshot } from "#operator/publish/lower-snapshot.ts"
import { snapshotText } from "#operator/publish/snapshot-text.ts"
import { canonicalJson } from "#proxy/contract/json.ts"
import type { PodIdentity } from "#proxy/contract/push.ts"
import type { Snapshot } from "#proxy/contract/snapshot.ts"
import { linkRuntime } from "#proxy/runtime/link.ts"
import { readSnapshot } from "#proxy/runtime/read-snapshot.ts"

const GOLDEN = join(import.meta.dirname, "../golden/compile/cases")

/** Whatever the compiler writes, as the golden files keep it. */
const ALL = readdirSync(GOLDEN)
  .filter((name) => name.endsWith(".json"))
  .flatMap((name) => {
    const { namespaces } = JSON.parse(readFileSync(join(GOLDEN, name), "utf8")) as {
      readonly namespaces: readonly { readonly snapshot: Snapshot }[]
    }
    return namespaces.map(({ snapshot }) => ({ name, snapshot }))
  })

/** What the older schema can say. */
const SNAPSHOTS = ALL.filter(({ snapshot }) => snapshot.parameters === undefined)

const identityIn = (namespace: string): PodIdentity => ({
  namespace,
  pod: "api-0",
  podUid: "uid",
  application: "api",
  labels: {},
})

test.each(SNAPSHOTS)("lowered and raised again, a Snapshot of $name is the same", (one) => {
  const { snapshot, withheld } = lowerSnapshot(one.snapshot)
  expect(withheld).toEqual([])
  expect(snapshot.schemaVersion).toBe(1)
  expect(snapshotText(snapshot)).toBe(canonicalJson(snapshot))
  expectSame(readSnapshot(snapshot), one.snapshot)
})

/** The older release knew one name for all vendors, so that some have more prices than they had. */
function expectSame(found: Snapshot, { prices, ...want }: Snapshot): void {
  expect(canonicalJson({ ...found, prices: {} })).toBe(canonicalJson({ ...want, prices: {} }))
  expect(found.prices).toMatchObject(prices)
}

test.each(ALL)("a Snapshot of $name links from either schema", ({ snapshot }) => {
  const { namespace } = snapshot
  for (const sent of [snapshot, lowerSnapshot(snapshot).snapshot]) {
    const push = { version: { term: 1, generation: 1 }, hash: "", snapshot: sent }
    expect(linkRuntime(push, identityIn(namespace)).ok).toBe(true)
  }
})

test("the golden Snapshots have backends with a problem, or these tests would show little", () => {
  const problems = SNAPSHOTS.flatMap(({ snapshot }) => snapshot.routes)
    .flatMap(({ rules }) => rules.flatMap(({ backends }) => backends))
    .filter(({ problem }) => problem !== null)
  expect(problems.length).toBeGreaterThan(3)
})

test("what an operator of the older schema wrote links as this release would have written it", () => {
  for (const { snapshot } of SNAPSHOTS) {
    const older = structuredClone(lowerSnapshot(snapshot).snapshot)
    for (const provider of Object.values(older.providers)) {
      Reflect.deleteProperty(provider, "vendor")
      Reflect.deleteProperty(provider, "options")
    }
    expectSame(readSnapshot(older), snapshot)
  }
})

test("a limit that the older schema cannot say refuses everything there, and is named", () => {
  const limited = ALL.filter(({ snapshot }) => snapshot.parameters !== undefined)
  expect(limited.length).toBeGreaterThan(1)
  for (const { snapshot } of limited) {
    const policy = snapshot.parameters?.maxOutputTokens.policy
    const lowered = lowerSnapshot(snapshot)
    expect(readSnapshot(lowered.snapshot).access).toMatchObject({ kind: "invalid", policy })
    expect(lowered.withheld.map(({ object }) => object)).toEqual([`ModelPolicy ${policy}`])
    expect(readSnapshot(snapshot).parameters).toEqual(snapshot.parameters)
  }
})
