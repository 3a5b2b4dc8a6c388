/**
 * CEL and predicate of one rule must agree: the API server runs the one, the compiler the other.
 */
import { type CelInput, celEnv, isCelError, parse, plan } from "@bufbuild/cel"
import { strings } from "@bufbuild/cel/ext"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import * as z from "zod"
import { structural } from "./crd.ts"
import { KINDS } from "./registry.ts"
import { type Rule, rulesOf } from "./rule.ts"

const environment = celEnv({ funcs: strings })

/** Every rule of every kind, with the schema it is attached to. */
const found = KINDS.flatMap(({ kind, spec }) =>
  (spec === null ? [] : collect(spec)).map((one) => ({
    ...one,
    name: `${kind}: ${one.rule.message}`,
  })),
)

/** An error while evaluating is a refusal, as at the API server. */
function judgeByCel(rule: Rule<unknown>): (self: unknown) => boolean {
  const program = plan(environment, parse(rule.cel))
  return (self) => {
    const result = program({ self: self as CelInput })
    return !isCelError(result) && result === true
  }
}

describe("CEL and predicate agree", () => {
  test("and there are rules to compare", () => {
    expect(found.length).toBeGreaterThan(15)
  })
  test.each(found)("$name", ({ rule, schema }) => {
    const judge = judgeByCel(rule)
    fc.assert(
      fc.property(valuesOf(schema), (value) => {
        expect(judge(forCel(value))).toBe(rule.holds(value))
      }),
      { numRuns: 150 },
    )
  })
})

function collect(schema: z.core.$ZodType): readonly Found[] {
  const own = rulesOf(schema).map((rule) => ({ rule, schema }))
  if (schema instanceof z.ZodOptional) return collect(schema._zod.def.innerType)
  if (schema instanceof z.ZodArray) return [...own, ...collect(schema.element)]
  if (schema instanceof z.ZodObject)
    return [...own, ...Object.values(schema.shape).flatMap(collect)]
  return own
}

interface Found {
  readonly rule: Rule<unknown>
  readonly schema: z.core.$ZodType
}

/** Values that have the structure of a schema, and often break its rules. */
function valuesOf(schema: z.core.$ZodType): fc.Arbitrary<unknown> {
  if (schema instanceof z.ZodEnum) return fc.constantFrom(...schema.options)
  if (schema instanceof z.ZodBoolean) return fc.boolean()
  if (schema instanceof z.ZodNumber) return fc.integer({ min: 0, max: 3 })
  if (schema instanceof z.ZodArray) {
    return fc.array(valuesOf(schema.element), { minLength: 1, maxLength: 3 })
  }
  if (schema instanceof z.ZodRecord)
    return fc.dictionary(fc.constantFrom("a", "b"), fc.constant("v"))
  if (schema instanceof z.ZodObject) return objectsOf(schema)
  if (schema instanceof z.ZodString) return textsOf(schema)
  throw new Error("a schema that the test knows nothing of")
}

function objectsOf(schema: z.ZodObject): fc.Arbitrary<unknown> {
  const fields = Object.entries(schema.shape)
  const requiredKeys = fields.filter(([, field]) => !(field instanceof z.ZodOptional))
  const model = fields.map(([name, field]): [string, fc.Arbitrary<unknown>] => [
    name,
    valuesOf(field instanceof z.ZodOptional ? field._zod.def.innerType : field),
  ])
  return fc.record(Object.fromEntries(model), { requiredKeys: requiredKeys.map(([name]) => name) })
}

const HOSTS = [
  ...[
    "api.openai.com",
    "localhost",
    "a.localhost",
    "10.0.0.7",
    "169.254.169.254",
    "0x7f.1",
    "017.0.0.1",
  ],
  ...[
    "[::1]",
    "[fe80::1]",
    "[::ffff:a9fe:a9fe]",
    "xn--a.com",
    "vllm.ml.svc",
    "metadata",
    "kubernetes",
  ],
  ...[
    "metadata.google.internal",
    "2130706433",
    "a.b",
    "1.2.3.256",
    "0.0.0.0",
    "[fd00:ec2::254]",
    "a_b.com",
  ],
]

/** Endpoints, durations, times and model names, for texts by what their schema says. */
function textsOf(schema: z.ZodString): fc.Arbitrary<string> {
  const pattern = structural(schema)["pattern"]
  if (typeof pattern === "string" && pattern.includes("h|m|s|ms")) {
    return fc.stringMatching(/^([0-9]{1,5}(h|m|s|ms)){1,4}$/)
  }
  if (typeof pattern === "string" && pattern.startsWith("^[0-9]{4}-")) {
    return fc.stringMatching(/^(19|20)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T10:20:30Z$/)
  }
  if (pattern !== undefined) return fc.stringMatching(/^[a-z*-]{1,6}$/)
  const parts = [fc.constantFrom("http", "https"), fc.constantFrom(...HOSTS)] as const
  const tail = fc.constantFrom(
    "",
    "/",
    "/v1",
    "/v1/",
    ":8000/v1",
    ":0",
    ":65536",
    "?a",
    "#a",
    "/../a",
    "./v1",
  )
  return fc.oneof(
    fc.tuple(...parts, tail).map(([scheme, host, end]) => `${scheme}://${host}${end}`),
    fc.stringMatching(/^https?:\/\/[a-z0-9.:[\]-]{1,20}(\/v1)?$/),
  )
}

/** CEL counts in 64-bit integers, and a field that is undefined is absent. */
function forCel(value: unknown): unknown {
  if (typeof value === "number") return BigInt(value)
  if (Array.isArray(value)) return value.map(forCel)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, forCel(inner)]))
}
