/**
 * What an object has and a structural schema does not: what the API server would drop of it.
 *
 * In: the schema as the CRD has it, the value. Out: paths such as `spec.rules[0].cache`, in the
 * object's order. Kubernetes' documentation of custom resources calls it field pruning.
 */
import type { JsonObject } from "./crd.ts"

export function findUnknownFields(schema: unknown, value: unknown, path: string): string[] {
  if (!isObject(schema) || schema["x-kubernetes-preserve-unknown-fields"] === true) return []
  if (Array.isArray(value)) {
    return value.flatMap((item, index) =>
      findUnknownFields(schema["items"], item, `${path}[${index}]`),
    )
  }
  if (!isObject(value)) return []
  const { properties, additionalProperties } = schema
  return Object.entries(value).flatMap(([key, item]) => {
    const known = isObject(properties) && Object.hasOwn(properties, key)
    if (known) return findUnknownFields(properties[key], item, `${path}.${key}`)
    if (isObject(additionalProperties)) {
      return findUnknownFields(additionalProperties, item, `${path}.${key}`)
    }
    return additionalProperties === true ? [] : [`${path}.${key}`]
  })
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}
