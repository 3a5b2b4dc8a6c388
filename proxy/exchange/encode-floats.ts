/** A vector as OpenAI's `base64`: 32-bit floats, little-endian, in base64. */
import { scanJson } from "#proxy/contract/json-scan.ts"
import { JsonView } from "#proxy/contract/json-view.ts"
import type { RawJson } from "#proxy/contract/json-write.ts"

const LIMITS = { bytesMax: 8 * 1024 * 1024, depthMax: 2, tokensMax: 1_000_000 }
const CHUNK = 8192

/** `vector` is a JSON array of numbers; anything else in it is NaN, as servers write one as null. */
export function encodeFloats(vector: RawJson): string {
  const scanned = scanJson(new TextEncoder().encode(vector.text), LIMITS)
  const items = scanned.ok ? new JsonView(scanned.document).items() : []
  const view = new DataView(new ArrayBuffer(items.length * 4))
  for (const [index, item] of items.entries())
    view.setFloat32(index * 4, item.number() ?? Number.NaN, true)
  const bytes = new Uint8Array(view.buffer)
  let text = ""
  for (let at = 0; at < bytes.length; at += CHUNK) {
    text += String.fromCharCode(...bytes.subarray(at, at + CHUNK))
  }
  return btoa(text)
}
