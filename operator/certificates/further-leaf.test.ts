import { X509Certificate } from "node:crypto"
import { expect, test } from "vitest"
import { createCertificates, type StoredTexts } from "./certificates.ts"
import { ensureFurtherLeaf, type FurtherLeafOptions } from "./further-leaf.ts"
import { DAY_MS } from "./plan-rotation.ts"

const NAME = "sidegate-webhook.sidegate-system.svc"
const TODAY = Date.parse("2026-11-22T12:00:00Z")

async function makeVault() {
  const vault = {
    authority: null as StoredTexts | null,
    stored: null as StoredTexts | null,
    published: [] as string[],
    saves: 0,
    now: TODAY,
  }
  const authority = createCertificates({
    mode: "own",
    dnsNames: ["sidegate-operator.sidegate-system.svc"],
    load: async () => vault.authority,
    save: async (texts) => {
      vault.authority = { texts, revision: "1" }
      return "saved"
    },
    publish: async () => undefined,
    now: () => vault.now,
  })
  await authority.ensure()
  const options: FurtherLeafOptions = {
    dnsNames: [NAME],
    loadAuthority: async () => vault.authority,
    load: async () => vault.stored,
    save: async (texts) => {
      vault.saves += 1
      vault.stored = { texts, revision: String(vault.saves) }
      return "saved"
    },
    publish: async (roots) => void vault.published.push(roots),
    now: () => vault.now,
  }
  return { vault, authority, options }
}

function leafOf(stored: StoredTexts | null): X509Certificate {
  return new X509Certificate(stored?.texts["tls.crt"] ?? "")
}

test("the first call makes a leaf of the CA and publishes its root; the CA's key stays away", async () => {
  const { vault, options } = await makeVault()
  await ensureFurtherLeaf(options)
  expect(Object.keys(vault.stored?.texts ?? {}).sort()).toEqual(["ca.crt", "tls.crt", "tls.key"])
  const root = new X509Certificate(vault.stored?.texts["ca.crt"] ?? "")
  expect(leafOf(vault.stored).verify(root.publicKey)).toBe(true)
  expect(leafOf(vault.stored).subjectAltName).toBe(`DNS:${NAME}`)
  expect(vault.published).toEqual([vault.stored?.texts["ca.crt"]])
})

test("a leaf that is good is kept", async () => {
  const { vault, options } = await makeVault()
  await ensureFurtherLeaf(options)
  await ensureFurtherLeaf(options)
  expect(vault.saves).toBe(1)
})

test("a leaf is renewed after two thirds of its life", async () => {
  const { vault, options } = await makeVault()
  await ensureFurtherLeaf(options)
  const before = leafOf(vault.stored).fingerprint256
  vault.now += 21 * DAY_MS
  await ensureFurtherLeaf(options)
  expect(leafOf(vault.stored).fingerprint256).not.toBe(before)
})

test("when the CA changes, the new root is in the bundle first and the new leaf follows", async () => {
  const { vault, authority, options } = await makeVault()
  vault.now += 299 * DAY_MS
  await ensureFurtherLeaf(options)
  const old = leafOf(vault.stored)
  await authority.ensure()
  await ensureFurtherLeaf(options)
  expect(vault.stored?.texts["ca.crt"]?.split("BEGIN").length).toBe(3)
  expect(leafOf(vault.stored).fingerprint256).toBe(old.fingerprint256)
  vault.now += 8 * DAY_MS
  await authority.ensure()
  await ensureFurtherLeaf(options)
  const root = new X509Certificate(vault.authority?.texts["ca.crt"] ?? "")
  expect([old, leafOf(vault.stored)].map((leaf) => leaf.verify(root.publicKey))).toEqual([
    false,
    true,
  ])
})

test("a damaged leaf is replaced", async () => {
  const { vault, options } = await makeVault()
  vault.stored = { texts: { "tls.crt": "garbage" }, revision: "1" }
  await ensureFurtherLeaf(options)
  expect(leafOf(vault.stored).subjectAltName).toBe(`DNS:${NAME}`)
})

test("without a CA there is no leaf", async () => {
  const { vault, options } = await makeVault()
  vault.authority = null
  await expect(ensureFurtherLeaf(options)).rejects.toThrow(/does not exist/)
  expect(vault.saves).toBe(0)
})
