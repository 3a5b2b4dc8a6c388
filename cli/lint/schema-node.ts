/** The OpenAPI schema of a CRD as typed values, read once. */
import { asRecord, asText } from "#cli/manifests/manifest.ts"

export type NodeType = "object" | "array" | "string" | "integer" | "number" | "boolean"

export interface SchemaNode {
  readonly type: NodeType
  readonly properties: ReadonlyMap<string, SchemaNode>
  /** Values of a map; null when only `properties` are known. */
  readonly additional: SchemaNode | null
  readonly items: SchemaNode | null
  readonly required: readonly string[]
  readonly values: readonly string[]
  readonly pattern: { readonly source: string; readonly expression: RegExp } | null
  readonly minimum: number | null
  readonly maximum: number | null
  readonly minLength: number | null
  readonly maxLength: number | null
  readonly minItems: number | null
  readonly maxItems: number | null
  readonly maxProperties: number | null
  readonly listType: "atomic" | "set" | "map" | null
  readonly listKeys: readonly string[]
  readonly rules: readonly RuleText[]
}

export interface RuleText {
  readonly cel: string
  readonly message: string
  readonly fieldPath: string
}

const TYPES: readonly NodeType[] = ["object", "array", "string", "integer", "number", "boolean"]

/** Throws for a schema that is not structural: that is a bug in what generates it. */
export function readSchema(raw: unknown): SchemaNode {
  const node = asRecord(raw) ?? {}
  const type = TYPES.find((one) => one === node["type"])
  if (type === undefined) throw new Error(`a schema node of type ${String(node["type"])}`)
  const pattern = asText(node["pattern"])
  return {
    type,
    properties: new Map(
      Object.entries(asRecord(node["properties"]) ?? {}).map(([name, inner]) => [
        name,
        readSchema(inner),
      ]),
    ),
    additional: readOptional(node["additionalProperties"]),
    items: readOptional(node["items"]),
    required: texts(node["required"]),
    values: texts(node["enum"]),
    pattern:
      pattern === undefined ? null : { source: pattern, expression: new RegExp(pattern, "u") },
    minimum: numberOf(node["minimum"]),
    maximum: numberOf(node["maximum"]),
    minLength: numberOf(node["minLength"]),
    maxLength: numberOf(node["maxLength"]),
    minItems: numberOf(node["minItems"]),
    maxItems: numberOf(node["maxItems"]),
    maxProperties: numberOf(node["maxProperties"]),
    listType: listTypeOf(node["x-kubernetes-list-type"]),
    listKeys: texts(node["x-kubernetes-list-map-keys"]),
    rules: listOf(node["x-kubernetes-validations"]).map(readRule),
  }
}

function readRule(raw: unknown): RuleText {
  const rule = asRecord(raw) ?? {}
  return {
    cel: asText(rule["rule"]) ?? "",
    message: asText(rule["message"]) ?? "",
    fieldPath: asText(rule["fieldPath"]) ?? "",
  }
}

function readOptional(raw: unknown): SchemaNode | null {
  return raw === undefined ? null : readSchema(raw)
}

function listTypeOf(raw: unknown): SchemaNode["listType"] {
  return raw === "atomic" || raw === "set" || raw === "map" ? raw : null
}

function listOf(raw: unknown): readonly unknown[] {
  return Array.isArray(raw) ? raw : []
}

function texts(raw: unknown): readonly string[] {
  return listOf(raw).map(String)
}

function numberOf(raw: unknown): number | null {
  return typeof raw === "number" ? raw : null
}
