/**
 * A certificate authority and a serving certificate for one control plane, and its token signing
 * key.
 */
import { generateKeyPairSync } from "node:crypto"
import { generate } from "selfsigned"

export interface Certificates {
  readonly ca: string
  readonly cert: string
  readonly key: string
  /** PEM of the key that signs service account tokens (RS256). */
  readonly serviceAccountKey: string
}

const LIFE_MS = 24 * 60 * 60 * 1000

/** Valid from an hour ago, for clocks that differ, until a day from now. */
export async function makeCertificates(nowMs: number): Promise<Certificates> {
  const life = {
    keyType: "ec",
    algorithm: "sha256",
    notBeforeDate: new Date(nowMs - 60 * 60 * 1000),
    notAfterDate: new Date(nowMs + LIFE_MS),
  } as const
  const ca = await generate([{ name: "commonName", value: "sidegate-test-ca" }], {
    ...life,
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, cRLSign: true, digitalSignature: true },
    ],
  })
  const serving = await generate([{ name: "commonName", value: "kube-apiserver" }], {
    ...life,
    ca: { key: ca.private, cert: ca.cert },
    extensions: [
      { name: "basicConstraints", cA: false },
      { name: "keyUsage", digitalSignature: true, keyEncipherment: true },
      { name: "extKeyUsage", serverAuth: true },
      {
        name: "subjectAltName",
        altNames: [
          { type: 2, value: "localhost" },
          { type: 2, value: "kubernetes.default.svc" },
          { type: 7, ip: "127.0.0.1" },
        ],
      },
    ],
  })
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 })
  return {
    ca: ca.cert,
    cert: serving.cert,
    key: serving.private,
    serviceAccountKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  }
}
