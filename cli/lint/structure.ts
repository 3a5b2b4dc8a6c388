/**
 * Types, bounds, patterns and unique lists: what the API server's schema validation checks, in its
 * words.
 */
import { asRecord } from "#cli/manifests/manifest.ts"
import type { Fault } from "./fault.ts"
import type { SchemaNode } from "./schema-node.ts"

/** Every fault of `value`, fields in the schema's order. */
export function checkStructure(value: unknown, schema: SchemaNode, path: string): readonly Fault[] {
  const type = typeOf(value)
  const isTyped = schema.type === type || (schema.type === "number" && type === "integer")
  if (!isTyped) {
    const rest = `${path} in body must be of type ${schema.type}: "${type}"`
    const message = `Invalid value: "${type}": ${rest}`
    const fault = { path, message, isBlocking: true }
    return typeof value === "number" ? [fault, ...checkNumber(value, schema, path)] : [fault]
  }
  if (typeof value === "string") return checkText(value, schema, path)
  if (typeof value === "number") return checkNumber(value, schema, path)
  if (Array.isArray(value)) return checkList(value, schema, path)
  const fields = asRecord(value)
  return fields === undefined ? [] : checkFields(fields, schema, path)
}

type JsonType = SchemaNode["type"] | "null"

function typeOf(value: unknown): JsonType {
  if (value === null || value === undefined) return "null"
  if (Array.isArray(value)) return "array"
  if (typeof value === "string") return "string"
  if (typeof value === "boolean") return "boolean"
  if (typeof value !== "number") return "object"
  // The API server reads what does not fit into 64 bits as a float.
  return Number.isInteger(value) && Math.abs(value) < 2 ** 63 ? "integer" : "number"
}

/** Of length and pattern only the first that fails is told, as the API server does it. */
function checkText(text: string, schema: SchemaNode, path: string): readonly Fault[] {
  const length = [...text].length
  const { minLength, maxLength, pattern } = schema
  const invalid = (rest: string): Fault => ({
    path,
    message: `Invalid value: ${JSON.stringify(text)}: ${path} in body should ${rest}`,
    isBlocking: false,
  })
  const faults: Fault[] = []
  if (maxLength !== null && length > maxLength) {
    const message = `Too long: may not be more than ${maxLength} bytes`
    faults.push({ path, message, isBlocking: true })
  } else if (minLength !== null && length < minLength) {
    faults.push(invalid(`be at least ${minLength} chars long`))
  } else if (pattern !== null && !pattern.expression.test(text)) {
    faults.push(invalid(`match '${pattern.source}'`))
  }
  if (schema.values.length > 0 && !schema.values.includes(text)) {
    const supported = schema.values.map((value) => JSON.stringify(value)).join(", ")
    const message = `Unsupported value: ${JSON.stringify(text)}: supported values: ${supported}`
    faults.push({ path, message, isBlocking: true })
  }
  return faults
}

function checkNumber(value: number, schema: SchemaNode, path: string): readonly Fault[] {
  const invalid = (rest: string): Fault => ({
    path,
    message: `Invalid value: ${value}: ${path} in body should be ${rest}`,
    isBlocking: false,
  })
  const { minimum, maximum } = schema
  if (minimum !== null && value < minimum) return [invalid(`greater than or equal to ${minimum}`)]
  if (maximum !== null && value > maximum) return [invalid(`less than or equal to ${maximum}`)]
  return []
}

function checkList(list: readonly unknown[], schema: SchemaNode, path: string): readonly Fault[] {
  const faults: Fault[] = []
  const { minItems, maxItems, items } = schema
  if (minItems !== null && list.length < minItems) {
    const rest = `${path} in body should have at least ${minItems} items`
    faults.push({ path, message: `Invalid value: ${list.length}: ${rest}`, isBlocking: false })
  }
  if (maxItems !== null && list.length > maxItems) faults.push(tooMany(path, list.length, maxItems))
  if (items !== null) {
    faults.push(...list.flatMap((item, index) => checkStructure(item, items, `${path}[${index}]`)))
  }
  return [...faults, ...checkUnique(list, schema, path)]
}

function checkFields(
  fields: Readonly<Record<string, unknown>>,
  schema: SchemaNode,
  path: string,
): readonly Fault[] {
  const faults: Fault[] = []
  const below = (name: string): string => (path === "" ? name : `${path}.${name}`)
  for (const name of schema.required) {
    if (!Object.hasOwn(fields, name)) {
      faults.push({ path: below(name), message: "Required value", isBlocking: true })
    }
  }
  const count = Object.keys(fields).length
  if (schema.maxProperties !== null && count > schema.maxProperties) {
    faults.push(tooMany(path, count, schema.maxProperties))
  }
  for (const [name, value] of Object.entries(fields)) {
    const inner = schema.properties.get(name) ?? schema.additional
    if (inner !== null) faults.push(...checkStructure(value, inner, below(name)))
  }
  return faults
}

function checkUnique(list: readonly unknown[], schema: SchemaNode, path: string): readonly Fault[] {
  if (schema.listType !== "set" && schema.listType !== "map") return []
  const seen = new Set<string>()
  return list.flatMap((item, index) => {
    const key = schema.listType === "set" ? JSON.stringify(item) : keysOf(item, schema.listKeys)
    if (!seen.has(key)) {
      seen.add(key)
      return []
    }
    const message = `Duplicate value: ${key}`
    return [{ path: `${path}[${index}]`, message, isBlocking: false }]
  })
}

function keysOf(item: unknown, keys: readonly string[]): string {
  const fields = asRecord(item) ?? {}
  const named = [...keys].sort().filter((key) => Object.hasOwn(fields, key))
  return JSON.stringify(Object.fromEntries(named.map((key) => [key, fields[key]])))
}

function tooMany(path: string, count: number, most: number): Fault {
  const message = `Too many: ${count}: must have at most ${most} items`
  return { path, message, isBlocking: true }
}
