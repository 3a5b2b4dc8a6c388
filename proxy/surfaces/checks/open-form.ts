/**
 * The body as a checked form: its parts, and its fields as a JSON object, so that they are looked
 * at like those of any other body. A name that stands more than once is a list.
 */
import type { JsonDocument } from "#proxy/contract/json-document.ts"
import { accept, type Decision, type RequestForm, reject } from "#proxy/exchange/parsed-request.ts"
import type { RawRequest } from "#proxy/exchange/ports.ts"
import { excerpt, type Refusal, refuse } from "#proxy/exchange/refusal.ts"
import {
  chooseBoundary,
  type FormFault,
  type FormPart,
  parseForm,
  readBoundary,
} from "#proxy/wire/multipart.ts"
import type { SurfaceLimits } from "../limits.ts"
import { invalid } from "./field-checks.ts"
import { openBody } from "./open-body.ts"

/** Of all fields that are no files together; more: 413. */
const FIELD_BYTES_MAX = 4 * 1024 * 1024

export interface OpenedForm {
  readonly form: RequestForm
  readonly document: JsonDocument
}

/** `once`: names that must not stand twice, since readers differ in which of them counts. */
export function openForm(
  { headers, body, id }: RawRequest,
  limits: SurfaceLimits,
  once: readonly string[],
): Decision<OpenedForm> {
  const boundary = readBoundary(headers["content-type"] ?? "")
  if (boundary === null) {
    const message = "the content-type has no boundary of 1 to 70 characters that RFC 2046 allows"
    return reject(refuse("bad_request", message, { param: "content-type" }))
  }
  const parsed = parseForm(body, boundary)
  if (!parsed.ok) return reject(refuseFault(parsed.fault))
  const { parts } = parsed
  const refusal = checkParts(parts, once)
  if (refusal !== null) return reject(refusal)
  const fields = fieldsOf(parts)
  if (!fields.ok) return fields
  const opened = openBody(fields.value, limits.requestJson)
  if (!opened.ok) return opened
  const own = chooseBoundary(parts, id)
  if (own === null) return reject(refuse("bad_request", "the form holds boundaries of the gateway"))
  return accept({ form: { parts, boundary: own }, document: opened.value })
}

function refuseFault({ isTooLarge, part, message }: FormFault): Refusal {
  const where = part === 0 ? "the form" : `part ${part} of the form`
  return refuse(isTooLarge ? "request_too_large" : "bad_request", `${where}: ${message}`)
}

function checkParts(parts: readonly FormPart[], once: readonly string[]): Refusal | null {
  for (const name of once) {
    if (parts.filter((part) => part.name === name).length < 2) continue
    return refuse("duplicate_key", `the form has more than one ${name}`, { param: name })
  }
  const fields = parts.filter(({ isFile }) => !isFile)
  const bytes = fields.reduce((sum, { content }) => sum + content.length, 0)
  if (bytes > FIELD_BYTES_MAX) {
    const message = `the form's fields without files have ${bytes} bytes`
    return refuse("request_too_large", `${message}; at most ${FIELD_BYTES_MAX} are taken`)
  }
  const coded = fields.find(({ contentType }) => OTHER_CHARSET.test(contentType ?? ""))
  return coded === undefined ? null : invalid(excerpt(coded.name), "must be in UTF-8")
}

const OTHER_CHARSET = /;[\t ]*charset=(?!"?(?:utf-?8|us-ascii)"?[\t ]*(?:;|$))/i

/** JSON text of the fields. */
function fieldsOf(parts: readonly FormPart[]): Decision<Uint8Array> {
  const fields = new Map<string, string[]>()
  const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
  for (const { name, isFile, content } of parts) {
    if (isFile) continue
    try {
      fields.set(name, [...(fields.get(name) ?? []), utf8.decode(content)])
    } catch {
      return reject(invalid(excerpt(name), "must be in UTF-8"))
    }
  }
  const members = [...fields].map(([name, texts]) => {
    const value = texts.length === 1 ? texts[0] : texts
    return `${JSON.stringify(name)}:${JSON.stringify(value)}`
  })
  return accept(new TextEncoder().encode(`{${members.join(",")}}`))
}
