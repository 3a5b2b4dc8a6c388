/**
 * Short-lived credentials for an identity, from the cloud that knows it.
 *
 * In: a CloudIdentity, the values of its Secret, the operator's own settings. Out: a token, or a
 * MintError whose message says what is missing or what the cloud answered. Which SDK a cloud needs
 * is loaded here, when first needed: installs without cloud providers never load one.
 */
import { readFile } from "node:fs/promises"
import {
  ACCESS_KEY_ID,
  type CloudIdentity,
  SECRET_ACCESS_KEY,
} from "#operator/compile/cloud-identity.ts"
import type { CloudSettings } from "./cloud-settings.ts"
import { faultOfToken } from "./judge-token.ts"
import type { AccessKey, StsOptions } from "./mint-aws.ts"
import { MintError, type MintedToken } from "./minted-token.ts"
import type { SecretValue } from "./secret-value.ts"

export type Mint = (identity: CloudIdentity) => Promise<MintedToken>

export interface MintOptions {
  readonly settings: CloudSettings
  /** A key of a Secret, as text. */
  readonly secret: (name: string, key: string) => SecretValue | undefined
  /** Answers in Google's place, for tests; the global one when absent. */
  readonly googleFetch?: typeof fetch
  /** Of a whole attempt; `DEADLINE_MS` when absent. */
  readonly deadlineMs?: number
  /** Wall clock in ms. */
  readonly now: () => number
}

/** Of a whole attempt: then it has failed, whatever a library still waits for. */
const DEADLINE_MS = 30_000

/** Of one request to a cloud; an identity takes three at most. */
const TIMEOUT_MS = 10_000
/** Of what a cloud says in a condition. */
const MESSAGE_CHARACTERS_MAX = 512
/** A projected token is some 1 KiB. */
const TOKEN_BYTES_MAX = 64 * 1024

export function createMint(options: MintOptions): Mint {
  return async (identity) => {
    /** What must not come back in the words of a cloud. */
    const used: string[] = []
    const proof: Proof = {
      secret: (name, key) => remember(used, secretText(options, name, key)),
      file: async (path, variable) => remember(used, await readToken(path, variable)),
      given: (value) => remember(used, value),
    }
    try {
      const token = await within(options.deadlineMs ?? DEADLINE_MS, mint(identity, options, proof))
      const fault = faultOfToken(token, options.now())
      if (fault !== null) throw new MintError(fault)
      return token
    } catch (error) {
      throw new MintError(describe(error, used))
    }
  }
}

async function within<T>(deadlineMs: number, attempt: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    late.reject(new MintError(`there was no answer within ${deadlineMs / 1000} seconds`))
  }, deadlineMs)
  try {
    return await Promise.race([attempt, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

/** What proves an identity; all of it is taken out of messages. */
interface Proof {
  readonly secret: (name: string, key: string) => string
  readonly file: (path: string | null, variable: string) => Promise<string>
  /** What a cloud gave, to be shown to the next. */
  readonly given: (value: string) => string
}

function mint(identity: CloudIdentity, options: MintOptions, proof: Proof): Promise<MintedToken> {
  switch (identity.kind) {
    case "aws-web-identity":
    case "aws-pod-identity":
    case "aws-access-key":
      return mintAws(identity, options.settings.aws, proof)
    case "google-federated-token":
    case "google-service-account-key":
      return mintGoogle(identity, options, proof)
    case "azure-federated-token":
    case "azure-client-secret":
      return mintAzure(identity, options.settings.azure, proof)
  }
}

async function mintAws(
  identity: Extract<CloudIdentity, { readonly kind: `aws-${string}` }>,
  settings: CloudSettings["aws"],
  proof: Proof,
): Promise<MintedToken> {
  const { region } = identity
  const sts: StsOptions = { region, endpoint: settings.stsEndpoint, timeoutMs: TIMEOUT_MS }
  const aws = await import("./mint-aws.ts")
  switch (identity.kind) {
    case "aws-web-identity": {
      const roleArn = identity.roleArn ?? given(settings.roleArn, "AWS_ROLE_ARN")
      const token = await proof.file(settings.tokenFile, "AWS_WEB_IDENTITY_TOKEN_FILE")
      return aws.assumeWithWebIdentity(sts, roleArn, token)
    }
    case "aws-pod-identity": {
      const uri = given(settings.containerUri, "AWS_CONTAINER_CREDENTIALS_FULL_URI")
      const { containerTokenFile: tokenFile } = settings
      const { key, token } = await aws.askContainer({ uri, tokenFile, timeoutMs: TIMEOUT_MS })
      if (identity.roleArn === null) return token
      for (const part of [key.secretAccessKey, key.sessionToken ?? ""]) proof.given(part)
      return aws.openSession(sts, key, identity.roleArn)
    }
    case "aws-access-key": {
      const key: AccessKey = {
        accessKeyId: proof.secret(identity.secret, ACCESS_KEY_ID),
        secretAccessKey: proof.secret(identity.secret, SECRET_ACCESS_KEY),
      }
      return aws.openSession(sts, key, identity.roleArn)
    }
  }
}

async function mintGoogle(
  identity: Extract<CloudIdentity, { readonly kind: `google-${string}` }>,
  { settings, googleFetch }: MintOptions,
  proof: Proof,
): Promise<MintedToken> {
  const google = await import("./mint-google.ts")
  const options = {
    timeoutMs: TIMEOUT_MS,
    ...(googleFetch === undefined ? {} : { fetch: googleFetch }),
  }
  if (identity.kind === "google-service-account-key") {
    return google.signInWithKey(proof.secret(identity.secret, identity.key), options)
  }
  const { audience, serviceAccount } = identity
  const token = await proof.file(settings.google.tokenFile, "SIDEGATE_GOOGLE_TOKEN_FILE")
  return google.exchangeToken({ ...options, audience, serviceAccount, token })
}

async function mintAzure(
  identity: Extract<CloudIdentity, { readonly kind: `azure-${string}` }>,
  { authorityHost, tokenFile, ...own }: CloudSettings["azure"],
  proof: Proof,
): Promise<MintedToken> {
  const azure = await import("./mint-azure.ts")
  const shared = { authorityHost, scope: identity.scope, timeoutMs: TIMEOUT_MS }
  if (identity.kind === "azure-client-secret") {
    const { tenantId, clientId } = identity
    const value = proof.secret(identity.secret, identity.key)
    const secret = { kind: "secret", value } as const
    return azure.signInToEntra({ ...shared, tenantId, clientId, proof: secret })
  }
  const tenantId = identity.tenantId ?? given(own.tenantId, "AZURE_TENANT_ID")
  const clientId = identity.clientId ?? given(own.clientId, "AZURE_CLIENT_ID")
  const value = await proof.file(tokenFile, "AZURE_FEDERATED_TOKEN_FILE")
  const assertion = { kind: "assertion", value } as const
  return azure.signInToEntra({ ...shared, tenantId, clientId, proof: assertion })
}

function given(value: string | null, variable: string): string {
  if (value !== null) return value
  throw new MintError(`the operator's environment has no ${variable}`)
}

function secretText({ secret }: MintOptions, name: string, key: string): string {
  const value = secret(name, key)
  // One that is no text, or too long, is not kept: for a key file only its being there was checked.
  if (value === undefined) throw new MintError(`Secret ${name} has no text of use in key ${key}`)
  return value.reveal()
}

/** Read anew each time: the kubelet renews it long before it expires. */
async function readToken(path: string | null, variable: string): Promise<string> {
  const file = given(path, variable)
  const bytes = await readFile(file).catch((error: unknown) => {
    throw new MintError(`${variable} cannot be read: ${text(error)}`)
  })
  const token = bytes.toString("utf8").trim()
  if (token === "" || bytes.length > TOKEN_BYTES_MAX) {
    throw new MintError(`${variable} names a file of ${bytes.length} bytes, which is no token`)
  }
  return token
}

/** All white space is nothing that could be told again. */
function remember(used: string[], value: string): string {
  if (value.trim() !== "") used.push(value)
  return value
}

function inOneLine(value: string): string {
  return value.replaceAll(/\s+/g, " ").trim()
}

/** One line: the error's name, where it says anything, and its words. */
function describe(error: unknown, used: readonly string[]): string {
  let said = inOneLine(text(error))
  for (const value of used) said = said.replaceAll(inOneLine(value), "[redacted]")
  const isLong = said.length > MESSAGE_CHARACTERS_MAX
  return isLong ? `${said.slice(0, MESSAGE_CHARACTERS_MAX)}…` : said
}

function text(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error instanceof MintError || error.name === "Error") return error.message
  return `${error.name}: ${error.message}`
}
