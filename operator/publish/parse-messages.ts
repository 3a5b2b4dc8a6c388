/**
 * What a sidecar says, from parsed JSON to typed values, or the JSON path of the first thing wrong.
 *
 * Pure. Fields nobody knows are ignored: a newer sidecar may say more. Texts that end up in a
 * status or an Event are cut and freed of control characters, so that a tenant cannot write into
 * somebody's terminal.
 */
import type { HeldVersion, Hello, Nack, StatusReport, Version } from "#proxy/contract/push.ts"

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly message: string }

/** Longer reasons are cut. */
export const NACK_TEXT_MAX = 1024

const HASH = /^[0-9a-f]{64}$/
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to remove
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g

export function parseHello(body: unknown): Parsed<Hello> {
  return parsing(() => {
    const { boot, held, credentials, journalSequence, schemaVersion, release } = object(body, "")
    return {
      boot: text(boot, "/boot", 128),
      held: held === null ? null : heldVersion(held, "/held"),
      credentials: credentials === null ? null : text(credentials, "/credentials", 128),
      journalSequence: integer(journalSequence, "/journalSequence", 0),
      schemaVersion: integer(schemaVersion, "/schemaVersion", 1),
      release: text(release, "/release", 64),
    }
  })
}

export function parseStatus(body: unknown): Parsed<StatusReport> {
  return parsing(() => {
    const { session, version, held, nack } = object(body, "")
    return {
      session: text(session, "/session", 128),
      version: parseVersion(version, "/version"),
      held: held === null ? null : heldVersion(held, "/held"),
      nack: nack === null ? null : parseNack(nack),
    }
  })
}

/** Thrown by the readers below and caught by `parsing`, nowhere else. */
class Fault extends Error {}

function parsing<T>(read: () => T): Parsed<T> {
  try {
    return { ok: true, value: read() }
  } catch (error) {
    if (error instanceof Fault) return { ok: false, message: error.message }
    throw error
  }
}

function parseNack(value: unknown): Nack {
  const { reason, object: named, path } = object(value, "/nack")
  return {
    reason: printable(reason, "/nack/reason"),
    object: named === null ? null : printable(named, "/nack/object"),
    path: path === null ? null : printable(path, "/nack/path"),
  }
}

function heldVersion(value: unknown, path: string): HeldVersion {
  const { hash } = object(value, path)
  if (typeof hash !== "string" || !HASH.test(hash))
    throw new Fault(`${path}/hash: must be 64 lower-case hexadecimal digits`)
  return { ...parseVersion(value, path), hash }
}

function parseVersion(value: unknown, path: string): Version {
  const { term, generation } = object(value, path)
  return {
    term: integer(term, `${path}/term`, 0),
    generation: integer(generation, `${path}/generation`, 0),
  }
}

function object(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Fault(`${path}: must be an object`)
  return value as Readonly<Record<string, unknown>>
}

function text(value: unknown, path: string, lengthMax: number): string {
  if (typeof value === "string" && value.length > 0 && value.length <= lengthMax) return value
  throw new Fault(`${path}: must be a string of 1 to ${lengthMax} characters`)
}

function printable(value: unknown, path: string): string {
  if (typeof value !== "string") throw new Fault(`${path}: must be a string`)
  return value.slice(0, NACK_TEXT_MAX).replace(CONTROL, " ")
}

function integer(value: unknown, path: string, min: number): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= min) return value
  throw new Fault(`${path}: must be an integer of at least ${min}`)
}
