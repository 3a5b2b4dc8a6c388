/** The address of a medium, which in OpenAI's requests may hold the medium itself. */
import type { JsonView } from "#proxy/contract/json-view.ts"
import type { MediaSource } from "#proxy/exchange/chat-request.ts"
import { badValue } from "#proxy/exchange/read-body.ts"

/** Of a member that holds the medium itself and no address. */
export function readData(url: string, at: JsonView): MediaSource {
  const source = readUrl(url, at)
  return source.kind === "data" ? source : badValue(at, MUST)
}

const MUST = "must be a data URL of the form data:TYPE;base64,DATA"

/** A `data:` URL to its parts (RFC 2397, base64 only); anything else is an address. */
export function readUrl(url: string, at: JsonView): MediaSource {
  if (!/^data:/i.test(url)) return { kind: "url", url, mimeType: null }
  const comma = url.indexOf(",")
  const head = url.slice(5, comma)
  if (comma < 0 || !/;base64$/i.test(head)) {
    return badValue(at, MUST)
  }
  const type = (head.split(";")[0] ?? "").toLowerCase()
  // A name that OpenAI takes, and others refuse.
  const mimeType = type === "image/jpg" ? "image/jpeg" : type
  return { kind: "data", mimeType, base64: url.slice(comma + 1) }
}
