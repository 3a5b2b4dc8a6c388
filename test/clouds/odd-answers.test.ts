/**
 * Clouds that are down, hurried or replaced by something else on the way: whatever comes is a token
 * that can be used, or a refusal in words that help and that are the same the next time.
 */
import { generateKeyPairSync } from "node:crypto"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { getCACertificates, setDefaultCACertificates } from "node:tls"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { CloudIdentity } from "#operator/compile/cloud-identity.ts"
import { readCloudSettings } from "#operator/credentials/cloud-settings.ts"
import { createMint } from "#operator/credentials/mint.ts"
import { SecretValue } from "#operator/credentials/secret-value.ts"
import { writeCertificate } from "#test/process/certificate.ts"
import { CLIENT, TENANT } from "./entra.ts"
import { type Answer, json, type StandIn, startStandIn } from "./stand-in.ts"

const ACCOUNT = "sidegate@models.iam.gserviceaccount.com"
const [KEY, FEDERATED, IMPERSONATED, ENTRA, STS, POD] = [
  { kind: "google-service-account-key", secret: "google", key: "file" },
  { kind: "google-federated-token", audience: "//pool", serviceAccount: null },
  { kind: "google-federated-token", audience: "//pool", serviceAccount: ACCOUNT },
  {
    kind: "azure-client-secret",
    tenantId: TENANT,
    clientId: CLIENT,
    scope: "https://cognitiveservices.azure.com/.default",
    secret: "azure",
    key: "secret",
  },
  {
    kind: "aws-web-identity",
    region: "eu-central-1",
    roleArn: "arn:aws:iam::123456789012:role/sidegate",
  },
  {
    kind: "aws-pod-identity",
    region: "eu-central-1",
    roleArn: "arn:aws:iam::123456789012:role/sidegate",
  },
] as const satisfies readonly CloudIdentity[]

/** Sound but for its size. */
const LARGE = {
  token_type: "Bearer",
  expires_in: 3600,
  padding: "x".repeat(300_000),
  access_token: "token",
}
const directory = mkdtempSync(join(tmpdir(), "odd-answers-"))
const tokenFile = join(directory, "token")
const roots = getCACertificates("default")
const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 })
const keyFile = JSON.stringify({
  type: "service_account",
  private_key_id: "1",
  private_key: privateKey.export({ type: "pkcs8", format: "pem" }),
  client_email: ACCOUNT,
})
let clouds: StandIn
/** What the last server of a path says; the steps before it are in order. */
let answer: Answer = json(500, {})

beforeAll(async () => {
  const tls = await writeCertificate(directory)
  setDefaultCACertificates([...roots, tls.cert])
  clouds = await startStandIn(({ path }) => {
    const base = `${clouds.origin}/${TENANT}`
    if (path.includes("openid-configuration")) {
      return json(200, {
        token_endpoint: `${base}/oauth2/v2.0/token`,
        authorization_endpoint: `${base}/authorize`,
        end_session_endpoint: `${base}/logout`,
        jwks_uri: `${base}/keys`,
        issuer: `${base}/v2.0`,
      })
    }
    if (path === "/agent") {
      const Expiration = new Date(Date.now() + 3_600_000).toISOString()
      const keys = { AccessKeyId: "ASIA", SecretAccessKey: "canary-pod", Token: "canary-session" }
      return json(200, { ...keys, Expiration })
    }
    return answer
  }, tls)
})
afterAll(async () => {
  setDefaultCACertificates(roots)
  await clouds.close()
  rmSync(directory, { recursive: true })
})

/** The moment of expiry as seconds from now, or why there is no token. */
async function ask(identity: CloudIdentity, says: Answer, token = "canary-token") {
  answer = says
  writeFileSync(tokenFile, token)
  const set: Readonly<Record<string, string>> = {
    AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile,
    AWS_ENDPOINT_URL_STS: clouds.origin,
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${clouds.origin}/agent`,
    SIDEGATE_GOOGLE_TOKEN_FILE: tokenFile,
    AZURE_AUTHORITY_HOST: clouds.origin,
  }
  const mint = createMint({
    settings: readCloudSettings((name) => set[name] ?? null),
    secret: (name) => new SecretValue(name === "google" ? keyFile : "canary-secret"),
    googleFetch: (input, init) => {
      const url = String(input instanceof Request ? input.url : input)
      const isFirst = identity === IMPERSONATED && url.includes("sts.googleapis")
      return isFirst
        ? Promise.resolve(Response.json({ access_token: "canary-federated", expires_in: 3600 }))
        : fetch(`${clouds.origin}/google`, { ...init, redirect: "manual" })
    },
    now: Date.now,
  })
  return mint(identity).then(
    ({ expiresAt }) => Math.round((expiresAt - Date.now()) / 10_000) * 10,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  )
}

const NO_END = "the token that came does not say when it expires"
const OVER = "the token that came had expired already, by the operator's clock"
const NONE = "the token that came is none: no header can carry it"
const MISSING = "the answer has no access token, or it never expires"

const google = (more: object) => json(200, { access_token: "t", token_type: "Bearer", ...more })
const impersonated = (expireTime: unknown) => json(200, { accessToken: "t", expireTime })
const session = (expiration: string, token = "t"): Answer => ({
  status: 200,
  type: "text/xml",
  body:
    `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">` +
    "<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIA</AccessKeyId>" +
    `<SecretAccessKey>s</SecretAccessKey><SessionToken>${token}</SessionToken>` +
    `<Expiration>${expiration}</Expiration></Credentials></AssumeRoleWithWebIdentityResult>` +
    "</AssumeRoleWithWebIdentityResponse>",
})

const tokens: readonly (readonly [string, CloudIdentity, Answer, number | string])[] = [
  ["a minute of life", KEY, google({ expires_in: 60 }), 60],
  ["a life in text", KEY, google({ expires_in: "3600" }), 3600],
  ["a life in words", KEY, google({ expires_in: "soon" }), NO_END],
  ["no life", FEDERATED, google({}), MISSING],
  ["a life in words", FEDERATED, google({ expires_in: "soon" }), NO_END],
  ["a life that is over", FEDERATED, google({ expires_in: -5 }), OVER],
  ["an end that is no date", IMPERSONATED, impersonated("soon"), NO_END],
  ["no end", IMPERSONATED, impersonated(undefined), NO_END],
  ["an end of long ago", IMPERSONATED, impersonated("2020-01-01T00:00:00Z"), OVER],
  ["an empty token", KEY, google({ access_token: "", expires_in: 60 }), NONE],
  ["two headers in one", KEY, google({ access_token: "a\r\nb: c", expires_in: 60 }), NONE],
  ["a number as token", KEY, google({ access_token: 5, expires_in: 60 }), MISSING],
  ["a life in words", ENTRA, google({ expires_in: "soon" }), OVER],
  ["a number as token", ENTRA, google({ access_token: 5, expires_in: 60 }), MISSING],
  ["an end of long ago", STS, session("2020-01-01T00:00:00Z"), OVER],
  ["a token that is none", STS, session("2999-01-01T00:00:00Z", "a b"), NONE],
]
describe("a token that cannot be used is told, and never sent", () => {
  test.each(tokens)("%s (%j)", async (_name, identity, says, want) => {
    expect(await ask(identity, says)).toBe(want)
  })
})

const html: Answer = { status: 200, type: "text/xml", body: "<html>please sign in</html>" }
const refusal = (code: number, status: string, message: string) =>
  json(code, { error: { code, status, message } })
const denied = refusal(403, "PERMISSION_DENIED", "Permission 'getAccessToken' denied")
const mute = (owner: string, status: number) => `${owner} answered with status ${status} and`
const XML = `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Code>`

const words: readonly (readonly [string, CloudIdentity, Answer, string])[] = [
  ["429", KEY, json(429, {}), `${mute("Google", 429)} says no more`],
  ["500", FEDERATED, { ...html, status: 500 }, `${mute("Google", 500)} says no more`],
  ["a redirect", IMPERSONATED, json(302, ""), `${mute("Google", 302)} says no more`],
  ["403", KEY, denied, "PERMISSION_DENIED: Permission 'getAccessToken' denied"],
  ["403", FEDERATED, denied, "PERMISSION_DENIED: Permission 'getAccessToken' denied"],
  ["403", IMPERSONATED, denied, "PERMISSION_DENIED: Permission 'getAccessToken' denied"],
  ["429", ENTRA, json(429, { error: "busy" }), `${mute("Entra", 429)} says no more`],
  ["a page", ENTRA, html, `${mute("Entra", 200)} says no more`],
  ["one of 300 KB", ENTRA, json(200, LARGE), `${mute("Entra", 200)} says no more`],
  ["a redirect", ENTRA, json(307, ""), `${mute("Entra", 307)} says no more`],
  ["429", STS, json(429, ""), `${mute("STS", 429)} nothing that can be read`],
  ["500", STS, { ...html, status: 500 }, `${mute("STS", 500)} nothing that can be read`],
  ["a page", STS, html, "the answer has no credentials, or they never expire"],
  ["no date", STS, session("soon"), `${mute("STS", 200)} nothing that can be read`],
  [
    "what it was shown, quoted back",
    POD,
    {
      status: 403,
      type: "text/xml",
      body:
        `${XML}SignatureDoesNotMatch</Code><Message>x-amz-security-token:canary-session` +
        "</Message></Error></ErrorResponse>",
    },
    "SignatureDoesNotMatch: x-amz-security-token:[redacted]",
  ],
  [
    "a clock that is off",
    POD,
    {
      status: 403,
      type: "text/xml",
      body:
        `${XML}SignatureDoesNotMatch</Code><Message>Signature expired: 20261127T120000Z is now ` +
        "earlier than 20261127T121500Z (20261127T123000Z - 15 min.)</Message></Error></ErrorResponse>",
    },
    "SignatureDoesNotMatch: STS refuses the signature, as the operator's clock is off",
  ],
]
describe("an answer that is none is told by its status, a refusal in the cloud's words", () => {
  test.each(words)("%s (%j)", async (_name, identity, says, want) => {
    expect(await ask(identity, says)).toBe(want)
  })
})

test("a projected token that is blank is none, and is not taken out of the words", async () => {
  const said = await ask(STS, html, "\n")
  expect(said).toBe("AWS_WEB_IDENTITY_TOKEN_FILE names a file of 1 bytes, which is no token")
})
