import { isDeepStrictEqual } from "node:util"
import { expect, test } from "vitest"
import { SAMPLES } from "#test/crds/samples.test-data.ts"
import { acceptsOf } from "./accepts.ts"
import { KINDS } from "./registry.ts"

const written = KINDS.flatMap(({ kind, spec }) => (spec === null ? [] : [{ kind, spec }]))

test.each(written)("the schema of $kind is one predicate", ({ spec }) => {
  expect(acceptsOf(spec)).toBeTypeOf("function")
})

test("of every sample it accepts what zod accepts and leaves as it is, and nothing else", () => {
  const verdicts = SAMPLES.flatMap(({ name, object }) => {
    const schema = written.find(({ kind }) => kind === object.kind)?.spec
    if (schema === undefined) return []
    const parsed = schema.safeParse(object["spec"])
    const isKept = parsed.success && isDeepStrictEqual(parsed.data, object["spec"])
    return [{ name, zod: isKept, ours: acceptsOf(schema)?.(object["spec"]) }]
  })
  expect(verdicts.filter(({ zod, ours }) => zod !== ours)).toEqual([])
  const accepted = verdicts.filter(({ ours }) => ours)
  expect(Math.min(accepted.length, verdicts.length - accepted.length)).toBeGreaterThan(20)
})
