/** Pieces to one run of bytes: without a copy where they lie back to back in one buffer. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts
  const last = parts.at(-1)
  if (first === undefined || last === undefined) return new Uint8Array(0)
  if (parts.length === 1) return first
  if (areAdjacent(parts)) {
    const end = last.byteOffset + last.length
    return new Uint8Array(first.buffer, first.byteOffset, end - first.byteOffset)
  }
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

function areAdjacent(parts: readonly Uint8Array[]): boolean {
  return parts.every((part, index) => {
    const before = parts[index - 1]
    if (before === undefined) return true
    return before.buffer === part.buffer && before.byteOffset + before.length === part.byteOffset
  })
}
