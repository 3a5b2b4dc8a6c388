import { once } from "node:events"
import { createServer, type Server } from "node:https"
import { connect } from "node:tls"
import { afterEach, expect, test } from "vitest"
import { type CertificateOptions, createCertificates, type StoredTexts } from "./certificates.ts"
import { DAY_MS } from "./plan-rotation.ts"
import type { KeyPair, SecretTexts } from "./stored-bundle.ts"

const NAME = "sidegate-operator.sidegate-system.svc"
const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

interface Vault {
  stored: StoredTexts | null
  readonly published: string[]
  saves: number
  now: number
}

function makeVault(): Vault & { readonly options: CertificateOptions } {
  const vault: Vault = { stored: null, published: [], saves: 0, now: Date.now() }
  const options: CertificateOptions = {
    mode: "own",
    dnsNames: [NAME],
    load: async () => vault.stored,
    save: async (texts, revision) => {
      if ((vault.stored?.revision ?? null) !== revision) return "conflict"
      vault.saves += 1
      vault.stored = { texts, revision: String(vault.saves) }
      return "saved"
    },
    publish: async (roots) => void vault.published.push(roots),
    now: () => vault.now,
  }
  return Object.assign(vault, { options })
}

/**
 * Null when a client with these roots accepts the pair under `servername`, else OpenSSL's reason.
 */
async function verify(tls: KeyPair, roots: string, servername = NAME): Promise<string | null> {
  const server = createServer({ ...tls, minVersion: "TLSv1.3" })
  servers.push(server)
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("no port")
  const socket = connect({ port: address.port, host: "127.0.0.1", ca: roots, servername })
  try {
    await once(socket, "secureConnect")
    return socket.getProtocol() === "TLSv1.3" ? null : "not TLS 1.3"
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : String(error)
  } finally {
    socket.destroy()
  }
}

test("the first run makes a CA and a leaf that the published roots vouch for", async () => {
  const vault = makeVault()
  const served = await createCertificates(vault.options).ensure()
  expect(vault.published).toEqual([served.roots])
  expect(await verify(served.tls, served.roots)).toBeNull()
  expect(await verify(served.tls, served.roots, "other.example")).toBe(
    "ERR_TLS_CERT_ALTNAME_INVALID",
  )
})

test("another CA of ours is not accepted", async () => {
  const served = await createCertificates(makeVault().options).ensure()
  const other = await createCertificates(makeVault().options).ensure()
  expect(await verify(served.tls, other.roots)).not.toBeNull()
})

test("a second run, and a restart, change nothing", async () => {
  const vault = makeVault()
  const first = await createCertificates(vault.options).ensure()
  const second = await createCertificates(vault.options).ensure()
  expect(second).toEqual(first)
  expect(vault.saves).toBe(1)
})

test("two replicas that start at once serve the same pair", async () => {
  const vault = makeVault()
  const [one, two] = await Promise.all([
    createCertificates(vault.options).ensure(),
    createCertificates(vault.options).ensure(),
  ])
  expect(one.tls).toEqual(two.tls)
  expect(vault.saves).toBe(1)
})

test("a renewed leaf is accepted with the roots of before", async () => {
  const vault = makeVault()
  vault.now -= 21 * DAY_MS
  const before = await createCertificates(vault.options).ensure()
  vault.now += 21 * DAY_MS
  const after = await createCertificates(vault.options).ensure()
  expect(after.tls.cert).not.toBe(before.tls.cert)
  expect(after.roots).toBe(before.roots)
  expect(await verify(after.tls, before.roots)).toBeNull()
})

test("a new CA signs after its root was published, and both roots are in the bundle", async () => {
  const vault = makeVault()
  const today = vault.now
  vault.now = today - 306 * DAY_MS
  await createCertificates(vault.options).ensure()
  vault.now = today - 8 * DAY_MS
  const ahead = await createCertificates(vault.options).ensure()
  vault.now = today
  const promoted = await createCertificates(vault.options).ensure()
  const count = (roots: string) => roots.split("BEGIN CERTIFICATE").length - 1
  expect([count(ahead.roots), count(promoted.roots)]).toEqual([2, 2])
  const [oldRoot] = ahead.roots.split(/(?<=-----END CERTIFICATE-----\n)/)
  expect(await verify(ahead.tls, ahead.roots)).toBeNull()
  expect(await verify(promoted.tls, ahead.roots)).toBeNull()
  expect(await verify(ahead.tls, promoted.roots)).toBeNull()
  expect(await verify(promoted.tls, oldRoot ?? "")).not.toBeNull()
})

/** What another operator stored. */
const otherVault = makeVault()
await createCertificates(otherVault.options).ensure()
const OTHER = otherVault.stored?.texts ?? {}

const damages: readonly {
  name: string
  damage: (texts: SecretTexts) => SecretTexts
  says: string
}[] = [
  {
    name: "a missing CA key",
    damage: ({ "ca.key": _, ...rest }) => rest,
    says: "key ca.key is missing",
  },
  {
    name: "a garbled certificate",
    damage: (texts) => ({ ...texts, "tls.crt": "garbage" }),
    says: "key tls.crt is not a certificate in PEM form",
  },
  {
    name: "a garbled key",
    damage: (texts) => ({ ...texts, "tls.key": "garbage" }),
    says: "key tls.key is not a private key in PEM form",
  },
  {
    name: "a key of another certificate",
    damage: (texts) => ({ ...texts, "tls.key": texts["ca.key"] ?? "" }),
    says: "key tls.key is not the key of tls.crt",
  },
  {
    name: "a leaf that the CA did not sign",
    damage: (texts) => ({
      ...texts,
      "ca.crt": OTHER["ca.crt"] ?? "",
      "ca.key": OTHER["ca.key"] ?? "",
    }),
    says: "key tls.crt is not signed by ca.crt",
  },
]

test.each(damages)("$name is an error that names it, and nothing is replaced", async (row) => {
  const vault = makeVault()
  await createCertificates(vault.options).ensure()
  const texts = row.damage(vault.stored?.texts ?? {})
  vault.stored = { texts, revision: "1" }
  const failed = await createCertificates(vault.options).ensure().catch(String)
  expect(failed).toContain(row.says)
  expect(failed).not.toContain("garbage")
  expect(failed).not.toContain("PRIVATE KEY--")
  expect(vault.stored).toEqual({ texts, revision: "1" })
})

test("a Secret that changes under every attempt is an error, not an endless loop", async () => {
  const vault = makeVault()
  const options: CertificateOptions = { ...vault.options, save: async () => "conflict" }
  await expect(createCertificates(options).ensure()).rejects.toThrow(/all 5 attempts/)
})

test("a provided pair is served and published, never written", async () => {
  const vault = makeVault()
  const texts = { "tls.crt": OTHER["tls.crt"] ?? "", "tls.key": OTHER["tls.key"] ?? "" }
  vault.stored = { texts: { ...texts, "ca.crt": OTHER["ca.crt"] ?? "" }, revision: "1" }
  const served = await createCertificates({ ...vault.options, mode: "provided" }).ensure()
  expect(await verify(served.tls, served.roots)).toBeNull()
  expect(vault.published).toEqual([OTHER["ca.crt"]])
  expect(vault.saves).toBe(0)
})

test("a provided Secret that does not exist is an error", async () => {
  const { options } = makeVault()
  const certificates = createCertificates({ ...options, mode: "provided" })
  await expect(certificates.ensure()).rejects.toThrow(/does not exist/)
})
