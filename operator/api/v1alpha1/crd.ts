/**
 * From a kind's definition to its CustomResourceDefinition: JSON schema made structural for
 * Kubernetes.
 */
import * as z from "zod"
import type { KindDefinition } from "./kind-definition.ts"
import { GROUP, VERSION } from "./registry.ts"
import type { Rule } from "./rule.ts"
import type { Column } from "./status.ts"

export type JsonObject = { readonly [key: string]: unknown }

/** The whole CustomResourceDefinition as a plain value. */
export function crdOf(definition: KindDefinition): JsonObject {
  const { kind, plural, singular, shortNames, scope, columns } = definition
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${GROUP}` },
    spec: {
      group: GROUP,
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular,
        shortNames,
        categories: ["sidegate"],
      },
      scope,
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: columns.map(columnOf),
          schema: { openAPIV3Schema: objectSchema(definition) },
        },
      ],
    },
  }
}

/** The structural schema of one of our zod types. */
export function structural(schema: z.ZodType): JsonObject {
  const made = z.toJSONSchema(schema, {
    io: "input",
    target: "openapi-3.0",
    reused: "inline",
    unrepresentable: "throw",
  })
  return fixObject(made)
}

function objectSchema(definition: KindDefinition): JsonObject {
  return {
    description: definition.description,
    type: "object",
    ...(definition.spec === null ? {} : { required: ["spec"] }),
    properties: {
      apiVersion: { type: "string", description: "Always `sidegate.dev/v1alpha1`." },
      kind: { type: "string", description: `Always \`${definition.kind}\`.` },
      // Rules may point at the name only if the schema has it; without it kubectl prints `<nil>`.
      metadata: { type: "object", properties: { name: { type: "string" } } },
      ...(definition.spec === null ? {} : { spec: structural(definition.spec) }),
      status: structural(definition.status),
    },
    "x-kubernetes-validations": definition.rules.map(validationOf),
  }
}

function validationOf(rule: Rule<never>): JsonObject {
  const { cel, message, fieldPath } = rule
  return { rule: cel, message, ...(fieldPath === undefined ? {} : { fieldPath }) }
}

function columnOf(column: Column): JsonObject {
  const { name, type, jsonPath, description, priority = 0 } = column
  return { name, type, jsonPath, description, ...(priority === 0 ? {} : { priority }) }
}

/** What zod writes and the API server refuses, or prints badly. */
const DROPPED = new Set(["$schema", "propertyNames", "readOnly"])

function fixObject(schema: JsonObject): JsonObject {
  const entries = Object.entries(schema)
    .filter(([key, value]) => !DROPPED.has(key) && !isNoise(key, value))
    .map(([key, value]): [string, unknown] => [key, fixValue(key, value)])
  const fixed: JsonObject = Object.fromEntries(entries)
  if (fixed["type"] !== "integer" || "format" in fixed) return fixed
  const most = fixed["maximum"]
  return { ...fixed, format: typeof most === "number" && most < 2 ** 31 ? "int32" : "int64" }
}

/**
 * Closed objects are what the API server does anyway; bounds of a safe integer are zod's, not ours.
 */
function isNoise(key: string, value: unknown): boolean {
  if (key === "additionalProperties") return value === false
  return (key === "maximum" || key === "minimum") && Math.abs(Number(value)) >= 2 ** 53 - 1
}

function fixValue(key: string, value: unknown): unknown {
  if (key === "properties") {
    return Object.fromEntries(
      Object.entries(asObject(value)).map(([name, inner]) => [name, fixObject(asObject(inner))]),
    )
  }
  if (key === "items" || key === "additionalProperties") return fixObject(asObject(value))
  if (key === "pattern" && typeof value === "string") return value.replaceAll("\\/", "/")
  return value
}

function asObject(value: unknown): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Error("a schema node that is not an object")
  }
  return value as JsonObject
}
