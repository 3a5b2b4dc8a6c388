/**
 * A pod in, the pod as it then runs out; one behaviour a pair. `UPDATE_GOLDEN=1 vitest run
 * test/golden` writes.
 *
 * A case is a Pod, and before it a document of kind Case where something differs from the defaults:
 * `injection` (the namespace's label), `settings`.
 */

import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, test } from "vitest"
import { parseAllDocuments } from "yaml"
import { type Injection, inject } from "#operator/inject/inject.ts"
import { applyPatch } from "./apply-patch.ts"
import { SETTINGS } from "./settings.test-data.ts"

const CASES = fileURLToPath(new URL("cases", import.meta.url))
const isUpdate = process.env["UPDATE_GOLDEN"] === "1"

type Document = { readonly [field: string]: unknown }

const names = readdirSync(CASES)
  .filter((name) => name.endsWith(".yaml"))
  .map((name) => name.slice(0, -".yaml".length))

function readCase(name: string) {
  const text = readFileSync(join(CASES, `${name}.yaml`), "utf8")
  const documents = parseAllDocuments(text).map((document): Document => document.toJS() ?? {})
  const pod = documents.find(({ kind }) => kind === "Pod")
  const { injection, settings } = documents.find(({ kind }) => kind === "Case") ?? {}
  const run = (raw: unknown): Injection =>
    inject(
      raw,
      { injection: injection === "opt-in" ? "opt-in" : "enabled" },
      { ...SETTINGS, ...(typeof settings === "object" ? settings : {}) },
    )
  return { pod, run }
}

function patchOf(injection: Injection) {
  return injection.kind === "leave" ? [] : injection.patch
}

describe("injection", () => {
  test.each(names)("%s", (name) => {
    const { pod, run } = readCase(name)
    const injection = run(pod)
    const patch = patchOf(injection)
    const result = {
      ...injection,
      patch: patch.map(({ op, path }) => `${op} ${path}`),
      pod: applyPatch(pod, patch),
    }
    const file = join(CASES, `${name}.json`)
    const text = `${JSON.stringify(result, undefined, 1)}\n`
    if (isUpdate) writeFileSync(file, text)
    expect(JSON.parse(text)).toEqual(JSON.parse(readFileSync(file, "utf8")))
  })

  test.each(names)("%s, called again, changes nothing", (name) => {
    const { pod, run } = readCase(name)
    const once = applyPatch(pod, patchOf(run(pod)))
    expect(patchOf(run(once))).toEqual([])
  })
})

test("every golden file has its pod", () => {
  const stray = readdirSync(CASES).filter(
    (file) => file.endsWith(".json") && !names.includes(file.slice(0, -".json".length)),
  )
  expect(stray).toEqual([])
})
