/**
 * AWS's Security Token Service and the container credentials endpoint, as far as the operator asks
 * them, checked as the API reference says (version 2011-06-15, query protocol).
 *
 * Source: "AWS Security Token Service API Reference": AssumeRoleWithWebIdentity, AssumeRole,
 * GetSessionToken, Common Errors; "AWS SDKs and Tools Reference Guide": Container credential
 * provider.
 */
import { findSignatureFault } from "./aws-signature.ts"
import type { ClusterIssuer } from "./cluster-issuer.ts"
import { type Answer, type Asked, json, type StandIn, startStandIn } from "./stand-in.ts"

export interface StsWorld {
  readonly issuer: ClusterIssuer
  /** The region whose endpoint this is: signatures for another are refused. */
  readonly region: string
  /** Access keys that may sign, by id. */
  readonly keys: ReadonlyMap<string, string>
  /** Roles that may be assumed. */
  readonly roles: ReadonlySet<string>
  /** How long what it gives is good, in ms; as asked for when absent. */
  readonly lifeMs?: () => number
  /** Refuses everything while it says so. */
  readonly isDown?: () => boolean
}

export interface Sts extends StandIn {
  /** The sessions given, by their access key id. */
  readonly sessions: ReadonlyMap<string, Session>
}

export interface Session {
  readonly secret: string
  readonly token: string
  /** Wall clock in ms. */
  readonly at: number
  readonly expiresAt: number
}

const AUDIENCE = "sts.amazonaws.com"

export async function startSts(world: StsWorld): Promise<Sts> {
  const sessions = new Map<string, Session>()
  const give = (asked: Asked): Answer => {
    const id = `ASIA${String(sessions.size + 1).padStart(16, "0")}`
    const action = asked.form["Action"] ?? ""
    const lifeMs = world.lifeMs?.() ?? Number(asked.form["DurationSeconds"]) * 1000
    const times = { at: Date.now(), expiresAt: Date.now() + lifeMs }
    const session = { secret: `secret-of-${id}`, token: `token-of-${id}//==`, ...times }
    sessions.set(id, session)
    const expiration = new Date(session.expiresAt).toISOString()
    const credentials =
      `<AccessKeyId>${id}</AccessKeyId><SecretAccessKey>${session.secret}</SecretAccessKey>` +
      `<SessionToken>${session.token}</SessionToken><Expiration>${expiration}</Expiration>`
    const result = `<${action}Result><Credentials>${credentials}</Credentials></${action}Result>`
    const metadata = "<ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata>"
    const body =
      `<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">` +
      `${result}${metadata}</${action}Response>`
    return { status: 200, type: "text/xml", body }
  }
  const standIn = await startStandIn((asked) => {
    if (world.isDown?.() === true) return refuse(503, "ServiceUnavailable", "try again later")
    return judge(asked, world) ?? give(asked)
  })
  return { ...standIn, sessions }
}

/** The refusal that STS would give; undefined when it would not. */
function judge(asked: Asked, world: StsWorld): Answer | undefined {
  const { form, method, path, headers } = asked
  if (method !== "POST" || path !== "/" || form["Version"] !== "2011-06-15") {
    return refuse(400, "InvalidAction", "no such action or version")
  }
  const seconds = Number(form["DurationSeconds"])
  if (!(seconds >= 900 && seconds <= 3600)) {
    return refuse(400, "ValidationError", "durationSeconds must be from 900 to 3600")
  }
  const action = form["Action"]
  if (action === "GetSessionToken") return judgeSignature(asked, world)
  if (!/^[\w+=,.@-]{2,64}$/.test(form["RoleSessionName"] ?? "")) {
    return refuse(400, "ValidationError", "roleSessionName is malformed")
  }
  if (action === "AssumeRoleWithWebIdentity") {
    if (headers.authorization !== undefined) return refuse(400, "InvalidAction", "it is unsigned")
    if (!world.issuer.isOperator(form["WebIdentityToken"], AUDIENCE)) {
      return refuse(400, "InvalidIdentityToken", "Incorrect token audience")
    }
  } else if (action === "AssumeRole") {
    const refusal = judgeSignature(asked, world)
    if (refusal !== undefined) return refusal
  } else return refuse(400, "InvalidAction", `Could not find operation ${action}`)
  if (world.roles.has(form["RoleArn"] ?? "")) return undefined
  const message = `Not authorized to perform sts:${action}`
  return refuse(403, "AccessDenied", message)
}

function judgeSignature(asked: Asked, { keys, region }: StsWorld): Answer | undefined {
  const fault = findSignatureFault(asked, { region, service: "sts" }, (id) => keys.get(id))
  return fault === null ? undefined : refuse(403, fault.code, fault.message)
}

function refuse(status: number, code: string, message: string): Answer {
  const error = `<Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error>`
  const body =
    `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">` +
    `${error}<RequestId>r-1</RequestId></ErrorResponse>`
  return { status, type: "text/xml", body }
}

/** The agent on the node: it knows the pod by the token that the cluster gave it. */
export async function startContainerEndpoint(
  issuer: ClusterIssuer,
  credentials: { readonly id: string; readonly secret: string; readonly token: string },
): Promise<StandIn> {
  return startStandIn(({ method, path, headers }) => {
    if (method !== "GET" || path !== "/v1/credentials")
      return json(404, { message: "no such path" })
    if (!issuer.isOperator(headers.authorization, "pods.eks.amazonaws.com")) {
      return json(400, { code: "InvalidTokenException", message: "the token is not valid" })
    }
    const { id, secret, token } = credentials
    const expiration = new Date(Date.now() + 3_600_000).toISOString()
    const account = { AccountId: "123456789012" }
    const keys = { AccessKeyId: id, SecretAccessKey: secret, Token: token }
    return json(200, { ...keys, Expiration: expiration, ...account })
  })
}
