/**
 * The operator tells a team which models it may use, and the sidecar lists them: from the same
 * Snapshot both say the same, over every golden case.
 */

import { readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"
import { allowedModels } from "#operator/compile/allowed-models.ts"
import type { Snapshot } from "#proxy/contract/snapshot.ts"
import { linkRuntime } from "#proxy/runtime/link.ts"
import { compileWorld, readWorld } from "./world.ts"

const CASES = fileURLToPath(new URL("cases/", import.meta.url))

const snapshots = readdirSync(CASES)
  .filter((name) => name.endsWith(".yaml"))
  .flatMap((name) => compileWorld(readWorld(readFileSync(CASES + name, "utf8"))).namespaces)
  .map(({ snapshot }) => snapshot)

function listedBySidecar(snapshot: Snapshot): readonly string[] {
  const { namespace } = snapshot
  const identity = { namespace, pod: "a", podUid: "a", application: "a", labels: {} }
  const push = { version: { term: 1, generation: 1 }, hash: "h", snapshot }
  const linked = linkRuntime(push, identity)
  if (!linked.ok) throw new Error(linked.nack.reason)
  return linked.runtime.allowedModels
}

const isForSome = (snapshot: Snapshot): boolean =>
  snapshot.routes.some(({ rules }) =>
    rules.some(({ matches }) => matches.some(({ workloadSelector }) => workloadSelector !== null)),
  )

test("what is told is what is listed", () => {
  const compared = snapshots
    .filter((snapshot) => !isForSome(snapshot))
    .map((snapshot) => ({
      told: allowedModels(snapshot).filter((name) => !name.endsWith("*")),
      listed: listedBySidecar(snapshot),
    }))
  expect(compared.filter(({ told, listed }) => told.join() !== listed.join())).toEqual([])
  const some = compared.filter(({ listed }) => listed.length > 0)
  expect(some.length).toBeGreaterThan(10)
  expect(compared.length - some.length).toBeGreaterThan(10)
})

test("what a pod without labels may use is told", () => {
  for (const snapshot of snapshots.filter(isForSome)) {
    expect(allowedModels(snapshot)).toEqual(expect.arrayContaining([...listedBySidecar(snapshot)]))
  }
})
