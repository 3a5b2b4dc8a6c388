/**
 * AWS Signature Version 4 over a request as it will be sent, within one turn: the attempt's intent
 * is written and the request must follow at once, so nothing here waits.
 *
 * In: the request, the keys, the wall clock. Out: the headers to add. It knows no clock, and of
 * services only what all but S3 share: paths are normalised, and encoded once more than they are
 * sent, so that `%3A` in a path is signed as `%253A`.
 * Source: "Create a signed AWS API request" in the IAM User Guide, and AWS's own test suite.
 */
import { createHash, createHmac } from "node:crypto"
import type { HeaderList } from "#proxy/exchange/ports.ts"

export interface AwsKeys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string | null
  readonly region: string
  readonly service: string
}

export interface SignableRequest {
  readonly method: string
  /** Of a URL: scheme, host and port. */
  readonly origin: string
  /** Origin-form target as it is sent, with its query. */
  readonly path: string
  /** Lower-case names. */
  readonly headers: HeaderList
  readonly body: Uint8Array | string
}

/** The signing key of a day (UTC, `yyyymmdd`): good for every request of that day. */
export interface DayKey {
  readonly day: string
  readonly key: Uint8Array
}

/** What is hop by hop, or what AWS lets others on the way change. */
const UNSIGNED = new Set([
  "accept-encoding",
  "authorization",
  "connection",
  "expect",
  "transfer-encoding",
  "user-agent",
  "x-amzn-trace-id",
])
const ALGORITHM = "AWS4-HMAC-SHA256"

/** Day of `now` (ms since the epoch) as the scope of a signature names it. */
export function dayOf(now: number): string {
  return timestamp(now).slice(0, 8)
}

export function deriveKey({ secretAccessKey, region, service }: AwsKeys, day: string): DayKey {
  const steps = [day, region, service, "aws4_request"]
  const key = steps.reduce<string | Uint8Array>(hmac, `AWS4${secretAccessKey}`)
  return { day, key: Buffer.from(key) }
}

/** The headers to add, as a flat list. `dayKey` must be of the day of `now`, and of `keys`. */
export function signAws(
  request: SignableRequest,
  keys: AwsKeys,
  dayKey: DayKey,
  now: number,
): string[] {
  const added = ["x-amz-date", timestamp(now)]
  if (keys.sessionToken !== null) added.push("x-amz-security-token", keys.sessionToken)
  const { text, signedHeaders } = canonicalRequest(request, added)
  const scope = `${dayKey.day}/${keys.region}/${keys.service}/aws4_request`
  const toSign = [ALGORITHM, timestamp(now), scope, sha256(text)].join("\n")
  const signature = Buffer.from(hmac(dayKey.key, toSign)).toString("hex")
  const credential = `Credential=${keys.accessKeyId}/${scope}`
  const value = `${credential}, SignedHeaders=${signedHeaders}, Signature=${signature}`
  return [...added, "authorization", `${ALGORITHM} ${value}`]
}

/** Exported for the published vectors, some of which end here. */
export function canonicalRequest(
  { method, origin, path, headers, body }: SignableRequest,
  added: HeaderList,
): { readonly text: string; readonly signedHeaders: string } {
  const cut = path.indexOf("?")
  const [target, query] = cut < 0 ? [path, ""] : [path.slice(0, cut), path.slice(cut + 1)]
  const values = headerValues(["host", new URL(origin).host, ...headers, ...added])
  const names = [...values.keys()].sort()
  const lines = names.map((name) => `${name}:${values.get(name)?.join(",")}\n`)
  const signedHeaders = names.join(";")
  const text = [
    method,
    normalise(target).split("/").map(encode).join("/"),
    canonicalQuery(query),
    lines.join(""),
    signedHeaders,
    sha256(body),
  ].join("\n")
  return { text, signedHeaders }
}

/** By name; a repeated one has its values in order. White space around and between is one space. */
function headerValues(headers: HeaderList): ReadonlyMap<string, readonly string[]> {
  const values = new Map<string, string[]>()
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] ?? ""
    if (UNSIGNED.has(name)) continue
    const value = (headers[index + 1] ?? "").trim().replaceAll(/\s+/g, " ")
    values.set(name, [...(values.get(name) ?? []), value])
  }
  return values
}

/** Without dot segments and empty segments (RFC 3986, 5.2.4, and one slash for many). */
function normalise(path: string): string {
  const kept: string[] = []
  for (const segment of path.split("/")) {
    if (segment === "..") kept.pop()
    else if (segment !== "." && segment !== "") kept.push(segment)
  }
  const end = kept.length > 0 && path.endsWith("/") ? "/" : ""
  return `/${kept.join("/")}${end}`
}

function canonicalQuery(query: string): string {
  if (query === "") return ""
  const pairs = query.split("&").map((pair) => {
    const [name = "", ...value] = pair.split("=")
    return [encode(decode(name)), encode(decode(value.join("=")))] as const
  })
  // Both parts are ASCII here, so the order of UTF-16 units is that of bytes.
  pairs.sort(([a, x], [b, y]) => (a === b ? compare(x, y) : compare(a, b)))
  return pairs.map(([name, value]) => `${name}=${value}`).join("&")
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** A `%` that begins no escape stands for itself. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** All but the unreserved characters of RFC 3986, as UTF-8, in capitals. */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (character) => {
    return `%${character.charCodeAt(0).toString(16).toUpperCase()}`
  })
}

/** `20150830T123600Z`. */
function timestamp(now: number): string {
  return `${new Date(now).toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z`
}

function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex")
}

function hmac(key: string | Uint8Array, data: string): Uint8Array {
  return createHmac("sha256", key).update(data).digest()
}
