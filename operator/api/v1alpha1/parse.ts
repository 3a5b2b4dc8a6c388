/**
 * From an unknown spec to a typed value, or one refusal that names the field: the border of
 * `compile`.
 */
import * as z from "zod"
import { acceptsOf } from "./accepts.ts"
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
  const accepts = acceptsOf(schema)
  return (value) => {
    let data = value
    // None of our schemas changes what it accepts, so what is in order needs no copy.
    if (accepts === undefined || !accepts(value)) {
      const result = schema.safeParse(value, { reportInput: true })
      if (!result.success) {
        const issue = result.error.issues[0]
        if (issue === undefined) return { ok: false, path: root, message: "invalid" }
        return { ok: false, ...describeIssue(issue, root) }
      }
      data = result.data
    }
    const fault = plan === undefined ? undefined : plan(data)
    if (fault !== undefined) return { ok: false, ...below(root, fault) }
    return { ok: true, spec: data as Frozen<z.output<S>> }
  }
}

interface Fault {
  readonly path: string
  readonly message: string
}

/**
 * Checks a value that already has its structure; undefined when nothing is wrong. The path of a
 * fault begins at the value: paths are put together for faults only, which are few.
 */
type Plan = (value: unknown) => Fault | undefined

function below(path: string, fault: Fault): Fault {
  return { path: `${path}${fault.path}`, message: fault.message }
}

/** Only the branches of a schema that have something to check; undefined when there is nothing. */
function planOf(schema: z.core.$ZodType): Plan | undefined {
  if (schema instanceof z.ZodOptional) {
    const inner = planOf(schema._zod.def.innerType)
    if (inner === undefined) return undefined
    return (value) => (value === undefined ? undefined : inner(value))
  }
  const steps: Plan[] = []
  if (schema instanceof z.ZodObject) steps.push(...fieldSteps(schema))
  if (schema instanceof z.ZodArray) steps.push(...listSteps(schema))
  if (schema instanceof z.ZodRecord) steps.push(...entryCountSteps(schema))
  steps.push(...rulesOf(schema).map(ruleStep))
  if (steps.length === 0) return undefined
  return (value) => {
    for (const step of steps) {
      const fault = step(value)
      if (fault !== undefined) return fault
    }
    return undefined
  }
}

function fieldSteps(schema: z.ZodObject): readonly Plan[] {
  return Object.entries(schema.shape).flatMap(([name, field]): Plan[] => {
    const plan = planOf(field)
    if (plan === undefined) return []
    const path = `.${name}`
    return [
      (value) => {
        const fault = plan(at(value, name))
        return fault && below(path, fault)
      },
    ]
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
    (value) =>
      typeof value === "object" && value !== null && Object.keys(value).length > most
        ? { path: "", message }
        : undefined,
  ]
}

function eachStep(plan: Plan): Plan {
  return (value) => {
    if (!Array.isArray(value)) return undefined
    for (let index = 0; index < value.length; index++) {
      const fault = plan(value[index])
      if (fault !== undefined) return below(`[${index}]`, fault)
    }
    return undefined
  }
}

function uniqueStep(keys: readonly string[]): Plan {
  return (value) => {
    if (!Array.isArray(value) || value.length < 2) return undefined
    const seen = new Set<string>()
    for (const [index, element] of value.entries()) {
      const key = JSON.stringify(
        keys.length === 0 ? element : keys.map((name) => at(element, name)),
      )
      if (seen.has(key)) {
        return { path: `[${index}]`, message: `Duplicate value: ${shorten(key)}` }
      }
      seen.add(key)
    }
    return undefined
  }
}

function ruleStep(rule: Rule<unknown>): Plan {
  return (value) =>
    rule.holds(value) ? undefined : { path: rule.fieldPath ?? "", message: rule.message }
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
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined
  return (value as Readonly<Record<string, unknown>>)[name]
}
