/**
 * Where in a file a field stands, so that a finding leads to its line and not only to its object.
 *
 * In: the text, the line of the document, the path as messages write it, such as
 * `spec.rules[0].backends[1].weight`, or `spec.rules[default]` for an item by its name.
 * Out: the line of the field, or of the nearest of its parents that is written.
 */
import { isMap, isScalar, isSeq, type Node } from "yaml"
import { type Documents, readDocuments, startOf } from "#cli/manifests/manifest.ts"

export type Locate = (documentLine: number, path: string) => number

export function createLocator(text: string): Locate {
  let read: Documents | undefined
  return (documentLine, path) => {
    read ??= readDocuments(text)
    const { documents, lineAt } = read
    const document = documents.find((one) => lineAt(startOf(one)) === documentLine)
    const offset = document === undefined ? null : offsetOf(document.contents, segmentsOf(path))
    return offset === null ? documentLine : lineAt(offset)
  }
}

function segmentsOf(path: string): readonly string[] {
  return [...path.matchAll(/([^.[\]]+)/g)].map(([segment]) => segment)
}

/** Null when not even the first segment is there. */
function offsetOf(root: Node | null, segments: readonly string[]): number | null {
  let node: unknown = root
  let offset: number | null = null
  for (const segment of segments) {
    const found = childOf(node, segment)
    if (found === null) return offset
    offset = found.offset ?? offset
    node = found.value
  }
  return offset
}

interface Child {
  readonly offset: number | null
  readonly value: unknown
}

function childOf(node: unknown, segment: string): Child | null {
  if (isMap(node)) {
    const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === segment)
    if (pair === undefined) return null
    return { offset: isScalar(pair.key) ? (pair.key.range?.[0] ?? null) : null, value: pair.value }
  }
  if (!isSeq(node)) return null
  const item = /^\d+$/.test(segment)
    ? node.items[Number(segment)]
    : node.items.find((one) => isMap(one) && one.get("name") === segment)
  return item === undefined ? null : { offset: rangeOf(item), value: item }
}

function rangeOf(item: unknown): number | null {
  return isMap(item) || isSeq(item) || isScalar(item) ? (item.range?.[0] ?? null) : null
}
