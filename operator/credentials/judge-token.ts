/**
 * Whether what a cloud gave can be used at all, before anybody is sent it. Pure.
 *
 * A stand-in of the cloud's on the way (a proxy, a captive portal) answers 200 with anything, and
 * the SDKs hand it on: a token that no header can carry would break requests, one whose end is no
 * number would have the cloud asked again at once, for ever.
 */
import type { MintedToken } from "./minted-token.ts"
import type { SecretValue } from "./secret-value.ts"

/** Together with everything else it must fit into the head of a request. */
const CHARACTERS_MAX = 16 * 1024
/** The last moment that a Date can be. */
const MOMENT_MAX = 8.64e15
/** So long before its end a sidecar does not send it any more. */
const EXPIRES_EARLY_MS = 2000
const HEADER_TEXT = /^[!-~]+$/

/**
 * Why not, steady for as long as it is so; null when it can. `now`: wall clock in ms.
 *
 * What has expired when it comes shows that two clocks differ. It is not sent, so that what
 * sidecars hold stays.
 */
export function faultOfToken(token: MintedToken, now: number): string | null {
  for (const value of partsOf(token)) {
    const text = value.reveal()
    if (text.length > CHARACTERS_MAX) return `the token that came is over ${CHARACTERS_MAX} bytes`
    if (!HEADER_TEXT.test(text)) return "the token that came is none: no header can carry it"
  }
  const { expiresAt } = token
  if (!Number.isSafeInteger(expiresAt) || Math.abs(expiresAt) > MOMENT_MAX) {
    return "the token that came does not say when it expires"
  }
  if (expiresAt - EXPIRES_EARLY_MS > now) return null
  return "the token that came had expired already, by the operator's clock"
}

function partsOf(token: MintedToken): readonly SecretValue[] {
  if (token.kind === "bearer") return [token.value]
  const { accessKeyId, secretAccessKey, sessionToken } = token
  return [accessKeyId, secretAccessKey, ...(sessionToken === null ? [] : [sessionToken])]
}
