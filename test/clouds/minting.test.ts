/**
 * Every way to a token, by the clouds' own SDKs, against stand-ins on loopback that check what they
 * are asked as the real ones document it. The SDKs are pointed at them by their own settings.
 */
import { subscribe, unsubscribe } from "node:diagnostics_channel"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { type AddressInfo, createServer, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { getCACertificates, setDefaultCACertificates } from "node:tls"
import { inspect } from "node:util"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { CloudIdentity } from "#operator/compile/cloud-identity.ts"
import { type CloudSettings, readCloudSettings } from "#operator/credentials/cloud-settings.ts"
import { createMint } from "#operator/credentials/mint.ts"
import type { MintedToken } from "#operator/credentials/minted-token.ts"
import { SecretValue } from "#operator/credentials/secret-value.ts"
import { writeCertificate } from "#test/process/certificate.ts"
import { createClusterIssuer } from "./cluster-issuer.ts"
import { CLIENT, type Entra, startEntra, TENANT } from "./entra.ts"
import { type Google, IMPERSONATED, POOL, POOL_AUDIENCE, startGoogle } from "./google.ts"
import type { StandIn } from "./stand-in.ts"
import { type Sts, startContainerEndpoint, startSts } from "./sts.ts"

const REGION = "eu-central-1"
const ROLE = "arn:aws:iam::123456789012:role/sidegate"
const SCOPE = "https://cognitiveservices.azure.com/.default"
const AGENT = { id: "ASIAPODPODPODPODPOD1", secret: "secret-of-pod", token: "token-of-pod" }

const issuer = createClusterIssuer()
const directory = mkdtempSync(join(tmpdir(), "clouds-"))
const roots = getCACertificates("default")
let sts: Sts
let agent: StandIn
let google: Google
let entra: Entra

/** Every name that was looked up and every address that was dialled, from the first test on. */
const dialled = new Set<string>()
const watch = (message: unknown): void => {
  const { socket } = message as { readonly socket: Socket }
  socket.on("lookup", (_error, _address, _family, host: string) => dialled.add(host))
  socket.on("connectionAttempt", (address: string) => dialled.add(address))
}

beforeAll(async () => {
  subscribe("net.client.socket", watch)
  const { cert, key } = await writeCertificate(directory)
  // As NODE_EXTRA_CA_CERTS would for a process of its own.
  setDefaultCACertificates([...roots, cert])
  sts = await startSts({
    issuer,
    region: REGION,
    keys: new Map([
      ["AKIAUSERUSERUSERUSER", "canary/secret+key"],
      [AGENT.id, AGENT.secret],
    ]),
    roles: new Set([ROLE]),
  })
  agent = await startContainerEndpoint(issuer, AGENT)
  google = await startGoogle(issuer)
  entra = await startEntra({
    issuer,
    tls: { cert, key },
    clientSecret: () => "canary-secret",
    scope: SCOPE,
  })
})
afterAll(async () => {
  unsubscribe("net.client.socket", watch)
  setDefaultCACertificates(roots)
  await Promise.all([sts, agent, google, entra].map((one) => one.close()))
  rmSync(directory, { recursive: true })
})

/** The path of a projected token for `audience`. */
function tokenFile(audience: string): string {
  const path = join(directory, encodeURIComponent(audience).slice(-60))
  writeFileSync(path, issuer.token(audience))
  return path
}

/** What the clouds' webhooks and the chart set in the operator's environment. */
function environment(more: Readonly<Record<string, string>> = {}): CloudSettings {
  const set: Readonly<Record<string, string>> = {
    AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile("sts.amazonaws.com"),
    AWS_ENDPOINT_URL_STS: sts.origin,
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${agent.origin}/v1/credentials`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: tokenFile("pods.eks.amazonaws.com"),
    SIDEGATE_GOOGLE_TOKEN_FILE: tokenFile(POOL_AUDIENCE),
    AZURE_FEDERATED_TOKEN_FILE: tokenFile("api://AzureADTokenExchange"),
    AZURE_AUTHORITY_HOST: `${entra.origin}/`,
    ...more,
  }
  return readCloudSettings((name) => set[name] || null)
}

/** What Google's libraries run and read, if they are given it. */
const PROGRAM = JSON.stringify({
  type: "external_account",
  audience: POOL,
  subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
  token_url: "https://evil.example/token",
  credential_source: {
    executable: { command: "/bin/false", timeout_millis: 5000 },
    file: "/var/run/secrets/kubernetes.io/serviceaccount/token",
  },
})

const secrets = (): ReadonlyMap<string, string> =>
  new Map([
    ["aws access-key-id", "AKIAUSERUSERUSERUSER"],
    ["aws secret-access-key", "canary/secret+key"],
    ["wrong access-key-id", "AKIAUSERUSERUSERUSER"],
    ["wrong secret-access-key", "canary-of-nobody"],
    ["google file", google.keyFile],
    ["torn file", google.keyFile.slice(0, 300)],
    ["program file", PROGRAM],
    ["sovereign file", google.keyFile.replace('"googleapis.com"', '"canary.example"')],
    ["azure secret", "canary-secret"],
    ["stale secret", "canary-stale"],
  ])

function mint(identity: CloudIdentity, settings = environment()): Promise<MintedToken> {
  const known = secrets()
  const read = createMint({
    settings,
    secret: (name, key) => {
      const text = known.get(`${name} ${key}`)
      return text === undefined ? undefined : new SecretValue(text)
    },
    googleFetch: google.fetch,
    now: Date.now,
  })
  return read(identity)
}

const aws = (kind: "aws-web-identity" | "aws-pod-identity", roleArn: string | null) =>
  ({ kind, region: REGION, roleArn }) as const
const accessKey = (secret: string, roleArn: string | null) =>
  ({ kind: "aws-access-key", region: REGION, roleArn, secret }) as const
const azure = (tenantId: string | null, clientId: string | null) =>
  ({ kind: "azure-federated-token", tenantId, clientId, scope: SCOPE }) as const
const clientSecret = (secret: string) =>
  ({
    kind: "azure-client-secret",
    tenantId: TENANT,
    clientId: CLIENT,
    scope: SCOPE,
    secret,
    key: "secret",
  }) as const
const keyFile = (secret: string) =>
  ({ kind: "google-service-account-key", secret, key: "file" }) as const
const federated = (serviceAccount: string | null) =>
  ({ kind: "google-federated-token", audience: POOL, serviceAccount }) as const

const shown = (token: MintedToken) => {
  const left = token.expiresAt - Date.now()
  expect(left).toBeGreaterThan(3_500_000)
  expect(left).toBeLessThanOrEqual(3_600_000)
  if (token.kind === "bearer") return token.value.reveal()
  const { accessKeyId, secretAccessKey, sessionToken } = token
  return [accessKeyId, secretAccessKey, sessionToken].map((part) => part?.reveal())
}
/** A session that STS gave, by its number. */
const session = (number: number) => {
  const id = `ASIA${String(number).padStart(16, "0")}`
  return [id, `secret-of-${id}`, `token-of-${id}//==`]
}

describe("AWS gives temporary credentials for an hour", () => {
  test("for the projected token and a role", async () => {
    expect(shown(await mint(aws("aws-web-identity", ROLE)))).toEqual(session(sts.sessions.size))
    expect(sts.asked.at(-1)?.form["Action"]).toBe("AssumeRoleWithWebIdentity")
  })
  test("for the role that the environment names", async () => {
    const settings = environment({ AWS_ROLE_ARN: ROLE })
    expect(shown(await mint(aws("aws-web-identity", null), settings))).toEqual(
      session(sts.sessions.size),
    )
  })
  test("of the pod's own role, from the agent on the node", async () => {
    const asked = sts.asked.length
    expect(shown(await mint(aws("aws-pod-identity", null)))).toEqual(Object.values(AGENT))
    expect(sts.asked.length).toBe(asked)
  })
  test("of a role that the pod's own may assume", async () => {
    expect(shown(await mint(aws("aws-pod-identity", ROLE)))).toEqual(session(sts.sessions.size))
    expect(sts.asked.at(-1)?.headers["x-amz-security-token"]).toBe(AGENT.token)
  })
  test("of an access key's own user", async () => {
    expect(shown(await mint(accessKey("aws", null)))).toEqual(session(sts.sessions.size))
    expect(sts.asked.at(-1)?.form["Action"]).toBe("GetSessionToken")
  })
  test("of a role that an access key may assume", async () => {
    expect(shown(await mint(accessKey("aws", ROLE)))).toEqual(session(sts.sessions.size))
    expect(sts.asked.at(-1)?.form["Action"]).toBe("AssumeRole")
  })
})

describe("Google gives an access token for an hour", () => {
  test("for a service account's key file", async () => {
    expect(shown(await mint(keyFile("google")))).toBe("ya29.signed-in")
  })
  test("for the projected token", async () => {
    expect(shown(await mint(federated(null)))).toBe("ya29.federated")
  })
  test("of a service account that the federated identity impersonates", async () => {
    expect(shown(await mint(federated(IMPERSONATED)))).toBe("ya29.impersonated")
  })
})

describe("Entra gives an access token", () => {
  test("for the projected token", async () => {
    expect(shown(await mint(azure(TENANT, CLIENT)))).toBe(entra.given.at(-1)?.token)
  })
  test("of the tenant and the application that the environment names", async () => {
    const settings = environment({ AZURE_TENANT_ID: TENANT, AZURE_CLIENT_ID: CLIENT })
    expect(shown(await mint(azure(null, null), settings))).toBe(entra.given.at(-1)?.token)
  })
  test("for a client secret, a new one each time", async () => {
    const first = shown(await mint(clientSecret("azure")))
    expect([first, shown(await mint(clientSecret("azure")))]).toEqual(
      entra.given.slice(-2).map(({ token }) => token),
    )
  })
})

const refusals: readonly (readonly [
  string,
  CloudIdentity,
  Readonly<Record<string, string>>,
  RegExp,
])[] = [
  [
    "a role that does not trust it",
    aws("aws-web-identity", `${ROLE}2`),
    {},
    /AccessDenied.*: Not authorized to perform sts:AssumeRoleWithWebIdentity$/,
  ],
  [
    "no role at all",
    aws("aws-web-identity", null),
    {},
    /^the operator's environment has no AWS_ROLE_ARN$/,
  ],
  [
    "no projected token",
    aws("aws-web-identity", ROLE),
    { AWS_WEB_IDENTITY_TOKEN_FILE: "" },
    /^the operator's environment has no AWS_WEB_IDENTITY_TOKEN_FILE$/,
  ],
  [
    "a projected token that is not there",
    aws("aws-web-identity", ROLE),
    { AWS_WEB_IDENTITY_TOKEN_FILE: "/nowhere/token" },
    /^AWS_WEB_IDENTITY_TOKEN_FILE cannot be read: ENOENT/,
  ],
  [
    "no agent on the node",
    aws("aws-pod-identity", null),
    { AWS_CONTAINER_CREDENTIALS_FULL_URI: "" },
    /^the operator's environment has no AWS_CONTAINER_CREDENTIALS_FULL_URI$/,
  ],
  [
    "a wrong secret key",
    accessKey("wrong", null),
    {},
    /SignatureDoesNotMatch: The request signature we calculated does not match$/,
  ],
  [
    "a Secret that has gone",
    accessKey("gone", null),
    {},
    /^Secret gone has no text of use in key access-key-id$/,
  ],
  ["a key file cut off", keyFile("torn"), {}, /^the key file is not JSON$/],
  [
    "a file that names a program, and the operator's own token",
    keyFile("program"),
    {},
    /^the key file is not of type service_account$/,
  ],
  [
    "a key file of another universe",
    keyFile("sovereign"),
    {},
    /^the key file is of another universe than googleapis.com, the only one known$/,
  ],
  [
    "no federated token",
    federated(null),
    { SIDEGATE_GOOGLE_TOKEN_FILE: "" },
    /^the operator's environment has no SIDEGATE_GOOGLE_TOKEN_FILE$/,
  ],
  [
    "a stale client secret, which is not quoted back",
    clientSecret("stale"),
    {},
    /AADSTS7000215: Invalid client secret provided, got \[redacted\]\.$/,
  ],
  ["no tenant", azure(null, CLIENT), {}, /^the operator's environment has no AZURE_TENANT_ID$/],
]
describe("a refusal is told in the cloud's words, and nothing secret is in it", () => {
  test.each(refusals)("%s", async (_name, identity, more, says) => {
    const error: unknown = await mint(identity, environment(more)).catch(
      (reason: unknown) => reason,
    )
    expect(error).toBeInstanceOf(Error)
    expect(error instanceof Error ? error.message : "").toMatch(says)
    expect(inspect(error)).not.toContain("canary")
  })
})

test("tokens for another audience are refused by each cloud", async () => {
  const other = tokenFile("somebody-else")
  const said = (identity: CloudIdentity, variable: string) =>
    mint(identity, environment({ [variable]: other })).then(
      () => "taken",
      (error: unknown) => String(error),
    )
  expect(await said(aws("aws-web-identity", ROLE), "AWS_WEB_IDENTITY_TOKEN_FILE")).toContain(
    "InvalidIdentityToken",
  )
  expect(await said(federated(null), "SIDEGATE_GOOGLE_TOKEN_FILE")).toContain("invalid_grant")
  expect(await said(azure(TENANT, CLIENT), "AZURE_FEDERATED_TOKEN_FILE")).toContain("AADSTS700212")
})

test("a cloud that never answers is given up", async () => {
  const sockets: Socket[] = []
  const mute = createServer((socket) => void sockets.push(socket))
  await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve))
  const { port } = mute.address() as AddressInfo
  const settings = environment({ AZURE_AUTHORITY_HOST: `https://127.0.0.1:${port}` })
  const secret = () => new SecretValue("canary-secret")
  const attempt = createMint({ settings, secret, deadlineMs: 300, now: Date.now })(
    clientSecret("azure"),
  )
  await expect(attempt).rejects.toThrow("there was no answer within 0.3 seconds")
  for (const socket of sockets) socket.destroy()
  await new Promise((resolve) => mute.close(resolve))
})

test("a minted token shows nothing of itself", async () => {
  const tokens = [await mint(accessKey("aws", null)), await mint(keyFile("google"))]
  expect(inspect(tokens, { depth: 9, showHidden: true }) + JSON.stringify(tokens)).not.toMatch(
    /secret-of|token-of|ya29/,
  )
})

test("nobody else was asked: no metadata service, no other endpoint of a cloud", () => {
  expect([...dialled]).toEqual(["127.0.0.1"])
})
