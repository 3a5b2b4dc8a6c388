/** One object of our kinds, as the API server would judge it at `kubectl apply`. */
import { asRecord } from "#cli/manifests/manifest.ts"
import { crdOf } from "#operator/api/v1alpha1/crd.ts"
import type { KindDefinition } from "#operator/api/v1alpha1/kind-definition.ts"
import { checkRules } from "./cel-rules.ts"
import type { Fault } from "./fault.ts"
import { checkMetadata, findUnknownMetadata, findUnreadableMetadata } from "./metadata.ts"
import { readSchema, type SchemaNode } from "./schema-node.ts"
import { checkStructure } from "./structure.ts"
import { findUnknownFields } from "./unknown-fields.ts"

/**
 * Every fault that the API server would name, in its order: unknown fields alone, else structure,
 * else rules too. An empty list means that it would take the object.
 */
export function checkObject(object: unknown, definition: KindDefinition): readonly Fault[] {
  const first = checkReadable(object, definition)
  return first.length > 0 ? first : checkWritten(object, definition)
}

/** All at once, for a person: also what the API server says once the unknown fields are gone. */
export function findAllFaults(object: unknown, definition: KindDefinition): readonly Fault[] {
  return [...checkReadable(object, definition), ...checkWritten(object, definition)]
}

/** Metadata that cannot be read, else fields that are not known. */
export function checkReadable(object: unknown, definition: KindDefinition): readonly Fault[] {
  const { metadata, ...fields } = asRecord(object) ?? {}
  const unreadable = findUnreadableMetadata(metadata)
  if (unreadable.length > 0) return unreadable
  return [...findUnknownMetadata(metadata), ...findUnknownFields(fields, schemaOf(definition))]
}

function checkWritten(object: unknown, definition: KindDefinition): readonly Fault[] {
  const schema = schemaOf(definition)
  const { metadata, ...fields } = asRecord(object) ?? {}
  // The status of a new object is dropped, whatever it says.
  const { status: _status, ...rest } = fields
  const written = withoutNulls({ ...rest, metadata: { name: asRecord(metadata)?.["name"] ?? "" } })
  const faults = [...checkMetadata(metadata), ...checkStructure(written, schema, "")]
  if (faults.some(({ isBlocking }) => isBlocking)) return faults
  return [...faults, ...checkRules(written, schema, "")]
}

/**
 * The API server drops a field that is null; a null item of a list stays, and has the wrong type.
 */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  const fields = asRecord(value)
  if (fields === undefined) return value
  const kept = Object.entries(fields).filter(([, inner]) => inner !== null)
  return Object.fromEntries(kept.map(([name, inner]) => [name, withoutNulls(inner)]))
}

const METADATA: SchemaNode = readSchema({
  type: "object",
  properties: { name: { type: "string" } },
})
const schemas = new Map<string, SchemaNode>()

/**
 * The schema in the CRD; the name is all that rules may see of `metadata`, which is checked by
 * other code.
 */
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
