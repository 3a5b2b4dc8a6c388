/**
 * From a Secret of the credentials namespace to what may be known of it, and to its values.
 *
 * In    the object as the API server or a manifest gives it.
 * Out   SecretFacts for the index (never a value), and SecretValues for the vault, only of Secrets
 *       whose type is ours: the operator's own certificates live beside them.
 * Must not know who asks, nor which provider uses a key.
 */
import { isUtf8 } from "node:buffer"
import { createHash } from "node:crypto"
import type { SecretFacts } from "#operator/index/view.ts"
import { vendorOfKey } from "./key-prefix.ts"
import { SecretValue } from "./secret-value.ts"

export const PROVIDER_CREDENTIAL_TYPE = "sidegate.dev/provider-credential"
export const ALLOWED_HOSTS_ANNOTATION = "sidegate.dev/allowed-hosts"
/** A longer value is `CredentialMalformed`: no provider's key comes near it. */
export const VALUE_BYTES_MAX = 16 * 1024

/** The fields of a Secret that are looked at. `data` is base64; `stringData` is plain and wins. */
export interface SecretObject {
  readonly name: string
  readonly uid: string
  readonly type: string
  readonly annotations: Readonly<Record<string, string>>
  readonly data: Readonly<Record<string, string>>
  readonly stringData: Readonly<Record<string, string>>
}

export interface ReadSecret {
  readonly facts: SecretFacts
  /** By key; only those without a problem. */
  readonly values: ReadonlyMap<string, SecretValue>
  /** By key; the others that are text at all, such as key files: no header can carry them. */
  readonly files: ReadonlyMap<string, SecretValue>
  /** Keys whose value ended in a line end that was cut off: worth a Warning. */
  readonly trimmed: readonly string[]
}

export function readSecret(secret: SecretObject): ReadSecret {
  const keys: Record<string, SecretFacts["keys"][string]> = {}
  const values = new Map<string, SecretValue>()
  const files = new Map<string, SecretValue>()
  const trimmed: string[] = []
  for (const [key, bytes] of entriesOf(secret)) {
    const read = readValue(bytes)
    keys[key] = read.ok ? factsOfKey(read.text) : { problem: read.problem }
    if (secret.type !== PROVIDER_CREDENTIAL_TYPE) continue
    if (read.ok) values.set(key, new SecretValue(read.text))
    else if (bytes.length <= VALUE_BYTES_MAX && isUtf8(bytes)) {
      files.set(key, new SecretValue(Buffer.from(bytes).toString("utf8")))
    }
    if (read.ok && read.isTrimmed) trimmed.push(key)
  }
  return {
    facts: {
      name: secret.name,
      type: secret.type,
      allowedHosts: readHosts(secret.annotations[ALLOWED_HOSTS_ANNOTATION]),
      keys,
      fingerprint: fingerprint(secret.uid, new Map([...values, ...files])),
    },
    values,
    files,
    trimmed,
  }
}

function factsOfKey(text: string): SecretFacts["keys"][string] {
  const looksLike = vendorOfKey(text)
  return { problem: null, ...(looksLike === undefined ? {} : { looksLike }) }
}

type ReadValue =
  | { readonly ok: true; readonly text: string; readonly isTrimmed: boolean }
  | { readonly ok: false; readonly problem: string }

/**
 * One value as the text of a header. A line end at the end is cut off (`echo KEY | base64` leaves
 * one); anything else that is not printable ASCII is a problem, named by length and offset, never
 * by content.
 */
function readValue(bytes: Uint8Array): ReadValue {
  const of = `a value of ${bytes.length} bytes`
  if (bytes.length > VALUE_BYTES_MAX) {
    return { ok: false, problem: `${of} is longer than ${VALUE_BYTES_MAX}` }
  }
  let end = bytes.length
  while (end > 0 && (bytes[end - 1] === 0x0a || bytes[end - 1] === 0x0d)) end--
  if (end === 0) return { ok: false, problem: `${of} is empty` }
  const bad = bytes.subarray(0, end).findIndex((byte) => byte <= 0x20 || byte >= 0x7f)
  if (bad >= 0) {
    return { ok: false, problem: `${of} has ${nameByte(bytes[bad] ?? 0)} at offset ${bad}` }
  }
  if (isQuote(bytes[0]) && bytes[0] === bytes[end - 1]) {
    return { ok: false, problem: `${of} stands in quotation marks` }
  }
  const text = Buffer.from(bytes.subarray(0, end)).toString("latin1")
  return { ok: true, text, isTrimmed: end < bytes.length }
}

function nameByte(byte: number): string {
  if (byte === 0x20 || byte === 0x09) return "white space"
  if (byte === 0x0a || byte === 0x0d) return "a line end"
  return byte < 0x20 || byte === 0x7f ? "a control character" : "a byte that is not ASCII"
}

function isQuote(byte: number | undefined): boolean {
  return byte === 0x22 || byte === 0x27
}

function entriesOf(secret: SecretObject): readonly [string, Uint8Array][] {
  const entries = new Map<string, Uint8Array>()
  for (const [key, text] of Object.entries(secret.data))
    entries.set(key, Buffer.from(text, "base64"))
  for (const [key, text] of Object.entries(secret.stringData)) entries.set(key, Buffer.from(text))
  return [...entries].sort(([a], [b]) => (a < b ? -1 : 1))
}

/** Lower case, without the empty items that a trailing comma leaves. */
function readHosts(annotation: string | undefined): readonly string[] | null {
  if (annotation === undefined) return null
  const hosts = annotation.split(",").map((host) => host.trim().toLowerCase())
  return hosts.filter((host) => host !== "")
}

/**
 * Salted with the Secret's uid, so that equal keys in two Secrets do not show as equal. It stays in
 * this process; even outside it would give nothing away, as a provider key holds too much chance to
 * guess.
 */
function fingerprint(uid: string, values: ReadonlyMap<string, SecretValue>): string {
  const hash = createHash("sha256").update(uid)
  for (const [key, value] of values) hash.update(`\0${key}\0${value.reveal()}`)
  return hash.digest("hex")
}
