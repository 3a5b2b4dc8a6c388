/**
 * Access tokens of Google, by google-auth-library: loaded when the first provider asks for it, and
 * by no other file.
 *
 * In: an identity and what it is proved with. Out: a token for an hour. Every endpoint is Google's
 * own and given here: what a key file says of endpoints, files or programs is not followed.
 */
import { IdentityPoolClient, type IdentityPoolClientOptions, JWT } from "google-auth-library"
import { CONTROL_JSON, parseJson } from "#proxy/contract/json.ts"
import { MintError, type MintedToken } from "./minted-token.ts"
import { SecretValue } from "./secret-value.ts"

const SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]

export interface GoogleOptions {
  readonly timeoutMs: number
  /** The global one when absent; tests answer in Google's place. */
  readonly fetch?: typeof fetch
}

/** `file`: JSON as the console gives it. */
export async function signInWithKey(file: string, options: GoogleOptions): Promise<MintedToken> {
  const { email, key, keyId } = readKeyFile(file)
  const client = new JWT({ email, key, keyId, scopes: SCOPES, ...transport(options) })
  const { access_token: token, expiry_date: expiresAt } = await client.authorize().catch(throwWords)
  return tokenOf(token, expiresAt)
}

export interface FederatedOptions extends GoogleOptions {
  readonly audience: string
  readonly serviceAccount: string | null
  readonly token: string
}

export async function exchangeToken(options: FederatedOptions): Promise<MintedToken> {
  const { audience, serviceAccount, token } = options
  const account = encodeURIComponent(serviceAccount ?? "")
  const url = `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${account}`
  const client = new FederatedClient({
    type: "external_account",
    audience,
    subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
    token_url: "https://sts.googleapis.com/v1/token",
    subject_token_supplier: { getSubjectToken: async () => token },
    scopes: SCOPES,
    ...(serviceAccount === null
      ? {}
      : { service_account_impersonation_url: `${url}:generateAccessToken` }),
    ...transport(options),
  })
  const { token: value } = await client.getAccessToken().catch(throwWords)
  return tokenOf(value, client.credentials.expiry_date)
}

/** The library's own, whose exchange would else have neither our time limit nor our way out. */
class FederatedClient extends IdentityPoolClient {
  constructor(options: IdentityPoolClientOptions) {
    super(options)
    Object.assign(this.stsCredential, { transporter: this.transporter })
  }
}

function transport({ timeoutMs, fetch }: GoogleOptions) {
  return {
    transporterOptions: {
      timeout: timeoutMs,
      // The keeper of the tokens decides about repeats; the library asks for some in places.
      retry: false,
      retryConfig: { retry: 0 },
      ...(fetch === undefined ? {} : { fetchImplementation: fetch }),
    },
  }
}

function tokenOf(
  value: string | null | undefined,
  expiresAt: number | null | undefined,
): MintedToken {
  if (typeof value !== "string" || typeof expiresAt !== "number") {
    throw new MintError("the answer has no access token, or it never expires")
  }
  return { kind: "bearer", value: new SecretValue(value), expiresAt }
}

/**
 * Google's own words, which stand in two shapes (RFC 6749, 5.2, and AIP-193) and which the library
 * reads from one each; without any, the status. What never was an answer keeps the library's.
 */
function throwWords(error: unknown): never {
  const answer = memberOf(error, "response")
  const status = memberOf(answer, "status")
  if (typeof status !== "number") throw error
  const data = memberOf(answer, "data")
  const told = memberOf(data, "error")
  const code = [told, memberOf(told, "status")].find((one) => typeof one === "string")
  const words = [memberOf(data, "error_description"), memberOf(told, "message")].find(
    (one) => typeof one === "string",
  )
  const said = [code, words].filter((one) => one !== undefined).join(": ")
  throw new MintError(said === "" ? `Google answered with status ${status} and says no more` : said)
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined
  return Reflect.get(value, name)
}

interface KeyFile {
  readonly email: string
  readonly key: string
  readonly keyId: string
}

/** Of the public cloud. A key of another (a sovereign one) is none at its endpoints. */
const UNIVERSE = "googleapis.com"

/** Nothing of the file's content is in the message. */
function readKeyFile(file: string): KeyFile {
  const read = parseJson(Buffer.from(file), CONTROL_JSON)
  const value: unknown = read.ok ? read.value : null
  if (typeof value !== "object" || value === null) throw new MintError("the key file is not JSON")
  const text = (name: string): string => {
    const field: unknown = Object.getOwnPropertyDescriptor(value, name)?.value
    if (typeof field === "string" && field !== "") return field
    throw new MintError(`the key file has no ${name}`)
  }
  if (text("type") !== "service_account") {
    throw new MintError("the key file is not of type service_account")
  }
  const universe: unknown = Object.getOwnPropertyDescriptor(value, "universe_domain")?.value
  if (universe !== undefined && universe !== UNIVERSE) {
    throw new MintError(`the key file is of another universe than ${UNIVERSE}, the only one known`)
  }
  return { email: text("client_email"), key: text("private_key"), keyId: text("private_key_id") }
}
