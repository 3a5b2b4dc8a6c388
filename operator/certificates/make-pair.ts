/**
 * Makes an elliptic-curve CA, and leaves signed by one. Shell: keys come from the system's
 * randomness.
 */
import { generate } from "selfsigned"
import type { KeyPair } from "./stored-bundle.ts"

/** Always both dates: the library has its own idea of a duration. */
export interface Life {
  readonly notBeforeDate: Date
  readonly notAfterDate: Date
}

const EC_P256 = { keyType: "ec", curve: "P-256", algorithm: "sha256" } as const

/** Its name carries its first day, so that two roots of one bundle are told apart. */
export async function makeCa(life: Life): Promise<KeyPair> {
  const day = life.notBeforeDate.toISOString().slice(0, 10)
  const made = await generate([{ name: "commonName", value: `sidegate-ca-${day}` }], {
    ...EC_P256,
    ...life,
    extensions: [
      { name: "basicConstraints", cA: true, pathLenConstraint: 0, critical: true },
      { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true },
    ],
  })
  return { cert: made.cert, key: made.private }
}

export async function makeLeaf(
  ca: KeyPair,
  life: Life,
  dnsNames: readonly string[],
): Promise<KeyPair> {
  const made = await generate([{ name: "commonName", value: "sidegate-operator" }], {
    ...EC_P256,
    ...life,
    ca,
    extensions: [
      { name: "basicConstraints", cA: false, critical: true },
      { name: "keyUsage", digitalSignature: true, critical: true },
      { name: "extKeyUsage", serverAuth: true },
      { name: "subjectAltName", altNames: dnsNames.map((value) => ({ type: 2, value })) },
    ],
  })
  return { cert: made.cert, key: made.private }
}
