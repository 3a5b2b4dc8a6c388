/**
 * What differs between two renders, as lines that a person can read.
 *
 * In: objects by `Kind/name`. Out: `+ KEY` and `- KEY` for whole objects, `KEY path: before ->
 * after` for the rest, sorted. Lists of named items go by the name, not by the place.
 */
import type { Rendered } from "./render.ts"

const NOTHING = "nothing"

export function differences(before: Rendered, after: Rendered): readonly string[] {
  const keys = [...new Set([...before.keys(), ...after.keys()])].sort()
  return keys.flatMap((key) => {
    if (!before.has(key)) return [`+ ${key}`]
    if (!after.has(key)) return [`- ${key}`]
    return changes(before.get(key), after.get(key)).map((change) => `${key} ${change}`)
  })
}

function changes(before: unknown, after: unknown): readonly string[] {
  const old = leaves(before, "")
  const now = leaves(after, "")
  return [...new Set([...old.keys(), ...now.keys()])]
    .sort()
    .filter((path) => old.get(path) !== now.get(path))
    .map((path) => `${path}: ${old.get(path) ?? NOTHING} -> ${now.get(path) ?? NOTHING}`)
}

/** Path to JSON text of everything that is no object or list, and of empty ones. */
function leaves(value: unknown, path: string): ReadonlyMap<string, string> {
  const entries = partsOf(value)
  if (entries.length === 0) return new Map([[path, JSON.stringify(value)]])
  return new Map(entries.flatMap(([key, inner]) => [...leaves(inner, `${path}/${key}`)]))
}

function partsOf(value: unknown): readonly (readonly [string, unknown])[] {
  if (typeof value !== "object" || value === null) return []
  if (!Array.isArray(value)) return Object.entries(value)
  return value.map((item: unknown, index) => [nameOf(item) ?? String(index), item] as const)
}

function nameOf(item: unknown): string | null {
  if (typeof item !== "object" || item === null || !("name" in item)) return null
  return typeof item.name === "string" ? item.name : null
}
