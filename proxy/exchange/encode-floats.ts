/** A vector as OpenAI's `base64`: 32-bit floats, little-endian, in base64. */
import type { RawJson } from "#proxy/contract/json-write.ts"

const CHUNK = 8192

/**
 * `vector` is a JSON array of numbers, cut at its commas, since there may be a million of them;
 * anything else in it is NaN, as servers write one as null.
 */
export function encodeFloats(vector: RawJson): string {
  const inner = vector.text.slice(1, -1)
  const items = inner.trim() === "" ? [] : inner.split(",")
  const view = new DataView(new ArrayBuffer(items.length * 4))
  for (const [index, item] of items.entries()) {
    view.setFloat32(index * 4, Number(item), true)
  }
  const bytes = new Uint8Array(view.buffer)
  let text = ""
  for (let at = 0; at < bytes.length; at += CHUNK) {
    text += String.fromCharCode(...bytes.subarray(at, at + CHUNK))
  }
  return btoa(text)
}
