/**
 * The schema of an answer for a wire whose formats have no description: it stands in the schema,
 * where models read it as well, unless that has one of its own.
 */
import { scanJson } from "#proxy/contract/json-scan.ts"
import { JsonView } from "#proxy/contract/json-view.ts"
import { RawJson, writeJson } from "#proxy/contract/json-write.ts"
import type { OutputFormat } from "#proxy/exchange/chat-request.ts"
import { CHECKED_JSON } from "./checked-json.ts"

type SchemaFormat = Extract<OutputFormat, { readonly kind: "json-schema" }>

export function describeSchema({ schema, description }: SchemaFormat): RawJson {
  if (description === null) return schema
  const scanned = scanJson(new TextEncoder().encode(schema.text), CHECKED_JSON)
  if (!scanned.ok) return schema
  const view = new JsonView(scanned.document)
  if (!view.isObject || view.member("description") !== undefined) return schema
  const rest = schema.text.slice(schema.text.indexOf("{") + 1).trimStart()
  const comma = rest.startsWith("}") ? "" : ","
  return new RawJson(`{"description":${writeJson(description)}${comma}${rest}`)
}
