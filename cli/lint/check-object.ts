/** One object of our kinds, as the API server would judge it at `kubectl apply`. */
import { asRecord } from "#cli/manifests/manifest.ts"
import { crdOf } from "#operator/api/v1alpha1/crd.ts"
import type { KindDefinition } from "#operator/api/v1alpha1/kind-definition.ts"
import { checkRules } from "./cel-rules.ts"
import type { Fault } from "./fault.ts"
import { checkMetadata, METADATA_FIELDS } from "./metadata.ts"
import { readSchema, type SchemaNode } from "./schema-node.ts"
import { checkStructure } from "./structure.ts"
import { findUnknownFields } from "./unknown-fields.ts"

/**
 * Every fault that the API server would name, in its order: unknown fields alone, else structure, else rules too.
 * An empty list means that it would take the object.
 */
export function checkObject(object: unknown, definition: KindDefinition): readonly Fault[] {
  const schema = schemaOf(definition)
  const fields = asRecord(object) ?? {}
  const unknown = [
    ...findUnknownFields(fields, schema),
    ...Object.keys(asRecord(fields["metadata"]) ?? {})
      .filter((name) => !METADATA_FIELDS.includes(name))
      .map((name) => unknownMetadata(name)),
  ]
  if (unknown.length > 0) return unknown
  // The status of a new object is dropped, whatever it says.
  const { status: _status, ...written } = fields
  const pruned = asRecord(withoutTopNulls(written)) ?? {}
  const faults = [...checkMetadata(fields["metadata"]), ...checkStructure(pruned, schema, "")]
  if (faults.some(({ isBlocking }) => isBlocking)) return faults
  return [...faults, ...checkRules(pruned, schema, "")]
}

const METADATA: SchemaNode = readSchema({
  type: "object",
  properties: { name: { type: "string" } },
})
const schemas = new Map<string, SchemaNode>()

/** The schema in the CRD; the name is all that rules may see of `metadata`, which is checked by other code. */
function schemaOf(definition: KindDefinition): SchemaNode {
  const known = schemas.get(definition.kind)
  if (known !== undefined) return known
  const versions = asRecord(crdOf(definition)["spec"])?.["versions"]
  const version: unknown = Array.isArray(versions) ? versions[0] : undefined
  const read = readSchema(asRecord(asRecord(version)?.["schema"])?.["openAPIV3Schema"])
  const properties = new Map([...read.properties, ["metadata", METADATA]])
  const schema = { ...read, properties }
  schemas.set(definition.kind, schema)
  return schema
}
