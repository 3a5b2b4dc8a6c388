/**
 * Google's token endpoints, as far as the operator asks them: service account assertions, the
 * exchange of federated tokens, impersonation.
 *
 * Source: "Using OAuth 2.0 for server to server applications"; the reference of the Security Token
 * Service (`v1.token`) and of the IAM Service Account Credentials API (`generateAccessToken`).
 */
import { generateKeyPairSync } from "node:crypto"
import type { ClusterIssuer } from "./cluster-issuer.ts"
import { readJwt } from "./jwt.ts"
import { type Answer, type Asked, json, type StandIn, startStandIn } from "./stand-in.ts"

export interface Google extends StandIn {
  /** As the console gives it. */
  readonly keyFile: string
  /** Sends what is meant for Google here; anything else fails. */
  readonly fetch: typeof fetch
}

const EMAIL = "sidegate@models.iam.gserviceaccount.com"
const TOKEN_ENDPOINT = "https://oauth2.googleapis.com/token"
const CLOUD_PLATFORM = "https://www.googleapis.com/auth/cloud-platform"
export const POOL =
  "//iam.googleapis.com/projects/42/locations/global/workloadIdentityPools/k8s/providers/cluster"
export const IMPERSONATED = EMAIL
/** Audience of a token that the pool's provider accepts by default. */
export const POOL_AUDIENCE = `https:${POOL}`

export async function startGoogle(issuer: ClusterIssuer): Promise<Google> {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 })
  const standIn = await startStandIn((asked) => {
    switch (asked.path) {
      case "/oauth2.googleapis.com/token":
        return signIn(asked, (assertion) => readJwt(assertion, publicKey))
      case "/sts.googleapis.com/v1/token":
        return exchange(asked, issuer)
      case `/iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${encodeURIComponent(EMAIL)}:generateAccessToken`:
        return impersonate(asked)
      default:
        return json(404, { error: "not_found", error_description: asked.path })
    }
  })
  const keyFile = JSON.stringify(
    {
      type: "service_account",
      project_id: "models",
      private_key_id: "1",
      private_key: privateKey.export({ type: "pkcs8", format: "pem" }),
      client_email: EMAIL,
      client_id: "100",
      // Never followed: a key file is no way to have an assertion sent elsewhere.
      token_uri: "https://evil.example/token",
      universe_domain: "googleapis.com",
    },
    null,
    2,
  )
  const send: typeof fetch = (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input)
    if (!url.hostname.endsWith(".googleapis.com")) throw new Error(`asks ${url.hostname}`)
    return fetch(`${standIn.origin}/${url.hostname}${url.pathname}${url.search}`, init)
  }
  return { ...standIn, keyFile, fetch: send }
}

function signIn(
  { method, form }: Asked,
  read: (assertion: string | undefined) => Readonly<Record<string, unknown>> | undefined,
): Answer {
  if (method !== "POST" || form["grant_type"] !== "urn:ietf:params:oauth:grant-type:jwt-bearer") {
    return json(400, { error: "unsupported_grant_type", error_description: "Invalid grant_type" })
  }
  const claims = read(form["assertion"])
  const invalid = (why: string) => json(400, { error: "invalid_grant", error_description: why })
  if (claims === undefined) return invalid("Invalid JWT Signature.")
  const { iss, aud, scope, iat, exp } = claims
  if (iss !== EMAIL) return invalid("Invalid JWT: iss")
  if (aud !== TOKEN_ENDPOINT) return invalid("Invalid JWT: aud")
  if (Number(exp) - Number(iat) > 3600) return invalid("Invalid JWT: the token must be short-lived")
  if (scope !== CLOUD_PLATFORM) {
    return json(400, { error: "invalid_scope", error_description: String(scope) })
  }
  return json(200, { access_token: "ya29.signed-in", expires_in: 3599, token_type: "Bearer" })
}

function exchange({ method, form }: Asked, issuer: ClusterIssuer): Answer {
  const want = {
    grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
    audience: POOL,
    requested_token_type: "urn:ietf:params:oauth:token-type:access_token",
    subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
  }
  for (const [name, value] of Object.entries(want)) {
    if (method !== "POST" || form[name] !== value) {
      return json(400, {
        error: "invalid_request",
        error_description: `Invalid value for "${name}"`,
      })
    }
  }
  if (!(form["scope"] ?? "").split(" ").includes(CLOUD_PLATFORM)) {
    return json(400, { error: "invalid_scope", error_description: String(form["scope"]) })
  }
  if (!issuer.isOperator(form["subject_token"], POOL_AUDIENCE)) {
    const why = "The audience in ID Token does not match the expected audience."
    return json(400, { error: "invalid_grant", error_description: why })
  }
  return json(200, {
    access_token: "ya29.federated",
    issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
    token_type: "Bearer",
    expires_in: 3599,
  })
}

function impersonate({ method, headers, text }: Asked): Answer {
  if (method !== "POST" || headers.authorization !== "Bearer ya29.federated") {
    return json(401, {
      error: { code: 401, message: "no federated token", status: "UNAUTHENTICATED" },
    })
  }
  const { scope, lifetime } = JSON.parse(text) as {
    readonly scope: unknown
    readonly lifetime: string
  }
  if (JSON.stringify(scope) !== JSON.stringify([CLOUD_PLATFORM]) || lifetime !== "3600s") {
    return json(400, {
      error: { code: 400, message: "scope or lifetime", status: "INVALID_ARGUMENT" },
    })
  }
  const expireTime = new Date(Date.now() + 3_600_000).toISOString()
  return json(200, { accessToken: "ya29.impersonated", expireTime })
}
