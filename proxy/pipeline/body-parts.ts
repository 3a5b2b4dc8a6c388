/** The pieces of a body that is waited for whole, up to a limit. */
import { joinBytes } from "#proxy/wire/join-bytes.ts"

export interface BodyParts {
  /** False when this piece is over the limit: it and the pieces before it are let go. */
  add(bytes: Uint8Array, bytesMax: number): boolean
  /** All of it, which is then let go; a single piece is given back as it came. */
  take(): Uint8Array
  /** What is held, in bytes. */
  readonly bytes: number
}

export function createBodyParts(): BodyParts {
  let parts: Uint8Array[] = []
  let length = 0
  return {
    add(bytes, bytesMax) {
      length += bytes.length
      if (length <= bytesMax) {
        parts.push(bytes)
        return true
      }
      parts = []
      length = 0
      return false
    },
    take() {
      const body = joinBytes(parts)
      // The attempt lives as long as its answer is on the way to a client that may read slowly.
      parts = []
      length = 0
      return body
    },
    get bytes() {
      return length
    },
  }
}
