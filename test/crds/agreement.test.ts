import { beforeAll, expect, test } from "vitest"
import { checkObject } from "#cli/lint/check-object.ts"
import { formatFault } from "#cli/lint/fault.ts"
import { asRecord } from "#cli/manifests/manifest.ts"
import { parserOf } from "#operator/api/v1alpha1/parse.ts"
import { kindOf } from "#operator/api/v1alpha1/registry.ts"
import { applyCrds, createNamespace } from "#test/control-plane/namespaces.ts"
import { sharedControlPlane } from "#test/control-plane/shared.ts"
import { createAsker } from "./api-server.ts"
import type { Sample, SampleObject } from "./sample.ts"
import { SAMPLES } from "./samples.test-data.ts"

let asker: ReturnType<typeof createAsker>

beforeAll(async () => {
  const access = sharedControlPlane()
  await applyCrds(access)
  asker = createAsker(access, await createNamespace(access, "crds"))
  return () => asker.close()
})

test.each(SAMPLES)("$object.kind: $name", async ({ object, faults }) => {
  const server = await asker.ask(object)
  expect({ isAccepted: server.status < 300 }).toEqual({ isAccepted: faults.length === 0 })
  expect(unmet(server.lines, faults)).toEqual([])
  expect(differences(server.lines, lint(object))).toEqual([])
})

test("what the compiler takes from a file is what the API server takes", () => {
  const different = SAMPLES.filter(isAboutSpec).filter(({ object, faults }) => {
    return compilerTakes(object) !== (faults.length === 0)
  })
  expect(different.map(({ object, name }) => `${object.kind}: ${name}`)).toEqual([])
})

test("every kind has samples that are in order and samples of every sort of fault", () => {
  const sorts = ["unknown field", "Required value", "must be of type", "should match", "Too long"]
  const missing = ["AIProvider", "AIRoute", "ModelCatalog", "ModelPolicy", "TeamQuota"].flatMap(
    (kind) => {
      const faults = SAMPLES.filter(({ object }) => object.kind === kind).flatMap(
        (one) => one.faults,
      )
      return sorts
        .filter((sort) => !faults.some((fault) => fault.includes(sort)))
        .map((sort) => `${kind}: ${sort}`)
    },
  )
  // Lengths of a ModelPolicy's fields are those of the others.
  expect(missing).toEqual(["ModelPolicy: Too long"])
})

function lint(object: SampleObject): readonly string[] {
  const definition = kindOf(object.kind)
  if (definition === undefined) throw new Error(`no kind ${object.kind}`)
  return checkObject(object, definition).map(formatFault)
}

/** Wanted faults that no line says, and lines that nobody wanted. */
function unmet(lines: readonly string[], faults: readonly string[]): readonly string[] {
  const says = (line: string, fault: string): boolean => {
    const [path = "", ...words] = fault.split(": ")
    return line.includes(fault) || (line.startsWith(`${path}: `) && line.includes(words.join(": ")))
  }
  return [
    ...faults.filter((fault) => !lines.some((line) => says(line, fault))),
    ...lines.filter((line) => !faults.some((fault) => says(line, fault))),
  ]
}

/**
 * Lines that only one side says. Both say the same words, but for what their libraries say of
 * themselves.
 */
function differences(server: readonly string[], lint: readonly string[]): readonly string[] {
  const left = [...lint]
  const unmatched = server.filter((line) => {
    const at = left.findIndex((other) => isSame(line, other))
    if (at >= 0) left.splice(at, 1)
    return at < 0
  })
  return [...unmatched.map((line) => `server: ${line}`), ...left.map((line) => `lint: ${line}`)]
}

function isSame(server: string, lint: string): boolean {
  if (server === lint || lint.endsWith(`: ${server}`)) return true
  const [path = ""] = server.split(": ")
  if (!lint.startsWith(`${path}: `)) return false
  // A rule that could not be evaluated: the reason is the library's, the rule and its message are
  // ours.
  const [, rule] = / evaluating rule: (.*)$/s.exec(server) ?? []
  if (rule !== undefined) return lint.endsWith(`: ${rule}`)
  return path === "metadata.labels" || path === "metadata.annotations"
}

/** The compiler sees objects whose metadata the API server has taken, and reads spec alone. */
function isAboutSpec({ faults }: Sample): boolean {
  return faults.every((fault) => fault.startsWith("spec") || fault.includes('"spec'))
}

function compilerTakes(object: SampleObject): boolean {
  const definition = kindOf(object.kind)
  if (definition === undefined) return false
  const spec = withoutNulls(object["spec"])
  if (definition.spec === null) return spec === undefined
  if (!parserOf(definition.spec, "spec")(spec).ok) return false
  const name = String(object.metadata["name"])
  return definition.rules.every((rule) => rule.holds({ metadata: { name }, spec }))
}

/** As the API server stores it. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  const fields = asRecord(value)
  if (fields === undefined) return value ?? undefined
  const kept = Object.entries(fields).filter(([, inner]) => inner !== null)
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutNulls(inner)]))
}
