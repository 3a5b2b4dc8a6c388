/**
 * Which image URLs may go to an upstream. The sidecar fetches none; an upstream in the cluster
 * might, so schemes that reach files and literal addresses that reach machines are refused here.
 */
import {
  beginningOf,
  endOf,
  type JsonDocument,
  startOf,
  textEquals,
  textOf,
} from "#proxy/contract/json-document.ts"
import { type Refusal, refuse } from "#proxy/exchange/refusal.ts"

const INLINE = "data:image/"
/** A URL that is not `data:`; longer ones are no address of an image. */
const URL_BYTES_MAX = 8192

/**
 * The string at `node`, which stands at `where`; refuses `image_url_denied`. `inline`: how one
 * begins that has the data in it; another medium than an image has another.
 */
export function checkImageUrl(
  document: JsonDocument,
  node: number,
  where: string | (() => string),
  inline: string = INLINE,
): Refusal | null {
  const problem = findProblem(document, node, inline)
  if (problem === null) return null
  const param = typeof where === "string" ? where : where()
  return refuse("image_url_denied", `${param} ${problem}`, { param })
}

/** As the end of a sentence; null when nothing is wrong. */
function findProblem(document: JsonDocument, node: number, inline: string): string | null {
  if (beginningOf(document, node, inline.length).toLowerCase() === inline) return null
  if (endOf(document, node) - startOf(document, node) > URL_BYTES_MAX) {
    return `is over ${URL_BYTES_MAX} bytes`
  }
  if (textEquals(document, node, "")) return "must not be empty"
  const url = URL.parse(textOf(document, node))
  if (url === null) return "is not a URL"
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    return `must be http, https or ${inline}`
  }
  return isInternalHost(url.hostname) ? "names an internal address" : null
}

/**
 * Literal addresses and names that mean this host or its network; `URL` has normalised the address.
 */
function isInternalHost(host: string): boolean {
  const name = host.replace(/\.$/, "")
  if (/(^|\.)(localhost|local|internal|svc)$/.test(name) || !/[.:]/.test(name)) return true
  if (name.startsWith("[")) return !/^\[2[0-9a-f]{3}:/.test(name)
  const parts = /^(\d+)\.(\d+)\.\d+\.\d+$/.exec(name)
  if (parts === null) return false
  const first = Number(parts[1])
  const second = Number(parts[2])
  if ([0, 10, 127].includes(first) || first >= 224) return true
  if (first === 172) return second >= 16 && second < 32
  if (first === 100) return second >= 64 && second < 128
  return (first === 192 && second === 168) || (first === 169 && second === 254)
}
