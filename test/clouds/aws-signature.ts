/**
 * Whether a request is signed as a service of AWS wants it: by the signer that AWS's own vectors
 * prove, over what arrived.
 */
import { dayOf, deriveKey, signAws } from "#proxy/upstream/sign-aws.ts"
import type { Asked } from "./stand-in.ts"

export interface SignatureFault {
  readonly code: string
  readonly message: string
}

const CREDENTIAL =
  /Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([^,]+)/
const SIGNATURE = /Signature=([0-9a-f]{64})$/
const SKEW_MAX_MS = 300_000

/** The access key id that a request names; undefined when it names none. */
export function signerOf(asked: Asked): string | undefined {
  return CREDENTIAL.exec(asked.headers.authorization ?? "")?.[1]
}

/** `secretOf` gives the secret key of an access key id that may sign. */
export function findSignatureFault(
  asked: Asked,
  { region, service }: { readonly region: string; readonly service: string },
  secretOf: (id: string) => string | undefined,
): SignatureFault | null {
  const sent = asked.headers.authorization ?? ""
  const [, id = "", , inRegion, ofService, signedHeaders = ""] = CREDENTIAL.exec(sent) ?? []
  const secretAccessKey = secretOf(id)
  if (secretAccessKey === undefined) {
    return { code: "InvalidClientTokenId", message: "The security token included is invalid" }
  }
  if (inRegion !== region || ofService !== service) {
    return { code: "SignatureDoesNotMatch", message: "Credential should be scoped to this service" }
  }
  const date = String(asked.headers["x-amz-date"])
  const now = Date.parse(date.replace(/(\d{4})(\d\d)(\d\dT\d\d)(\d\d)(\d\d)Z/, "$1-$2-$3:$4:$5Z"))
  if (Math.abs(now - Date.now()) > SKEW_MAX_MS) {
    return { code: "RequestExpired", message: "Request expired" }
  }
  const token = asked.headers["x-amz-security-token"]
  const sessionToken = typeof token === "string" ? token : null
  const keys = { accessKeyId: id, secretAccessKey, sessionToken, region, service }
  const added = new Set(["host", "x-amz-date", "x-amz-security-token"])
  const headers = signedHeaders
    .split(";")
    .filter((name) => !added.has(name))
    .flatMap((name) => [name, String(asked.headers[name])])
  const { method, path, text: body } = asked
  const request = { method, origin: `http://${asked.headers.host}`, path, headers, body }
  const want = signAws(request, keys, deriveKey(keys, dayOf(now)), now).at(-1) ?? ""
  if (SIGNATURE.exec(want)?.[1] === SIGNATURE.exec(sent)?.[1]) return null
  const message = "The request signature we calculated does not match"
  return { code: "SignatureDoesNotMatch", message }
}
