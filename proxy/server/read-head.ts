/**
 * The head of a request, judged on its raw form before anything interprets it.
 *
 * In: method, target and header lines as the parser found them. Out: path and headers by lower-case
 * name, or a refusal. Nothing is normalised: a path that is not spelled exactly as an endpoint is
 * no endpoint. Source: RFC 9112 sections 3.2 and 6; `reliability.md` 4.1, H5 to H19.
 */
import { excerpt, type Refusal, refuse } from "#proxy/exchange/refusal.ts"

export interface Head {
  readonly path: string
  /** What follows the first `?`; empty without one. */
  readonly query: string
  readonly headers: Readonly<Record<string, string | undefined>>
  /** Undefined for a chunked body. */
  readonly contentLength: number | undefined
  readonly isChunked: boolean
}

export type HeadResult =
  | { readonly ok: true; readonly head: Head }
  | {
      readonly ok: false
      readonly refusal: Refusal
      /** The framing of what follows cannot be trusted: the connection must not be reused. */
      readonly isFatal: boolean
    }

export type BodyMedia = "json" | "form"

export interface HeadLimits {
  readonly headersMax: number
}

/** `rawHeaders` is flat: name, value, name, value ... */
export function readHead(
  method: string,
  target: string,
  rawHeaders: readonly string[],
  limits: HeadLimits,
): HeadResult {
  if (rawHeaders.length > limits.headersMax * 2) {
    const count = rawHeaders.length / 2
    const message = `the request has ${count} header lines; at most ${limits.headersMax} are taken`
    return no(refuse("headers_too_large", message))
  }
  const headers = new HeaderBag()
  const fault = collect(headers, rawHeaders) ?? checkFraming(headers) ?? checkHost(headers["host"])
  if (fault !== undefined) return fault
  const targetFault = checkTarget(method, target, headers)
  if (targetFault !== undefined) return no(targetFault)
  const mark = target.indexOf("?")
  const length = headers["content-length"]
  const path = mark < 0 ? target : target.slice(0, mark)
  const query = mark < 0 ? "" : target.slice(mark + 1)
  const contentLength = length === undefined ? undefined : Number(length)
  const isChunked = headers["transfer-encoding"] !== undefined
  return { ok: true, head: { path, query, headers, contentLength, isChunked } }
}

/**
 * What a request with a body must say of it; undefined when all is well.
 * Refuses `empty_body`, `request_too_large`, `unsupported_media_type`.
 */
export function checkBody(head: Head, takes: BodyMedia, bodyBytesMax: number): Refusal | undefined {
  const { headers, contentLength, isChunked } = head
  const coding = headers["content-encoding"]
  if (coding !== undefined && coding.toLowerCase() !== "identity") {
    const message = `the content-encoding "${excerpt(coding)}" is not taken; send the body as it is`
    return refuse("unsupported_media_type", message, { param: "content-encoding" })
  }
  const type = headers["content-type"]
  const { accepted, send, what } = BODY_MEDIA[takes]
  if (type === undefined || !accepted.test(type)) {
    const said = type === undefined ? "is missing" : `"${excerpt(type)}" is not taken`
    const message = `the content-type ${said}; send ${send}`
    return refuse("unsupported_media_type", message, { param: "content-type" })
  }
  if (!isChunked && (contentLength === undefined || contentLength === 0)) {
    return refuse("empty_body", `the request has no body; send ${what}`)
  }
  return contentLength === undefined ? undefined : checkBodyBytes(contentLength, bodyBytesMax)
}

/** Refuses `request_too_large`; `bytes` is what was announced or has come so far. */
export function checkBodyBytes(bytes: number, bodyBytesMax: number): Refusal | undefined {
  if (bytes <= bodyBytesMax) return undefined
  const message = `the body has ${bytes} bytes or more; at most ${bodyBytesMax} are taken`
  return refuse("request_too_large", message)
}

/** Refuses `unexpected_body`. */
export function checkNoBody(head: Head): Refusal | undefined {
  if (!head.isChunked && (head.contentLength ?? 0) === 0) return undefined
  return refuse("unexpected_body", "a request with this method has no body; leave it out")
}

/** A form's boundary is checked by its reader. */
const BODY_MEDIA = Object.freeze({
  json: {
    accepted: /^application\/json[\t ]*(?:;[\t ]*charset[\t ]*=[\t ]*"?utf-?8"?[\t ]*)?;?$/i,
    send: "application/json in UTF-8",
    what: "a JSON object",
  },
  form: {
    accepted: /^multipart\/form-data[\t ]*(?:;|$)/i,
    send: "multipart/form-data",
    what: "a form",
  },
})
const HOST = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$/
const BAD_VALUE = /[^\t\x20-\x7e]/

/** A second line of any other header joins the first with a comma, as RFC 9110 section 5.3 says. */
const ONCE = new Set([
  "authorization",
  "content-encoding",
  "content-length",
  "content-type",
  "expect",
  "idempotency-key",
  "traceparent",
  "transfer-encoding",
  "upgrade",
])

/**
 * Without any prototype: a header may be called `__proto__` or `constructor` and is only a header.
 */
class HeaderBag {
  readonly [name: string]: string | undefined
}
Object.setPrototypeOf(HeaderBag.prototype, null)
Reflect.deleteProperty(HeaderBag.prototype, "constructor")

function collect(
  headers: Record<string, string | undefined>,
  rawHeaders: readonly string[],
): HeadResult | undefined {
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? "").toLowerCase()
    const value = rawHeaders[index + 1] ?? ""
    if (BAD_VALUE.test(value)) {
      const message = `the header ${excerpt(name)} has a character outside printable ASCII`
      return no(refuse("bad_header", message, { param: excerpt(name) }))
    }
    const before = headers[name]
    if (before === undefined) {
      headers[name] = value
      continue
    }
    if (name === "host")
      return no(refuse("bad_host", "the request has more than one Host header"), true)
    if (ONCE.has(name) || name.startsWith("x-sidegate-")) {
      const message = `the header ${excerpt(name)} stands more than once`
      return no(refuse("bad_header", message, { param: excerpt(name) }), true)
    }
    headers[name] = `${before}, ${value}`
  }
  return undefined
}

function checkFraming(headers: HeaderBag): HeadResult | undefined {
  const coding = headers["transfer-encoding"]
  if (coding === undefined) return undefined
  if (coding.toLowerCase() !== "chunked") {
    if (!/(?:^|[\t ,])chunked$/i.test(coding)) {
      // Nobody could tell where such a body ends (RFC 9112 section 6.3).
      const message = `the transfer-encoding "${excerpt(coding)}" does not end in chunked`
      return no(refuse("bad_request", message), true)
    }
    const message = `the transfer-encoding "${excerpt(coding)}" is not taken; only chunked is`
    return no(refuse("transfer_coding_unsupported", message), true)
  }
  if (headers["content-length"] === undefined) return undefined
  return no(refuse("bad_request", "Content-Length and Transfer-Encoding exclude each other"), true)
}

function checkHost(host: string | undefined): HeadResult | undefined {
  if (host !== undefined && HOST.test(host)) return undefined
  const said = host === undefined ? "is missing" : `"${excerpt(host)}" is not a host and port`
  return no(refuse("bad_host", `the Host header ${said}`), true)
}

function checkTarget(method: string, target: string, headers: HeaderBag): Refusal | undefined {
  if (method === "TRACE" || method === "CONNECT") {
    return refuse("method_not_allowed", `the method ${method} is not taken`)
  }
  if (!target.startsWith("/")) {
    if (target === "*") return refuse("method_not_allowed", "OPTIONS * is not taken")
    const message = "the request target must be a path such as /v1/chat/completions"
    return refuse("absolute_form", message)
  }
  // An offer to go on in HTTP/2 may be ignored (RFC 9110 section 7.8) and Java's client makes it
  // unasked.
  const upgrade = headers["upgrade"]
  if (upgrade !== undefined && upgrade.toLowerCase() !== "h2c") {
    return refuse("bad_request", `an upgrade to "${excerpt(upgrade)}" is not taken`)
  }
  return undefined
}

function no(refusal: Refusal, isFatal = false): HeadResult {
  return { ok: false, refusal, isFatal }
}
