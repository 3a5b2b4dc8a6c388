/**
 * Tokens of clouds in use, renewed, refused and rotated, while requests go on: a real API server,
 * operator and sidecar as processes, the clouds as stand-ins, and an upstream that knows which
 * token is good at this moment.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { listAt, textAt } from "#operator/kube/json-path.ts"
import { createClusterIssuer } from "#test/clouds/cluster-issuer.ts"
import { CLIENT, type Entra, startEntra, TENANT } from "#test/clouds/entra.ts"
import { type Models, startModels } from "#test/clouds/models.ts"
import { type Sts, startSts } from "#test/clouds/sts.ts"
import { writeCertificate } from "#test/process/certificate.ts"
import { temporaryDirectory } from "#test/process/places.ts"
import { waitUntil } from "#test/process/wait-until.ts"
import { type ChatAnswer, chat } from "./chat.ts"
import { makeClusterObject, makeKey, makeProvider, makeRoute } from "./objects.ts"
import { startSteadyLoad } from "./steady-load.ts"
import { type Sidecar, startWorld, type World } from "./world.ts"

const REGION = "eu-central-1"
const ROLE = "arn:aws:iam::123456789012:role/sidegate"
const SCOPE = "https://cognitiveservices.azure.com/.default"
/**
 * From the moment that a cloud gives a token until it is in use: five times what is promised, since
 * this machine may be busy. The figure is printed.
 */
const IN_USE_WITHIN_MS = 25_000

const issuer = createClusterIssuer()
const directory = temporaryDirectory("clouds")
const logFile = join(temporaryDirectory("clouds-log"), "log")
/** Renewed after three quarters of it, used until two seconds before its end. */
let lifeSeconds = 40
let isDown = false
let clientSecret = "secret-one"
let entra: Entra
let sts: Sts
let models: Models
let world: World
let sidecar: Sidecar

beforeAll(async () => {
  const { cert, key, certificateFile } = await writeCertificate(directory)
  const down = () => isDown
  entra = await startEntra({
    issuer,
    tls: { cert, key },
    clientSecret: () => clientSecret,
    scope: SCOPE,
    lifeSeconds: () => lifeSeconds,
    isDown: down,
  })
  const roles = new Set([ROLE])
  const lifeMs = () => lifeSeconds * 1000
  sts = await startSts({ issuer, region: REGION, keys: new Map(), roles, lifeMs, isDown: down })
  models = await startModels({ entra, sts, region: REGION })
  world = await startWorld({
    logFile,
    operatorEnv: {
      NODE_EXTRA_CA_CERTS: certificateFile,
      SIDEGATE_CLOUD_HOSTS: `127.0.0.1:${models.port}`,
      AWS_WEB_IDENTITY_TOKEN_FILE: projected("sts.amazonaws.com"),
      AWS_ENDPOINT_URL_STS: sts.origin,
      AZURE_FEDERATED_TOKEN_FILE: projected("api://AzureADTokenExchange"),
      AZURE_AUTHORITY_HOST: entra.origin,
      AZURE_TENANT_ID: TENANT,
      AZURE_CLIENT_ID: CLIENT,
    },
  })
  await world.createNamespace("shop", "shop")
  await world.apply(
    makeClusterObject("TeamQuota", "shop", { costCenter: "CC-1" }),
    makeProvider("entra", `${models.origin}/entra/v1`, {
      credentials: identity("Azure", { azure: { type: "FederatedToken" } }),
    }),
    makeProvider("aws", `${models.origin}/aws/v1`, {
      credentials: identity("AWS", { aws: { type: "WebIdentity", region: REGION, roleArn: ROLE } }),
    }),
    makeRoute("shop/entra", "entra", { models: ["entra"] }),
    makeRoute("shop/aws", "aws", { models: ["aws"] }),
  )
  sidecar = await world.startSidecar(await world.createPod("shop", "api-0"))
})

afterAll(async () => {
  await world?.stop()
  await Promise.all([entra, sts, models].map((one) => one?.close()))
})

test("tokens of both clouds are used, and renewed under load without a failed request", async () => {
  await served("entra")
  await served("aws")
  const load = startSteadyLoad(30, (number) => ask(number % 2 === 0 ? "entra" : "aws"))
  await waitUntil({ what: "three tokens of each to be in use", withinMs: 240_000 }, () => {
    const entras = entra.given.filter(({ token }) => models.firstUse.has(token)).length
    const awses = [...sts.sessions.keys()].filter((id) => models.firstUse.has(id)).length
    return entras >= 3 && awses >= 3 ? true : undefined
  })
  const { results } = await load.stop()
  expect(results.filter(({ status }) => status !== 200)).toEqual([])
  expect(models.refused).toEqual([])
  for (const delay of delays()) expect(delay).toBeLessThan(IN_USE_WITHIN_MS)
  console.log(
    `${results.length} requests, none failed; tokens in use after ${delays().join(", ")} ms`,
  )
})

test("while the clouds refuse, the status says so in their words and the tokens serve on", async () => {
  isDown = true
  const entraSaid = await condition("entra", "CredentialRefreshFailed")
  // At once: this token serves for some seconds more, and the two are not renewed together.
  expect((await ask("entra")).status).toBe(200)
  const awsSaid = await condition("aws", "CredentialRefreshFailed")
  expect(entraSaid).toMatch(/^no new token: AADSTS90033: down\.; the one before it expires at 20/)
  expect(awsSaid).toMatch(/^no new token: ServiceUnavailable.*; the one before it expires at 20/)
  const refused = await waitUntil({ what: "the token to expire", withinMs: 120_000 }, async () => {
    const answer = await ask("entra")
    return answer.status === 200 ? undefined : answer
  })
  expect(refused.status).toBe(503)
  expect(refused.text).toContain("credential_missing")
  expect(refused.text).toMatch(/AIProvider entra: its credential expired at 20/)
  // Nothing was sent with a token that had expired, or that was none.
  expect(models.refused).toEqual([])
  isDown = false
  lifeSeconds = 120
  await served("entra")
  await served("aws")
  await condition("entra", "ResolvedRefs")
})

test("an operator that starts while the clouds refuse takes no token away, nor does a restart", async () => {
  await waitUntil({ what: "long tokens in use", withinMs: 60_000, everyMs: 50 }, async () => {
    await ask("entra")
    await ask("aws")
    const long = entra.given.findLast(({ expiresAt, at }) => expiresAt - at === 120_000)
    const session = [...sts.sessions].findLast(([, one]) => one.expiresAt - one.at === 120_000)
    return models.firstUse.has(long?.token ?? "") && models.firstUse.has(session?.[0] ?? "")
      ? true
      : undefined
  })
  isDown = true
  await world.operator.kill()
  await world.operator.start()
  await world.operator.waitUntilReady()
  const said = await condition("entra", "CredentialRefreshFailed")
  expect(said).toMatch(/; there is none to go on with$/)
  expect([(await ask("entra")).status, (await ask("aws")).status]).toEqual([200, 200])
  await sidecar.kill()
  await sidecar.start()
  await sidecar.waitUntilReady()
  expect([(await ask("entra")).status, (await ask("aws")).status]).toEqual([200, 200])
  expect(models.refused).toEqual([])
  isDown = false
  await condition("entra", "ResolvedRefs")
  await condition("aws", "ResolvedRefs")
})

test("a rotated client secret is used within five seconds, without a failed request", async () => {
  const azure = {
    type: "ClientSecret",
    tenantId: TENANT,
    clientId: CLIENT,
    clientSecret: { name: "entra-secret", key: "api-key" },
  }
  await world.apply(
    makeKey("entra-secret", clientSecret),
    makeProvider("secret", `${models.origin}/entra/v1`, {
      credentials: identity("Azure", { azure }),
    }),
    makeRoute("shop/secret", "secret", { models: ["secret"] }),
  )
  await served("secret")
  const load = startSteadyLoad(30, () => ask("secret"))
  const before = entra.given.length
  clientSecret = "secret-two"
  const rotatedAt = performance.now()
  await world.apply(makeKey("entra-secret", clientSecret))
  await waitUntil({ what: "a token of the new secret in use", withinMs: 60_000 }, () => {
    const next = entra.given.slice(before).map(({ token }) => token)
    return next.some((token) => models.firstUse.has(token)) ? true : undefined
  })
  const tookMs = performance.now() - rotatedAt
  const { results } = await load.stop()
  expect(results.filter(({ status }) => status !== 200)).toEqual([])
  expect(tookMs).toBeLessThan(IN_USE_WITHIN_MS)
  console.log(`${results.length} requests, none failed; the rotation took ${Math.round(tookMs)} ms`)
})

test("neither program printed a token or a secret", () => {
  const printed = readFileSync(logFile, "utf8")
  expect(printed).not.toBe("")
  expect(printed).not.toMatch(/entra-token-|secret-of-|token-of-|secret-(one|two)/)
})

/** The path of a projected token for `audience`. */
function projected(audience: string): string {
  const path = join(directory, encodeURIComponent(audience))
  writeFileSync(path, issuer.token(audience))
  return path
}

function identity(type: string, member: object): object {
  return { type: "WorkloadIdentity", workloadIdentity: { type, ...member } }
}

function ask(model: string): Promise<ChatAnswer> {
  return chat(sidecar, model)
}

async function served(model: string): Promise<void> {
  await waitUntil({ what: `${model} to be served`, withinMs: 60_000, everyMs: 50 }, async () => {
    const { status, text } = await ask(model)
    if (status === 200) return true
    throw new Error(`${status} ${text}`)
  })
}

/** From a token's birth to its first use, in ms; of those that came under load. */
function delays(): readonly number[] {
  const born = [
    ...entra.given.map(({ token, at }) => [token, at] as const),
    ...[...sts.sessions].map(([id, { at }]) => [id, at] as const),
  ]
  const first = new Set([entra.given[0]?.token, [...sts.sessions.keys()][0]])
  return born.flatMap(([shown, at]) => {
    const used = models.firstUse.get(shown)
    return used === undefined || first.has(shown) ? [] : [used - at]
  })
}

/** Waits for `ResolvedRefs` with this reason; resolves to its message. */
function condition(provider: string, reason: string): Promise<string> {
  const path = `/apis/sidegate.dev/v1alpha1/aiproviders/${provider}`
  return waitUntil({ what: `${provider}: ${reason}`, withinMs: 150_000, everyMs: 50 }, async () => {
    const object = await world.client.request({ method: "GET", path })
    const found = listAt(object, "status", "conditions").find(
      (one) => textAt(one, "type") === "ResolvedRefs",
    )
    if (textAt(found, "reason") === reason) return textAt(found, "message") ?? ""
    throw new Error(JSON.stringify(found))
  })
}
