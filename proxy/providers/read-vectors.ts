/** Vectors of an answer, in the digits of the upstream. */
import type { JsonView } from "#proxy/contract/json-view.ts"
import type { RawJson } from "#proxy/contract/json-write.ts"

/** `vectorOf`: where an item has its own. Null where one has none: then none is of use. */
export function readVectors(
  items: readonly JsonView[],
  vectorOf: (item: JsonView) => JsonView | undefined,
): readonly RawJson[] | null {
  const vectors = items.flatMap((item) => {
    const vector = vectorOf(item)
    return vector?.isArray === true ? [vector.raw()] : []
  })
  return vectors.length === items.length ? vectors : null
}
