/**
 * JSON schemas for kubeconform, from the API server's own `/openapi/v3`: nothing is downloaded.
 *
 * In: a control plane, a folder. Out: one file for each kind in it, closed: fields that the API
 * server does not know are refused. Gives the location template for `-schema-location`.
 */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { at, listAt, textAt } from "#operator/kube/json-path.ts"
import { createKubeClient, loadKubeConfig } from "#operator/kube/kube-client.ts"
import type { ControlPlaneAccess } from "#test/control-plane/control-plane.ts"

type Schemas = Readonly<Record<string, unknown>>

const REF = "#/components/schemas/"

export async function writeSchemas(access: ControlPlaneAccess, folder: string): Promise<string> {
  const client = createKubeClient(loadKubeConfig(access.kubeconfigPath))
  mkdirSync(folder, { recursive: true })
  const index = await client.request({ method: "GET", path: "/openapi/v3" })
  for (const path of Object.keys(at(index, "paths") ?? {})) {
    if (!/^api(s\/[^/]+)?\/v\d/.test(path)) continue
    const document = await client.request({ method: "GET", path: `/openapi/v3/${path}` })
    writeKinds(Object(at(document, "components", "schemas")), folder)
  }
  client.close()
  return join(folder, "{{.Group}}-{{.ResourceKind}}-{{.ResourceAPIVersion}}.json")
}

function writeKinds(schemas: Schemas, folder: string): void {
  for (const [name, schema] of Object.entries(schemas)) {
    for (const kind of listAt(schema, "x-kubernetes-group-version-kind")) {
      const version = textAt(kind, "version") ?? ""
      // Of what has no group kubeconform calls the version the group.
      const group = textAt(kind, "group") || version
      const lower = (textAt(kind, "kind") ?? "").toLowerCase()
      const definitions = Object.fromEntries(
        [...reachable(schemas, name)].map((one) => [one, closed(schemas[one])]),
      )
      const whole = { $ref: `#/definitions/${name}`, definitions }
      const file = `${group}-${lower}-${version}.json`
      writeFileSync(join(folder, file), JSON.stringify(whole))
    }
  }
}

/** Names of a schema and of all that it refers to. */
function reachable(schemas: Schemas, name: string): ReadonlySet<string> {
  const found = new Set([name])
  for (const one of found) {
    for (const [, ref] of JSON.stringify(schemas[one]).matchAll(
      /"#\/components\/schemas\/([^"]+)"/g,
    )) {
      if (ref !== undefined) found.add(ref)
    }
  }
  return found
}

/** The schema with references into `definitions`, and without room for unknown fields. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed)
  if (typeof schema !== "object" || schema === null) return schema
  const entries = Object.entries(schema).map(([key, value]): [string, unknown] => {
    if (key === "$ref") return [key, String(value).replace(REF, "#/definitions/")]
    // Names of fields are no keywords: a CRD's schema has a field `default`.
    if (key === "properties") return [key, mapped(value)]
    return [key, key === "default" || key === "enum" ? value : closed(value)]
  })
  const copy = Object.fromEntries(entries)
  const isOpen =
    !("properties" in copy) ||
    "additionalProperties" in copy ||
    copy["x-kubernetes-preserve-unknown-fields"] === true
  return isOpen ? copy : { ...copy, additionalProperties: false }
}

function mapped(fields: unknown): object {
  const entries = Object.entries(Object(fields)).map(([name, schema]) => [name, closed(schema)])
  return Object.fromEntries(entries)
}
