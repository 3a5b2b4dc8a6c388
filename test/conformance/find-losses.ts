/**
 * What a later structural schema refuses or drops that an earlier one took.
 *
 * In: two schemas of one kind, as its CRD has them. Out: a sentence for each loss, with its path.
 * Rules in CEL are not compared: `test/crds` has samples for them.
 */

type Schema = Readonly<Record<string, unknown>>

/** A number that may only fall, or only rise. */
const FLOORS = ["minLength", "minItems", "minProperties", "minimum"] as const
const CEILINGS = ["maxLength", "maxItems", "maxProperties", "maximum"] as const

export function findLosses(before: unknown, after: unknown, path: string): readonly string[] {
  if (!isSchema(before)) return []
  if (!isSchema(after)) return [`${path} is gone`]
  return [
    ...ownLosses(before, after).map((loss) => `${path} ${loss}`),
    ...childLosses(before, after, path),
  ]
}

function ownLosses(before: Schema, after: Schema): readonly string[] {
  const losses: string[] = []
  for (const key of ["type", "format"]) {
    if (before[key] !== after[key]) losses.push(`has another ${key}`)
  }
  // A list that becomes atomic takes what it took, and more.
  const list = after["x-kubernetes-list-type"] ?? "atomic"
  if (list !== "atomic" && list !== before["x-kubernetes-list-type"])
    losses.push(`is now a ${list}`)
  for (const key of FLOORS) {
    if (numberOf(after, key, 0) > numberOf(before, key, 0)) losses.push(`has a higher ${key}`)
  }
  for (const key of CEILINGS) {
    const lower = numberOf(after, key, Infinity) < numberOf(before, key, Infinity)
    if (lower) losses.push(`has a lower ${key}`)
  }
  const pattern = after["pattern"]
  if (pattern !== undefined && pattern !== before["pattern"]) losses.push("has another pattern")
  if (before["nullable"] === true && after["nullable"] !== true) losses.push("may not be null")
  const taken = listOf(after, "enum")
  if (taken.length > 0 && listOf(before, "enum").length === 0) losses.push("takes listed values")
  const gone = listOf(before, "enum").filter((one) => taken.length > 0 && !taken.includes(one))
  if (gone.length > 0) losses.push(`does not take ${gone.join(", ")}`)
  const asked = listOf(after, "required").filter((one) => !listOf(before, "required").includes(one))
  if (asked.length > 0) losses.push(`requires ${asked.join(", ")}`)
  return losses
}

function childLosses(before: Schema, after: Schema, path: string): readonly string[] {
  const [old, now] = [before["properties"], after["properties"]]
  const ofProperties = isSchema(old)
    ? Object.entries(old).flatMap(([name, schema]) =>
        findLosses(schema, isSchema(now) ? now[name] : undefined, `${path}.${name}`),
      )
    : []
  return [
    ...ofProperties,
    ...findLosses(before["items"], after["items"], `${path}[]`),
    ...findLosses(before["additionalProperties"], after["additionalProperties"], `${path}{}`),
  ]
}

function numberOf(schema: Schema, key: string, otherwise: number): number {
  const value = schema[key]
  return typeof value === "number" ? value : otherwise
}

function listOf(schema: Schema, key: string): readonly unknown[] {
  const value = schema[key]
  return Array.isArray(value) ? value : []
}

function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}
