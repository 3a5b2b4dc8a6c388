/**
 * Temporary security credentials of AWS, by the AWS SDK: loaded when the first provider asks for
 * it, and by no other file.
 *
 * In: an identity and what it is proved with. Out: credentials for an hour. The SDK is told
 * everything, so its own search for credentials, files and metadata services is never begun.
 */
import {
  AssumeRoleCommand,
  AssumeRoleWithWebIdentityCommand,
  type Credentials,
  GetSessionTokenCommand,
  STSClient,
} from "@aws-sdk/client-sts"
import { fromHttp } from "@aws-sdk/credential-provider-http"
import { MintError, type MintedToken } from "./minted-token.ts"
import { SecretValue } from "./secret-value.ts"

/** AWS gives no chained role, and no session of a user by default, for longer. */
const SECONDS = 3600
/** Shows in CloudTrail. */
const SESSION_NAME = "sidegate-operator"

export interface StsOptions {
  readonly region: string
  /** Null is STS of the region. */
  readonly endpoint: string | null
  readonly timeoutMs: number
}

export interface AccessKey {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

/** `token`: of a ServiceAccount, for the audience that the role's trust policy names. */
export async function assumeWithWebIdentity(
  sts: StsOptions,
  roleArn: string,
  token: string,
): Promise<MintedToken> {
  // The request is not signed: the token is its proof.
  const client = clientOf(sts, { accessKeyId: "", secretAccessKey: "" })
  const command = new AssumeRoleWithWebIdentityCommand({
    RoleArn: roleArn,
    RoleSessionName: SESSION_NAME,
    WebIdentityToken: token,
    DurationSeconds: SECONDS,
  })
  return tokenOf((await client.send(command)).Credentials)
}

/** A session of the key's own user, or of the role. */
export async function openSession(
  sts: StsOptions,
  key: AccessKey,
  roleArn: string | null,
): Promise<MintedToken> {
  const client = clientOf(sts, key)
  if (roleArn === null) {
    const command = new GetSessionTokenCommand({ DurationSeconds: SECONDS })
    return tokenOf((await client.send(command)).Credentials)
  }
  const command = new AssumeRoleCommand({
    RoleArn: roleArn,
    RoleSessionName: SESSION_NAME,
    DurationSeconds: SECONDS,
  })
  return tokenOf((await client.send(command)).Credentials)
}

export interface ContainerOptions {
  readonly uri: string
  readonly tokenFile: string | null
  readonly timeoutMs: number
}

/** Credentials of the pod's own role, from the agent on the node. */
export async function askContainer({
  uri,
  tokenFile,
  timeoutMs,
}: ContainerOptions): Promise<{ readonly key: AccessKey; readonly token: MintedToken }> {
  const provide = fromHttp({
    awsContainerCredentialsFullUri: uri,
    ...(tokenFile === null ? {} : { awsContainerAuthorizationTokenFile: tokenFile }),
    timeout: timeoutMs,
    maxRetries: 0,
  })
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = await provide()
  const token = tokenOf({
    AccessKeyId: accessKeyId,
    SecretAccessKey: secretAccessKey,
    SessionToken: sessionToken,
    Expiration: expiration,
  })
  const session = sessionToken === undefined ? {} : { sessionToken }
  return { key: { accessKeyId, secretAccessKey, ...session }, token }
}

/** The keeper of the tokens decides about repeats, so the SDK makes none. */
function clientOf({ region, endpoint, timeoutMs }: StsOptions, credentials: AccessKey): STSClient {
  return new STSClient({
    region,
    credentials,
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: timeoutMs,
      requestTimeout: timeoutMs,
      throwOnRequestTimeout: true,
    },
    ...(endpoint === null ? {} : { endpoint }),
  })
}

function tokenOf(credentials: Partial<Credentials> | undefined): MintedToken {
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = credentials ?? {}
  if (AccessKeyId === undefined || SecretAccessKey === undefined || Expiration === undefined) {
    throw new MintError("the answer has no credentials, or they never expire")
  }
  return {
    kind: "aws",
    accessKeyId: new SecretValue(AccessKeyId),
    secretAccessKey: new SecretValue(SecretAccessKey),
    sessionToken: SessionToken === undefined ? null : new SecretValue(SessionToken),
    expiresAt: Expiration.getTime(),
  }
}
