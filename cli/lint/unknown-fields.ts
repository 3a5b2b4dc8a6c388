/**
 * Fields that no schema knows: strict field validation refuses them before it looks at anything
 * else.
 */
import { asRecord } from "#cli/manifests/manifest.ts"
import type { Fault } from "./fault.ts"
import { nearest } from "./nearest.ts"
import type { SchemaNode } from "./schema-node.ts"

/** `root` is the schema of the whole object; `path` is empty for it. */
export function findUnknownFields(value: unknown, root: SchemaNode, path = ""): readonly Fault[] {
  if (Array.isArray(value) && root.items !== null) {
    const { items } = root
    return value.flatMap((item, index) => findUnknownFields(item, items, `${path}[${index}]`))
  }
  const fields = Object.entries(asRecord(value) ?? {})
  if (root.type !== "object") return []
  return fields.flatMap(([name, inner]) => {
    const here = path === "" ? name : `${path}.${name}`
    const schema = root.properties.get(name) ?? root.additional
    if (schema !== null) return findUnknownFields(inner, schema, here)
    const hint = nearest(name, root.properties.keys())
    const fault = { path: here, message: `unknown field "${here}"`, isBlocking: true }
    return [hint === undefined ? fault : { ...fault, hint }]
  })
}
