/** The pieces of a body that is waited for whole, up to a limit. */

export interface BodyParts {
  /** False when this piece is over the limit: it and the pieces before it are let go. */
  add(bytes: Uint8Array, bytesMax: number): boolean
  /** All of it; a single piece is given back as it came. */
  take(): Uint8Array
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
      const [first] = parts
      if (first !== undefined && parts.length === 1) return first
      const body = new Uint8Array(length)
      let at = 0
      for (const part of parts) {
        body.set(part, at)
        at += part.length
      }
      return body
    },
  }
}
