/**
 * Readers for plain values that came over a wire: the typed value, or a fault with its JSON
 * pointer.
 */

/** Thrown while linking and turned into a NACK by `linkRuntime`; never leaves this folder. */
export class LinkFault extends Error {
  readonly path: string
  readonly object: string | null
  constructor(message: string, path: string, object: string | null = null) {
    super(message)
    this.path = path
    this.object = object
  }
}

/** Runs `read` so that a fault in it names `object`, as the operator knows it. */
export function within<T>(object: string, read: () => T): T {
  try {
    return read()
  } catch (fault) {
    if (!(fault instanceof LinkFault)) throw fault
    throw new LinkFault(fault.message, fault.path, object)
  }
}

export type Fields = Readonly<Record<string, unknown>>

export function readObject(value: unknown, path: string): Fields {
  if (!isFields(value)) throw new LinkFault("must be an object", path)
  return value
}

export function readList(value: unknown, path: string, max: number): readonly unknown[] {
  if (!Array.isArray(value)) throw new LinkFault("must be a list", path)
  if (value.length > max) throw new LinkFault(`must have at most ${max} entries`, path)
  return value
}

export function readText(value: unknown, path: string): string {
  if (typeof value !== "string") throw new LinkFault("must be a string", path)
  return value
}

export function readTexts(value: unknown, path: string, max: number): readonly string[] {
  return readList(value, path, max).map((item, index) => readText(item, `${path}/${index}`))
}

export function readNullable<T>(
  value: unknown,
  path: string,
  read: (value: unknown, path: string) => T,
): T | null {
  return value === null ? null : read(value, path)
}

export function readBoolean(value: unknown, path: string): boolean {
  if (typeof value !== "boolean") throw new LinkFault("must be true or false", path)
  return value
}

/** A safe integer from `min` to `max`. */
export function readInteger(value: unknown, path: string, min: number, max: number): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < min || value > max) {
    throw new LinkFault(`must be an integer from ${min} to ${max}`, path)
  }
  return value
}

export function readOneOf<T extends string>(
  value: unknown,
  path: string,
  allowed: readonly T[],
): T {
  const found = allowed.find((item) => item === value)
  if (found === undefined) throw new LinkFault(`must be one of ${allowed.join(", ")}`, path)
  return found
}

export function readMap<T>(
  value: unknown,
  path: string,
  read: (value: unknown, path: string, key: string) => T,
): Readonly<Record<string, T>> {
  const fields = readObject(value, path)
  const out: Record<string, T> = Object.create(null)
  for (const [key, item] of Object.entries(fields)) {
    out[key] = read(item, `${path}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`, key)
  }
  return out
}

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}
