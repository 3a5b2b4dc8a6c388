/**
 * A schema as one predicate: true only where zod accepts the value as it is, at a tenth of the
 * cost.
 *
 * In    a zod schema of the sorts that our kinds use. Out: the predicate; undefined for a schema
 *       with any other part, which then stays zod's alone.
 * False says nothing: the value goes to zod, which decides and words the refusal. So a gap here
 * costs time, never a wrong answer; that nothing is taken too much is tested over every sample.
 */
import * as z from "zod"

export type Accepts = (value: unknown) => boolean

/** JSON values only: what is neither a plain object nor a list, such as a date, is left to zod. */
export function acceptsOf(schema: z.core.$ZodType): Accepts | undefined {
  const accepts = baseOf(schema)
  if (accepts === undefined) return undefined
  const checks: Accepts[] = [accepts]
  for (const { _zod } of schema._zod.def.checks ?? []) {
    const check = checkOf(_zod.def)
    if (check === undefined) return undefined
    checks.push(check)
  }
  return allOf(checks)
}

function baseOf(schema: z.core.$ZodType): Accepts | undefined {
  if (schema instanceof z.ZodOptional) {
    const inner = acceptsOf(schema._zod.def.innerType)
    return inner && ((value) => value === undefined || inner(value))
  }
  if (schema instanceof z.ZodObject) return objectAccepts(schema)
  if (schema instanceof z.ZodArray) {
    const element = acceptsOf(schema._zod.def.element)
    return element && ((value) => Array.isArray(value) && value.every((item) => element(item)))
  }
  if (schema instanceof z.ZodRecord) return recordAccepts(schema)
  if (schema instanceof z.ZodNumberFormat) {
    return schema._zod.def.format === "safeint" ? Number.isSafeInteger : undefined
  }
  if (schema instanceof z.ZodEnum) {
    const values = new Set<unknown>(Object.values(schema._zod.def.entries))
    return (value) => values.has(value)
  }
  if (schema instanceof z.ZodBoolean) return (value) => typeof value === "boolean"
  // A format of its own, such as an address, is more than a string.
  if (schema instanceof z.ZodString) {
    return "format" in schema._zod.def ? undefined : (value) => typeof value === "string"
  }
  return undefined
}

/** Strict ones only. */
function objectAccepts(schema: z.ZodObject): Accepts | undefined {
  if (!(schema._zod.def.catchall instanceof z.ZodNever)) return undefined
  const fields = new Map<string, Accepts>()
  const required: string[] = []
  for (const [name, field] of Object.entries(schema.shape)) {
    const accepts = acceptsOf(field)
    if (accepts === undefined) return undefined
    fields.set(name, accepts)
    if (!(field instanceof z.ZodOptional)) required.push(name)
  }
  return (value) => {
    if (!isPlain(value)) return false
    for (const name of required) if (!Object.hasOwn(value, name)) return false
    for (const name of Object.keys(value)) {
      const accepts = fields.get(name)
      if (accepts === undefined || !accepts(value[name])) return false
    }
    return true
  }
}

function recordAccepts(schema: z.ZodRecord): Accepts | undefined {
  const key = acceptsOf(schema._zod.def.keyType)
  const inner = acceptsOf(schema._zod.def.valueType)
  if (key === undefined || inner === undefined) return undefined
  return (value) => {
    if (!isPlain(value)) return false
    for (const name of Object.keys(value)) {
      // Zod leaves this one out of its result.
      if (name === "__proto__" || !key(name) || !inner(value[name])) return false
    }
    return true
  }
}

function checkOf(def: z.core.$ZodCheckDef): Accepts | undefined {
  switch (def.check) {
    case "min_length": {
      const { minimum } = def as z.core.$ZodCheckMinLengthDef
      return (value) => lengthOf(value) >= minimum
    }
    case "max_length": {
      const { maximum } = def as z.core.$ZodCheckMaxLengthDef
      return (value) => lengthOf(value) <= maximum
    }
    case "greater_than": {
      const { value: least, inclusive } = def as z.core.$ZodCheckGreaterThanDef
      if (typeof least !== "number") return undefined
      return (value) => typeof value === "number" && (inclusive ? value >= least : value > least)
    }
    case "less_than": {
      const { value: most, inclusive } = def as z.core.$ZodCheckLessThanDef
      if (typeof most !== "number") return undefined
      return (value) => typeof value === "number" && (inclusive ? value <= most : value < most)
    }
    case "string_format": {
      const { format, pattern } = def as z.core.$ZodCheckStringFormatDef
      // A pattern with a memory between two texts is none of ours.
      if (format !== "regex" || pattern === undefined || /[gy]/.test(pattern.flags))
        return undefined
      return (value) => typeof value === "string" && pattern.test(value)
    }
    default:
      return undefined
  }
}

function allOf(checks: readonly Accepts[]): Accepts {
  const [first, ...others] = checks
  if (first === undefined) return () => true
  if (others.length === 0) return first
  return (value) => {
    for (const check of checks) if (!check(value)) return false
    return true
  }
}

/** NaN, which is within no bound, for what has no length. */
function lengthOf(value: unknown): number {
  return typeof value === "string" || Array.isArray(value) ? value.length : Number.NaN
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
