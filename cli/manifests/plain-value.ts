/**
 * What YAML gives as what JSON can say, and as the API server keeps it: a field that is null is
 * absent, and a null item of a list stays.
 */

/** Deeper values are refused; our deepest kind has 9 levels, a Pod has about 15. */
export const DEPTH_MAX = 64

/** Throws a sentence for the reader: for a loop, for bytes, sets and maps, for too many levels. */
export function plainValue(value: unknown): unknown {
  return plain(value, new Map(), 0)
}

/** `null` while a value is being made: whoever meets it again is in a loop. */
type Made = Map<object, { readonly value: unknown } | null>

/** What an alias repeats is made once, so that a small file stays a small value. */
function plain(value: unknown, made: Made, depth: number): unknown {
  if (typeof value !== "object" || value === null) return value
  const known = made.get(value)
  if (known === null) throw new Error("a value contains itself, by its alias")
  if (known !== undefined) return known.value
  if (depth === DEPTH_MAX) throw new Error(`a value has more than ${DEPTH_MAX} levels`)
  made.set(value, null)
  const copy = Array.isArray(value)
    ? value.map((item: unknown) => plain(item, made, depth + 1))
    : plainFields(value, made, depth)
  made.set(value, { value: copy })
  return copy
}

function plainFields(value: object, made: Made, depth: number): object {
  if (Object.getPrototypeOf(value) !== Object.prototype)
    throw new Error("a value is tagged as bytes, a set or an ordered map, which JSON cannot say")
  const kept = Object.entries(value).filter(([, inner]) => inner !== null)
  return Object.fromEntries(kept.map(([name, inner]) => [name, plain(inner, made, depth + 1)]))
}
