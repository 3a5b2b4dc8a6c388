import { expect, test } from "vitest"
import { PROVIDER_CREDENTIAL_TYPE, readSecret } from "./read-secret.ts"
import { SecretValue } from "./secret-value.ts"
import type { HeldToken } from "./tokens.ts"
import { type CredentialNeed, createVault } from "./vault.ts"

const secret = (name: string, stringData: Record<string, string>, uid = `uid-${name}`) =>
  readSecret({
    name,
    uid,
    type: PROVIDER_CREDENTIAL_TYPE,
    annotations: {},
    data: {},
    stringData,
  })
const noToken = () => undefined
const needs: readonly CredentialNeed[] = [
  {
    provider: "openai",
    origin: "https://a.example",
    kind: "secret",
    secret: "keys",
    key: "openai",
  },
  { provider: "azure", origin: "https://b.example", kind: "secret", secret: "keys", key: "azure" },
]

test("a namespace gets the keys of its providers, in one order, and no others", () => {
  const vault = createVault()
  vault.put(secret("keys", { openai: "sk-1", azure: "sk-2", unused: "sk-3" }))
  expect(vault.credentialsFor(needs, noToken).entries).toEqual([
    { kind: "key", provider: "azure", origin: "https://b.example", value: "sk-2" },
    { kind: "key", provider: "openai", origin: "https://a.example", value: "sk-1" },
  ])
})

test("the revision is the same after a restart and for any order of needs", () => {
  const [first, second] = [createVault(), createVault()]
  for (const vault of [first, second]) vault.put(secret("keys", { openai: "sk-1", azure: "sk-2" }))
  expect(second.credentialsFor([...needs].reverse(), noToken)).toEqual(
    first.credentialsFor(needs, noToken),
  )
})

const changes = [
  { name: "a rotated key", after: secret("keys", { openai: "sk-9", azure: "sk-2" }) },
  { name: "a key that is gone", after: secret("keys", { azure: "sk-2" }) },
  {
    name: "a Secret made again with the same value",
    after: secret("keys", { openai: "sk-1", azure: "sk-2" }, "uid-other"),
  },
]
test.each(changes)("$name changes the revision", ({ after }) => {
  const vault = createVault()
  vault.put(secret("keys", { openai: "sk-1", azure: "sk-2" }))
  const before = vault.credentialsFor(needs, noToken).revision
  vault.put(after)
  expect(vault.credentialsFor(needs, noToken).revision).not.toBe(before)
})

test("another origin changes the revision: the key must be sent for it", () => {
  const vault = createVault()
  vault.put(secret("keys", { openai: "sk-1", azure: "sk-2" }))
  const moved = needs.map((need) => ({ ...need, origin: "https://c.example" }))
  const revision = (wanted: typeof needs) => vault.credentialsFor(wanted, noToken).revision
  expect(revision(moved)).not.toBe(revision(needs))
})

test("a deleted Secret takes its keys with it", () => {
  const vault = createVault()
  vault.put(secret("keys", { openai: "sk-1" }))
  vault.delete("keys")
  expect(vault.credentialsFor(needs, noToken).entries).toEqual([])
})

test("what a fresh list does not hold is forgotten", () => {
  const vault = createVault()
  vault.put(secret("keys", { openai: "sk-1" }))
  vault.put(secret("other", { openai: "sk-2" }))
  vault.retain(new Set(["other"]))
  expect(vault.credentialsFor(needs, noToken).entries).toEqual([])
  const origin = "https://a.example"
  const other: readonly CredentialNeed[] = [
    { provider: "openai", origin, kind: "secret", secret: "other", key: "openai" },
  ]
  expect(vault.credentialsFor(other, noToken).entries).toEqual([
    { kind: "key", provider: "openai", origin, value: "sk-2" },
  ])
})

const cloudNeeds: readonly CredentialNeed[] = [
  {
    provider: "vertex",
    origin: "https://a.example",
    kind: "cloud",
    identity: { kind: "google-federated-token", audience: "//pool", serviceAccount: null },
  },
  {
    provider: "bedrock",
    origin: "https://b.example",
    kind: "cloud",
    identity: { kind: "aws-pod-identity", region: "eu-central-1", roleArn: null },
  },
]
const bearer = (value: string): HeldToken => ({
  token: { kind: "bearer", value: new SecretValue(value), expiresAt: 5 },
  fault: null,
  isPending: false,
})
const session: HeldToken = {
  token: {
    kind: "aws",
    accessKeyId: new SecretValue("id"),
    secretAccessKey: new SecretValue("secret"),
    sessionToken: null,
    expiresAt: 6,
  },
  fault: null,
  isPending: false,
}
const none = (isPending: boolean): HeldToken => ({ token: null, fault: "down", isPending })
const held = (vertex: HeldToken, bedrock: HeldToken) => (provider: string) =>
  provider === "vertex" ? vertex : bedrock

test("tokens go with what they are used with, and the keys of AWS with their region", () => {
  const push = createVault().credentialsFor(cloudNeeds, held(bearer("t1"), session))
  expect([push.entries, push.temporary, push.pending]).toEqual([
    [],
    [
      {
        kind: "aws",
        provider: "bedrock",
        origin: "https://b.example",
        accessKeyId: "id",
        secretAccessKey: "secret",
        sessionToken: null,
        region: "eu-central-1",
        service: "bedrock",
        expiresAt: 6,
      },
      {
        kind: "bearer",
        provider: "vertex",
        origin: "https://a.example",
        value: "t1",
        expiresAt: 5,
      },
    ],
    [],
  ])
})

test.each([
  ["https://bedrock-runtime.eu-central-1.amazonaws.com", "bedrock"],
  ["https://bedrock-mantle.eu-central-1.api.aws", "bedrock-mantle"],
  ["https://vpce-1a.bedrock-mantle.eu-central-1.vpce.amazonaws.com", "bedrock-mantle"],
  ["https://bedrock-mantle-fips.us-gov-west-1.amazonaws.com", "bedrock-mantle"],
  ["https://not-bedrock-mantle.example", "bedrock"],
])("requests to %s are signed for the service %s", (origin, service) => {
  const needs = cloudNeeds.map((need) => ({ ...need, origin }))
  const { temporary } = createVault().credentialsFor(needs, held(bearer("t1"), session))
  expect(temporary.flatMap((entry) => (entry.kind === "aws" ? [entry.service] : []))).toEqual([
    service,
  ])
})

test("a provider without a token is pending while there was none, and left out afterwards", () => {
  const push = createVault().credentialsFor(cloudNeeds, held(none(true), none(false)))
  expect([push.temporary, push.pending]).toEqual([[], ["vertex"]])
})

test("a renewed token changes the revision, and so does one that is no longer waited for", () => {
  const vault = createVault()
  const revisions = [bearer("t1"), bearer("t2"), none(true), none(false)].map(
    (vertex) => vault.credentialsFor(cloudNeeds, held(vertex, session)).revision,
  )
  expect(new Set(revisions).size).toBe(4)
})

test("a key file is text, though no header can carry it; binary is none", () => {
  const vault = createVault()
  const data = { bad: Buffer.from([0xff, 0xfe]).toString("base64") }
  const stringData = { "key.json": '{\n  "type": "service_account"\n}\n' }
  const type = PROVIDER_CREDENTIAL_TYPE
  vault.put(readSecret({ name: "sa", uid: "u", type, annotations: {}, data, stringData }))
  expect(vault.text("sa", "key.json")?.reveal()).toBe(stringData["key.json"])
  expect(vault.text("sa", "bad")).toBeUndefined()
})
