/**
 * The Secret that holds our certificates: PEM texts under fixed keys, read back with proof that
 * they fit.
 *
 * A Secret that was damaged is an error that says what to do, never a reason to make a new CA in
 * silence: every sidecar would lose its root.
 */
import { createPrivateKey, X509Certificate } from "node:crypto"
import type { BundleFacts, LeafFacts, Validity } from "./plan-rotation.ts"

export interface KeyPair {
  readonly cert: string
  readonly key: string
}

/** `previousCa` has no key: it only vouches for what it has signed. */
export interface CertificateBundle {
  readonly ca: KeyPair
  readonly nextCa: KeyPair | null
  readonly previousCa: string | null
  readonly leaf: KeyPair
}

/** `data` of the Secret, decoded. */
export type SecretTexts = Readonly<Record<string, string>>

export class CertificateError extends Error {}

export function writeBundle(bundle: CertificateBundle): SecretTexts {
  return {
    "ca.crt": bundle.ca.cert,
    "ca.key": bundle.ca.key,
    "tls.crt": bundle.leaf.cert,
    "tls.key": bundle.leaf.key,
    ...(bundle.nextCa === null
      ? {}
      : { "next-ca.crt": bundle.nextCa.cert, "next-ca.key": bundle.nextCa.key }),
    ...(bundle.previousCa === null ? {} : { "previous-ca.crt": bundle.previousCa }),
  }
}

/** Throws CertificateError naming the Secret's key that is missing, unreadable or does not fit. */
export function readBundle(texts: SecretTexts): CertificateBundle {
  const ca = readPair(texts, "ca.crt", "ca.key")
  const nextCa = texts["next-ca.crt"] ? readPair(texts, "next-ca.crt", "next-ca.key") : null
  const previousCa = texts["previous-ca.crt"] || null
  if (previousCa !== null) parseCertificate(previousCa, "previous-ca.crt")
  const leaf = readPair(texts, "tls.crt", "tls.key")
  const root = parseCertificate(ca.cert, "ca.crt")
  if (!parseCertificate(leaf.cert, "tls.crt").verify(root.publicKey))
    throw fault("tls.crt", "is not signed by ca.crt")
  return { ca, nextCa, previousCa, leaf }
}

/**
 * A pair made by somebody else, e.g. cert-manager: `tls.crt`, `tls.key`, and the root in `ca.crt`.
 */
export function readProvided(texts: SecretTexts): {
  readonly leaf: KeyPair
  readonly root: string
} {
  const leaf = readPair(texts, "tls.crt", "tls.key")
  const root = texts["ca.crt"] ?? ""
  parseCertificate(root, "ca.crt")
  return { leaf, root }
}

export function factsOf(bundle: CertificateBundle): BundleFacts {
  const { ca, nextCa, previousCa, leaf } = bundle
  return {
    ca: validityOf(ca.cert),
    nextCa: nextCa === null ? null : validityOf(nextCa.cert),
    previousCa: previousCa === null ? null : validityOf(previousCa),
    leaf: leafFacts(leaf.cert),
  }
}

/** All roots that a sidecar may meet, the current one first: the text of the ConfigMap. */
export function rootsOf(bundle: CertificateBundle): string {
  const roots = [bundle.ca.cert, bundle.nextCa?.cert, bundle.previousCa]
  return roots
    .filter((root) => typeof root === "string")
    .map((root) => `${root.trim()}\n`)
    .join("")
}

/** Of one certificate in PEM form. */
export function leafFacts(cert: string): LeafFacts {
  const names = new X509Certificate(cert).subjectAltName?.split(", ") ?? []
  const dnsNames = names.flatMap((name) => (name.startsWith("DNS:") ? [name.slice(4)] : []))
  return { ...validityOf(cert), dnsNames }
}

function validityOf(cert: string): Validity {
  const { validFromDate, validToDate } = new X509Certificate(cert)
  return { notBeforeMs: validFromDate.getTime(), notAfterMs: validToDate.getTime() }
}

function readPair(texts: SecretTexts, certName: string, keyName: string): KeyPair {
  const cert = texts[certName] ?? ""
  const key = texts[keyName] ?? ""
  const certificate = parseCertificate(cert, certName)
  const fits = ((): boolean => {
    try {
      return certificate.checkPrivateKey(createPrivateKey(key))
    } catch {
      throw fault(keyName, key === "" ? "is missing" : "is not a private key in PEM form")
    }
  })()
  if (!fits) throw fault(keyName, `is not the key of ${certName}`)
  return { cert, key }
}

function parseCertificate(text: string, name: string): X509Certificate {
  try {
    return new X509Certificate(text)
  } catch {
    throw fault(name, text === "" ? "is missing" : "is not a certificate in PEM form")
  }
}

function fault(name: string, what: string): CertificateError {
  return new CertificateError(
    `the certificate Secret's key ${name} ${what}: restore it, or delete the Secret for a new one`,
  )
}
