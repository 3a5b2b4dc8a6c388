/**
 * Finds a secret in bytes, however it was written there: as it is, in base64 at any offset, in hex,
 * percent-encoded, escaped in JSON, as UTF-16, or only its beginning or end.
 *
 * In: places with their bytes, canaries. Out: one sentence for each find. Pure.
 */

export interface Canary {
  readonly name: string
  readonly bytes: Buffer
}

export interface Place {
  readonly name: string
  readonly bytes: Buffer
}

/** So much of a canary, from either end, is a find too; long enough not to be there by chance. */
const PIECE_BYTES = 16

export function findLeaks(
  places: readonly Place[],
  canaries: readonly Canary[],
): readonly string[] {
  const needles = canaries.flatMap((canary) =>
    [...formsOf(canary.bytes)].map(([form, bytes]) => ({ canary: canary.name, form, bytes })),
  )
  return places.flatMap((place) =>
    needles.flatMap(({ canary, form, bytes }) =>
      place.bytes.includes(bytes) ? [`${canary}, ${form}, is in ${place.name}`] : [],
    ),
  )
}

function formsOf(bytes: Buffer): ReadonlyMap<string, Buffer> {
  const forms = new Map<string, Buffer>()
  const add = (form: string, text: string | Buffer): void => {
    const needle = Buffer.from(text)
    if (needle.length >= PIECE_BYTES) forms.set(form, needle)
  }
  const text = bytes.toString("latin1")
  add("as it is", bytes)
  add("its beginning", bytes.subarray(0, PIECE_BYTES))
  add("its end", bytes.subarray(-PIECE_BYTES))
  add("in hex", bytes.toString("hex"))
  add("in upper-case hex", bytes.toString("hex").toUpperCase())
  add("percent-encoded", encodeURIComponent(text))
  add("escaped in JSON", JSON.stringify(text).slice(1, -1))
  add("as UTF-16", Buffer.from(text, "utf16le"))
  for (const offset of [0, 1, 2]) {
    add(`in base64 at offset ${offset}`, base64Inside(bytes, offset, "base64"))
    add(`in base64url at offset ${offset}`, base64Inside(bytes, offset, "base64url"))
  }
  return forms
}

/** What is the same in the base64 of any text that has the bytes at an offset of `offset` mod 3. */
function base64Inside(bytes: Buffer, offset: number, alphabet: "base64" | "base64url"): string {
  const padded = Buffer.concat([Buffer.alloc(offset), bytes])
  const wholeBits = padded.length * 8
  const text = padded.toString(alphabet).replaceAll("=", "")
  return text.slice(Math.ceil((offset * 8) / 6), Math.floor(wholeBits / 6))
}
