import { expect, test } from "vitest"
import { readAhead } from "#operator/compile/read-ahead.ts"
import { indexOf, readWorld } from "#test/golden/compile/world.ts"
import { createClusterCompiler } from "./cluster-compiler.ts"

const WORLD = readWorld(`
kind: Namespace
metadata: {name: app}
---
kind: AIProvider
metadata: {name: sim}
spec: {schema: Simulated, allowedNamespaces: {from: All}}
`)

/** Reads well, and bites whoever looks at it once it is armed: a bug of a later pass. */
function trap() {
  let isArmed = false
  const spec = {
    schema: "Simulated",
    get allowedNamespaces() {
      if (isArmed) throw new Error("a pass has a bug")
      return { from: "All" }
    },
  }
  const facts = { namespace: "", name: "bad", uid: "bad", generation: 1, createdAt: 0 }
  const value = { kind: "AIProvider", ...facts, spec } as const
  return {
    entry: { kind: "AIProvider", uid: "bad", resourceVersion: "9", value } as const,
    arm: () => {
      isArmed = true
    },
  }
}

test("while a pass over all objects fails, the last result that was good stays", () => {
  const index = indexOf(WORLD)
  const compiler = createClusterCompiler(WORLD.settings)
  const now = () => [index.clusterView(), index.namespaces()] as const
  const good = compiler.compile(...now())
  expect(compiler.compile(...now())).toBe(good)
  const { entry, arm } = trap()
  index.apply(entry)
  readAhead(entry.value, "sidegate-system")
  arm()
  for (const _ of [1, 2]) {
    expect(() => compiler.compile(...now())).toThrow("a pass has a bug")
    expect(compiler.lastGood(...now())).toBe(good)
  }
  index.delete("AIProvider", { namespace: "", name: "bad" })
  const mended = compiler.compile(...now())
  expect(mended).not.toBe(good)
  expect(compiler.lastGood(...now())).toBe(mended)
})

test("before anything compiled there is nothing to go on with", () => {
  const index = indexOf(WORLD)
  const { entry, arm } = trap()
  index.apply(entry)
  readAhead(entry.value, "sidegate-system")
  arm()
  const compiler = createClusterCompiler(WORLD.settings)
  expect(() => compiler.lastGood(index.clusterView(), index.namespaces())).toThrow("a bug")
})
