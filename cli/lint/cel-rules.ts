/** The CEL rules of a CRD, evaluated on a value that has passed the structure. */
import { type CelInput, celEnv, parse, plan } from "@bufbuild/cel"
import { strings } from "@bufbuild/cel/ext"
import { asRecord } from "#cli/manifests/manifest.ts"
import type { Fault } from "./fault.ts"
import type { RuleText, SchemaNode } from "./schema-node.ts"

/** Rules at `value` and at everything below it. */
export function checkRules(value: unknown, schema: SchemaNode, path: string): readonly Fault[] {
  const own = schema.rules.flatMap((rule) => checkRule(rule, value, schema, path))
  if (Array.isArray(value)) {
    const { items } = schema
    if (items === null) return own
    const inner = value.flatMap((item, index) => checkRules(item, items, `${path}[${index}]`))
    return [...own, ...inner]
  }
  const inner = Object.entries(asRecord(value) ?? {}).flatMap(([name, field]) => {
    const node = schema.properties.get(name) ?? schema.additional
    if (node === null) return []
    return checkRules(field, node, path === "" ? name : `${path}.${name}`)
  })
  return [...own, ...inner]
}

function checkRule(
  rule: RuleText,
  value: unknown,
  schema: SchemaNode,
  path: string,
): readonly Fault[] {
  // Never `if (result)`: an evaluation that fails gives an error object, which is true of itself.
  if (evaluate(rule.cel, toCel(value, schema)) === true) return []
  const at = `${path}${rule.fieldPath}`.replace(/^\./, "")
  const shown = typeof value === "string" ? `${JSON.stringify(value)}: ` : ""
  const message = `Invalid value: ${shown}${rule.message}`
  return [{ path: at === "" ? "<nil>" : at, message, isBlocking: false }]
}

const ENVIRONMENT = celEnv({ funcs: strings })
/** One plan for each rule text; there are as many as the CRDs have rules. */
const plans = new Map<string, (bindings: { readonly self: CelInput }) => unknown>()

/** Throws for a rule that does not parse: the API server would not have taken the CRD. */
function evaluate(cel: string, self: CelInput): unknown {
  const known = plans.get(cel) ?? plan(ENVIRONMENT, parse(cel))
  plans.set(cel, known)
  return known({ self })
}

/**
 * Typed by the schema, as the API server does it: a whole number is an `int` and not a `double`.
 */
function toCel(value: unknown, schema: SchemaNode): CelInput {
  if (typeof value === "number") return schema.type === "integer" ? BigInt(value) : value
  if (typeof value === "string" || typeof value === "boolean") return value
  if (Array.isArray(value)) {
    const { items } = schema
    return items === null ? [] : value.map((item) => toCel(item, items))
  }
  const fields = Object.entries(asRecord(value) ?? {}).flatMap(([name, inner]) => {
    const node = schema.properties.get(name) ?? schema.additional
    return node === null ? [] : [[name, toCel(inner, node)] as const]
  })
  return new Map(fields)
}
