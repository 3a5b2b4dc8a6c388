/**
 * What the operator's environment and home directory say to SDKs, beyond its own settings, changes
 * nothing: an endpoint from there would be shown the operator's token. No request leaves: the
 * look-up of every name fails, and says what was looked for.
 */
import dns from "node:dns"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test, vi } from "vitest"
import { readCloudSettings } from "#operator/credentials/cloud-settings.ts"
import { createMint } from "#operator/credentials/mint.ts"
import { json, type StandIn, startStandIn } from "./stand-in.ts"

const directory = mkdtempSync(join(tmpdir(), "own-settings-"))
const tokenFile = join(directory, "token")
const looked: string[] = []
let elsewhere: StandIn
let agent: StandIn

beforeAll(async () => {
  elsewhere = await startStandIn(() => json(500, {}))
  agent = await startStandIn(() => json(400, { Code: "Nobody", Message: "who asks" }))
  writeFileSync(tokenFile, "token-of-the-operator")
  const config = join(directory, "config")
  writeFileSync(
    config,
    `[default]\nendpoint_url = ${elsewhere.origin}\nuse_fips_endpoint = true\nretry_mode = adaptive\n`,
  )
  vi.stubEnv("AWS_CONFIG_FILE", config)
  vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", config)
  vi.stubEnv("AWS_ENDPOINT_URL", elsewhere.origin)
  vi.stubEnv("AWS_USE_DUALSTACK_ENDPOINT", "true")
  vi.stubEnv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/credentials-of-another")
  vi.stubEnv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "token-of-another")
  vi.spyOn(dns, "lookup").mockImplementation(((name: string, _options: unknown, done: unknown) => {
    looked.push(name)
    const said = done as (error: Error) => void
    said(new Error(`${name} was looked up`))
  }) as typeof dns.lookup)
})
afterAll(async () => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  await Promise.all([elsewhere.close(), agent.close()])
  rmSync(directory, { recursive: true })
})

function mintWith(set: Readonly<Record<string, string>>) {
  return createMint({
    settings: readCloudSettings((name) => set[name] ?? null),
    secret: () => undefined,
    now: Date.now,
  })
}

const regions = [
  ["eu-central-1", "sts.eu-central-1.amazonaws.com"],
  ["us-gov-west-1", "sts.us-gov-west-1.amazonaws.com"],
  ["cn-north-1", "sts.cn-north-1.amazonaws.com.cn"],
  ["eusc-de-east-1", "sts.eusc-de-east-1.amazonaws.eu"],
] as const
test.each(regions)("STS of %s is %s, whatever else is configured", async (region, host) => {
  looked.length = 0
  const mint = mintWith({ AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile })
  const roleArn = "arn:aws:iam::123456789012:role/sidegate"
  await expect(mint({ kind: "aws-web-identity", region, roleArn })).rejects.toThrow("looked up")
  expect([looked, elsewhere.asked]).toEqual([[host], []])
})

test("the agent on the node is the one of the settings, and is shown no other token", async () => {
  const mint = mintWith({ AWS_CONTAINER_CREDENTIALS_FULL_URI: `${agent.origin}/v1/credentials` })
  const identity = { kind: "aws-pod-identity", region: "eu-central-1", roleArn: null } as const
  await mint(identity).catch(() => undefined)
  const shown = agent.asked.map(({ path, headers }) => [path, headers.authorization])
  expect(shown).toEqual([["/v1/credentials", undefined]])
})
