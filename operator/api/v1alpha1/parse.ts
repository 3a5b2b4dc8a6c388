/**
 * From an unknown spec to a typed value, or one refusal that names the field: the border of
 * `compile`.
 */
import * as z from "zod"
import { type Rule, rulesOf } from "./rule.ts"

export type Parsed<T> =
  | { readonly ok: true; readonly spec: T }
  /** `path` as kubectl prints it, e.g. `spec.rules[0].backends[1].weight`. */
  | { readonly ok: false; readonly path: string; readonly message: string }

/** `readonly` at every depth, as everything past the border is. */
export type Frozen<T> = T extends readonly (infer E)[]
  ? readonly Frozen<E>[]
  : T extends object
    ? { readonly [K in keyof T]: Frozen<T[K]> }
    : T

/**
 * Makes the parser of one schema: structure, bounds and patterns by zod, then unique list entries
 * and rules. Unknown fields are refused: a setting that we do not know must not be dropped in
 * silence.
 */
export function parserOf<S extends z.ZodType>(
  schema: S,
  root: string,
): (value: unknown) => Parsed<Frozen<z.output<S>>> {
  const plan = planOf(schema)
  return (value) => {
    const result = schema.safeParse(value, { reportInput: true })
    if (!result.success) {
      const issue = result.error.issues[0]
      if (issue === undefined) return { ok: false, path: root, message: "invalid" }
      return { ok: false, ...describeIssue(issue, root) }
    }
    const fault = plan === undefined ? undefined : plan(result.data, root)
    if (fault !== undefined) return { ok: false, ...fault }
    return { ok: true, spec: result.data as Frozen<z.output<S>> }
  }
}

interface Fault {
  readonly path: string
  readonly message: string
}

/** Checks a value that already has its structure; undefined when nothing is wrong. */
type Plan = (value: unknown, path: string) => Fault | undefined

/** Only the branches of a schema that have something to check; undefined when there is nothing. */
function planOf(schema: z.core.$ZodType): Plan | undefined {
  if (schema instanceof z.ZodOptional) {
    const inner = planOf(schema._zod.def.innerType)
    if (inner === undefined) return undefined
    return (value, path) => (value === undefined ? undefined : inner(value, path))
  }
  const steps: Plan[] = []
  if (schema instanceof z.ZodObject) steps.push(...fieldSteps(schema))
  if (schema instanceof z.ZodArray) steps.push(...listSteps(schema))
  if (schema instanceof z.ZodRecord) steps.push(...entryCountSteps(schema))
  steps.push(...rulesOf(schema).map(ruleStep))
  if (steps.length === 0) return undefined
  return (value, path) => {
    for (const step of steps) {
      const fault = step(value, path)
      if (fault !== undefined) return fault
    }
    return undefined
  }
}

function fieldSteps(schema: z.ZodObject): readonly Plan[] {
  return Object.entries(schema.shape).flatMap(([name, field]): Plan[] => {
    const plan = planOf(field)
    if (plan === undefined) return []
    return [(value, path) => plan(at(value, name), `${path}.${name}`)]
  })
}

function listSteps(schema: z.ZodArray): readonly Plan[] {
  const steps: Plan[] = []
  const plan = planOf(schema.element)
  if (plan !== undefined) steps.push(eachStep(plan))
  const meta = schema.meta() ?? {}
  const keys = meta["x-kubernetes-list-map-keys"]
  if (meta["x-kubernetes-list-type"] === "set") steps.push(uniqueStep([]))
  if (Array.isArray(keys)) steps.push(uniqueStep(keys.map(String)))
  return steps
}

function entryCountSteps(schema: z.ZodRecord): readonly Plan[] {
  const most = schema.meta()?.["maxProperties"]
  if (typeof most !== "number") return []
  const message = `must be at most ${most} entries long`
  return [
    (value, path) =>
      typeof value === "object" && value !== null && Object.keys(value).length > most
        ? { path, message }
        : undefined,
  ]
}

function eachStep(plan: Plan): Plan {
  return (value, path) => {
    if (!Array.isArray(value)) return undefined
    for (const [index, element] of value.entries()) {
      const fault = plan(element, `${path}[${index}]`)
      if (fault !== undefined) return fault
    }
    return undefined
  }
}

function uniqueStep(keys: readonly string[]): Plan {
  return (value, path) => {
    if (!Array.isArray(value)) return undefined
    const seen = new Set<string>()
    for (const [index, element] of value.entries()) {
      const key = JSON.stringify(
        keys.length === 0 ? element : keys.map((name) => at(element, name)),
      )
      if (seen.has(key)) {
        return { path: `${path}[${index}]`, message: `Duplicate value: ${shorten(key)}` }
      }
      seen.add(key)
    }
    return undefined
  }
}

function ruleStep(rule: Rule<unknown>): Plan {
  return (value, path) =>
    rule.holds(value)
      ? undefined
      : { path: `${path}${rule.fieldPath ?? ""}`, message: rule.message }
}

function describeIssue(issue: z.core.$ZodIssue, root: string): Fault {
  const path = formatPath(root, issue.path)
  switch (issue.code) {
    case "unrecognized_keys":
      return { path: `${path}.${issue.keys[0] ?? ""}`, message: "unknown field" }
    case "invalid_type":
      if (issue.input === undefined) return { path, message: "Required value" }
      return { path, message: `must be of type ${issue.expected}` }
    case "invalid_value":
      return { path, message: `must be one of ${issue.values.map(String).join(", ")}` }
    case "too_small":
      return { path, message: `must be at least ${issue.minimum}${unitOf(issue.origin)}` }
    case "too_big":
      return { path, message: `must be at most ${issue.maximum}${unitOf(issue.origin)}` }
    case "invalid_format":
      return { path, message: `should match '${patternOf(issue)}'` }
    default:
      return { path, message: issue.message }
  }
}

/** Without the slashes that a RegExp prints around its source. */
function patternOf(issue: z.core.$ZodIssueInvalidStringFormat): string {
  const text = issue.pattern ?? issue.format
  return text.replace(/^\/(.*)\/[a-z]*$/s, "$1").replaceAll("\\/", "/")
}

function unitOf(origin: string): string {
  if (origin === "string") return " characters long"
  if (origin === "array" || origin === "set") return " items long"
  return origin === "record" || origin === "object" || origin === "map" ? " entries long" : ""
}

function formatPath(root: string, path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, part) => (typeof part === "number" ? `${text}[${part}]` : `${text}.${String(part)}`),
    root,
  )
}

function shorten(text: string): string {
  return text.length > 64 ? `${text.slice(0, 64)}…` : text
}

function at(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined
  return Object.getOwnPropertyDescriptor(value, name)?.value
}
