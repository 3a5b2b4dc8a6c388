/**
 * What opens a provider, opaque: nothing that prints, logs, compares or serialises a value can show
 * any part of it.
 *
 * In: a pushed credential. Out: the headers of a request that carry it, at the last step before the
 * socket; texts with every part of it taken out.
 */
import { inspect } from "node:util"
import type { CredentialEntry } from "#proxy/contract/push.ts"
import type { HeaderList } from "#proxy/exchange/ports.ts"
import { type DayKey, dayOf, deriveKey, type SignableRequest, signAws } from "./sign-aws.ts"

const HIDDEN = "[secret]"
/**
 * So long before its end it is not sent any more: it has a way to go, and clouds tell the end in
 * seconds, counted from when we read their answer.
 */
export const EXPIRES_EARLY_MS = 2000

/** Which header carries a key or token, and what stands before it: the schema's adapter says. */
export interface Authorization {
  readonly header: string
  readonly prefix: string
}

export class Secret {
  readonly #entry: CredentialEntry
  #dayKey: DayKey | undefined

  constructor(entry: CredentialEntry) {
    this.#entry = entry
  }

  /** Wall clock in ms; infinite for a key. */
  get expiresAt(): number {
    return this.#entry.kind === "key" ? Number.POSITIVE_INFINITY : this.#entry.expiresAt
  }

  isExpired(now: number): boolean {
    return this.expiresAt - EXPIRES_EARLY_MS <= now
  }

  /** The headers to add, as a flat list, of a key or token; null of what signs each request. */
  carried({ header, prefix }: Authorization): string[] | null {
    const entry = this.#entry
    if (entry.kind === "key") return [header, `${prefix}${entry.value}`]
    // Also where a key has a header of its own: tokens of Entra and Google are bearer tokens.
    return entry.kind === "bearer" ? ["authorization", `Bearer ${entry.value}`] : null
  }

  /** The headers of a signed request; none of a key or token. `now` is the wall clock in ms. */
  sign(request: SignableRequest, now: number): string[] {
    const entry = this.#entry
    if (entry.kind !== "aws") return []
    const day = dayOf(now)
    if (this.#dayKey?.day !== day) this.#dayKey = deriveKey(entry, day)
    return signAws({ ...request, headers: mustBeSigned(request.headers) }, entry, this.#dayKey, now)
  }

  /** `text` with every part of it taken out, wherever it stands. */
  concealIn(text: string): string {
    let concealed = text
    for (const part of partsOf(this.#entry)) {
      if (part !== "") concealed = concealed.replaceAll(part, HIDDEN)
    }
    return concealed
  }

  holds(entry: CredentialEntry): boolean {
    return JSON.stringify(this.#entry) === JSON.stringify(entry)
  }

  toString(): string {
    return HIDDEN
  }

  toJSON(): string {
    return HIDDEN
  }

  [Symbol.toPrimitive](): string {
    return HIDDEN
  }

  [inspect.custom](): string {
    return HIDDEN
  }
}

/**
 * Besides `host` and what signing adds. The others are a client's, or what a proxy on the way may
 * write anew: a signature over them could fail through no fault of the keys. Source: "Create a
 * signed AWS API request", canonical headers.
 */
function mustBeSigned(headers: HeaderList): string[] {
  const signed: string[] = []
  for (let index = 0; index < headers.length; index += 2) {
    const [name = "", value = ""] = headers.slice(index, index + 2)
    if (name === "content-type" || name.startsWith("x-amz")) signed.push(name, value)
  }
  return signed
}

/** What must never be read by anybody. An access key id names a key, and is taken out as well. */
function partsOf(entry: CredentialEntry): readonly string[] {
  switch (entry.kind) {
    case "key":
    case "bearer":
      return [entry.value]
    case "aws":
      return [entry.secretAccessKey, entry.sessionToken ?? "", entry.accessKeyId]
    default:
      return entry satisfies never
  }
}
