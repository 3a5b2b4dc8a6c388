/**
 * Microsoft Entra's token endpoint, as far as the operator asks it: client credentials with a
 * secret or a federated assertion.
 *
 * Source: "OAuth 2.0 client credentials flow on the Microsoft identity platform": access token
 * request with a shared secret, with a federated credential; error response.
 */
import type { ClusterIssuer } from "./cluster-issuer.ts"
import { type Answer, type Asked, json, type StandIn, startStandIn } from "./stand-in.ts"

export const TENANT = "11111111-2222-3333-4444-555555555555"
export const CLIENT = "66666666-7777-8888-9999-000000000000"

export interface EntraWorld {
  readonly issuer: ClusterIssuer
  readonly tls: { readonly cert: string; readonly key: string }
  /** The one that is good now. */
  readonly clientSecret: () => string
  readonly scope: string
  /** How long its tokens are good, in seconds. */
  readonly lifeSeconds?: () => number
  readonly isDown?: () => boolean
}

export interface GivenToken {
  readonly token: string
  /** Wall clock in ms. */
  readonly at: number
  readonly expiresAt: number
}

export interface Entra extends StandIn {
  /** Access tokens given so far. */
  readonly given: readonly GivenToken[]
}

export async function startEntra(world: EntraWorld): Promise<Entra> {
  const given: GivenToken[] = []
  const standIn = await startStandIn((asked) => {
    const { origin } = standIn
    const { pathname: path } = new URL(asked.path, origin)
    if (path === `/${TENANT}/v2.0/.well-known/openid-configuration`) return describe(origin)
    if (path !== `/${TENANT}/oauth2/v2.0/token`) return json(404, { error: "not_found" })
    if (world.isDown?.() === true)
      return refuse(503, "temporarily_unavailable", "AADSTS90033: down.")
    const refusal = judge(asked, world)
    if (refusal !== undefined) return refusal
    const token = `entra-token-${given.length + 1}`
    const seconds = world.lifeSeconds?.() ?? 3599
    given.push({ token, at: Date.now(), expiresAt: Date.now() + seconds * 1000 })
    const life = { expires_in: seconds, ext_expires_in: seconds }
    return json(200, { token_type: "Bearer", ...life, access_token: token })
  }, world.tls)
  return { ...standIn, given }
}

function describe(origin: string): Answer {
  const base = `${origin}/${TENANT}`
  return json(200, {
    token_endpoint: `${base}/oauth2/v2.0/token`,
    authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
    end_session_endpoint: `${base}/oauth2/v2.0/logout`,
    jwks_uri: `${base}/discovery/v2.0/keys`,
    issuer: `${base}/v2.0`,
  })
}

function judge({ method, form, headers }: Asked, world: EntraWorld): Answer | undefined {
  if (method !== "POST" || form["grant_type"] !== "client_credentials") {
    return refuse(400, "unsupported_grant_type", "AADSTS70003: The grant type is not supported.")
  }
  if (!String(headers["content-type"]).startsWith("application/x-www-form-urlencoded")) {
    return refuse(400, "invalid_request", "AADSTS900144: The request body must be a form.")
  }
  if (form["client_id"] !== CLIENT) {
    return refuse(400, "unauthorized_client", `AADSTS700016: Application was not found.`)
  }
  if (form["scope"] !== world.scope) {
    return refuse(400, "invalid_scope", `AADSTS70011: The scope ${form["scope"]} is not valid.`)
  }
  if (form["client_assertion"] === undefined) {
    if (form["client_secret"] === world.clientSecret()) return undefined
    const why = `AADSTS7000215: Invalid client secret provided, got ${form["client_secret"]}.`
    return refuse(401, "invalid_client", why)
  }
  const type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
  const isKnown = world.issuer.isOperator(form["client_assertion"], "api://AzureADTokenExchange")
  if (form["client_assertion_type"] === type && isKnown) return undefined
  return refuse(401, "invalid_client", "AADSTS700212: No matching federated identity record found.")
}

/** The words after the first differ each time. */
function refuse(status: number, error: string, says: string): Answer {
  const trace = `Trace ID: ${crypto.randomUUID()} Timestamp: ${new Date().toISOString()}`
  return json(status, { error, error_description: `${says} ${trace}` })
}
