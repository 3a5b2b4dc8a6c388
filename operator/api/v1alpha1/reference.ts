/**
 * The reference page, from the same definitions as the CRDs: one section a kind, one row a field.
 */
import { type JsonObject, structural } from "./crd.ts"
import type { KindDefinition } from "./kind-definition.ts"
import { API_VERSION } from "./registry.ts"

export function referenceOf(definitions: readonly KindDefinition[]): string {
  return [
    "# Reference",
    "",
    `Every field of \`${API_VERSION}\`. The same text is in the cluster: \`kubectl explain ` +
      `airoute.spec.rules\`.`,
    "Conditions and their reasons are in [conditions.md](conditions.md).",
    "",
    ...definitions.flatMap(section),
  ].join("\n")
}

function section(definition: KindDefinition): readonly string[] {
  const { kind, shortNames, scope, description } = definition
  const scopeText = scope === "Cluster" ? "cluster-wide" : "in a namespace"
  return [
    `## ${kind}`,
    "",
    `${scopeText}; short name \`${shortNames.join("`, `")}\``,
    "",
    description,
    "",
    "| field | type | what it says |",
    "|---|---|---|",
    ...(definition.spec === null ? [] : rows(structural(definition.spec), "spec")),
    ...rows(structural(definition.status), "status"),
    "",
  ]
}

function rows(schema: JsonObject, path: string): readonly string[] {
  const required = listOf(schema["required"])
  return entriesOf(schema["properties"]).flatMap(([name, field]) => {
    const here = `${path}.${name}`
    const mark = required.includes(name) && path.startsWith("spec") ? ", required" : ""
    const text = [field["description"], ...ruleTexts(field)].filter(Boolean).join(" ")
    return [
      `| \`${here}\` | ${typeText(field)}${mark} | ${escapeCell(text)} |`,
      ...innerRows(field, here),
    ]
  })
}

function innerRows(field: JsonObject, path: string): readonly string[] {
  if (field["type"] === "object") return rows(field, path)
  const items = objectOf(field["items"])
  return items?.["type"] === "object" ? rows(items, `${path}[]`) : []
}

function typeText(field: JsonObject): string {
  const values = listOf(field["enum"])
  if (values.length > 0) return values.map((value) => `\`${value}\``).join(", ")
  if (field["type"] === "array") {
    const items = objectOf(field["items"])
    return `list of ${items === undefined ? "values" : typeText(items)}`
  }
  if (field["type"] === "object" && field["additionalProperties"] !== undefined) {
    return "map of string"
  }
  return String(field["type"])
}

/** Rules of the field and, for a list, of its items, as sentences. */
function ruleTexts(field: JsonObject): readonly string[] {
  const own = [field, objectOf(field["items"]) ?? {}]
  return own
    .flatMap((one) =>
      Array.isArray(one["x-kubernetes-validations"]) ? one["x-kubernetes-validations"] : [],
    )
    .map((rule: unknown) => `Rule: ${String(objectOf(rule)?.["message"])}.`)
}

function escapeCell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ")
}

function listOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : []
}

function objectOf(value: unknown): JsonObject | undefined {
  return typeof value === "object" && value !== null ? (value as JsonObject) : undefined
}

function entriesOf(value: unknown): readonly (readonly [string, JsonObject])[] {
  return Object.entries(objectOf(value) ?? {}).map(([name, field]) => [name, objectOf(field) ?? {}])
}
