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
  const command = new AssumeRoleWithWebIdentityCommand({
    RoleArn: roleArn,
    RoleSessionName: SESSION_NAME,
    WebIdentityToken: token,
    DurationSeconds: SECONDS,
  })
  // The request is not signed: the token is its proof.
  const nobody = { accessKeyId: "", secretAccessKey: "" }
  return askSts(sts, nobody, (client) => client.send(command))
}

/** A session of the key's own user, or of the role. */
export async function openSession(
  sts: StsOptions,
  key: AccessKey,
  roleArn: string | null,
): Promise<MintedToken> {
  if (roleArn === null) {
    const command = new GetSessionTokenCommand({ DurationSeconds: SECONDS })
    return askSts(sts, key, (client) => client.send(command))
  }
  const command = new AssumeRoleCommand({
    RoleArn: roleArn,
    RoleSessionName: SESSION_NAME,
    DurationSeconds: SECONDS,
  })
  return askSts(sts, key, (client) => client.send(command))
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
    // What is left out is looked for in the environment, and a relative address would go first.
    awsContainerCredentialsRelativeUri: "",
    awsContainerAuthorizationToken: "",
    awsContainerAuthorizationTokenFile: tokenFile ?? "",
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

type Answered = { readonly Credentials?: Credentials | undefined }

/** No connection is left open: the next request comes in most of an hour. */
async function askSts(
  sts: StsOptions,
  key: AccessKey,
  send: (client: STSClient) => Promise<Answered>,
): Promise<MintedToken> {
  const client = clientOf(sts, key)
  try {
    return tokenOf((await send(client)).Credentials)
  } catch (error) {
    throw withoutWords(error)
  } finally {
    client.destroy()
  }
}

/** An answer that STS itself never gave is named by its status; the SDK says why it cannot read. */
function withoutWords(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  // Its words have the times, which differ each time: a status would never be steady.
  if (/^Signature (expired|not yet current)/.test(error.message)) {
    return new MintError(`${error.name}: STS refuses the signature, as the operator's clock is off`)
  }
  if (error.name !== "Unknown" && !error.message.includes("Deserialization error")) return error
  const status =
    numberIn(error, "$metadata", "httpStatusCode") ?? numberIn(error, "$response", "statusCode")
  return new MintError(`STS answered with status ${status} and nothing that can be read`)
}

function numberIn(error: Error, member: string, name: string): number | undefined {
  const value: unknown = Reflect.get(error, member)
  const found: unknown =
    typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined
  return typeof found === "number" ? found : undefined
}

/**
 * The keeper of the tokens decides about repeats, so the SDK makes none. All that it would else
 * look up in the environment and in `~/.aws/config` is said here: an endpoint from there would be
 * shown the token.
 */
function clientOf({ region, endpoint, timeoutMs }: StsOptions, credentials: AccessKey): STSClient {
  return new STSClient({
    region,
    credentials,
    maxAttempts: 1,
    retryMode: "standard",
    defaultsMode: "standard",
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
    authSchemePreference: [],
    ...{ ignoreConfiguredEndpointUrls: true },
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
