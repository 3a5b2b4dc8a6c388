/**
 * A second leaf of the operator's own CA, in a Secret of its own: the webhook's certificate.
 *
 * In    functions that load the Secret with the CA, and load and save the one with the leaf; where
 *       to publish the roots; the clock; the names. Out: both Secrets fit each other.
 * The Secret has `tls.crt`, `tls.key` and `ca.crt` and never the key of the CA, so that a process
 * that only serves can be given it whole.
 */
import { X509Certificate } from "node:crypto"
import type { EpochMs } from "#proxy/contract/money.ts"
import { issueLeaf, type StoredTexts } from "./certificates.ts"
import { isLeafDue } from "./plan-rotation.ts"
import {
  CertificateError,
  type KeyPair,
  leafFacts,
  readBundle,
  readProvided,
  rootsOf,
  type SecretTexts,
} from "./stored-bundle.ts"

export interface FurtherLeafOptions {
  readonly dnsNames: readonly string[]
  /** The Secret with the CA. */
  readonly loadAuthority: () => Promise<StoredTexts | null>
  readonly load: () => Promise<StoredTexts | null>
  /** Creates it, or replaces that revision; `conflict` when somebody else was faster. */
  readonly save: (texts: SecretTexts, revision: string | null) => Promise<"saved" | "conflict">
  /** Before anything that they signed is saved. */
  readonly publish: (roots: string) => Promise<void>
  readonly now: () => EpochMs
}

/**
 * Safe to repeat; a conflict is settled by the next call. A damaged leaf is replaced: nobody keeps
 * it in memory for longer than its files. Rejects with CertificateError when the CA is missing or
 * damaged.
 */
export async function ensureFurtherLeaf(options: FurtherLeafOptions): Promise<void> {
  const authority = await options.loadAuthority()
  if (authority === null) throw new CertificateError("the Secret with the CA does not exist")
  const bundle = readBundle(authority.texts)
  const roots = rootsOf(bundle)
  await options.publish(roots)
  const stored = await options.load()
  const now = options.now()
  const held = stored === null ? null : heldLeaf(stored.texts)
  const isGood =
    held !== null &&
    !isLeafDue(now, leafFacts(held.cert), options.dnsNames) &&
    new X509Certificate(held.cert).verify(new X509Certificate(bundle.ca.cert).publicKey)
  if (isGood && stored?.texts["ca.crt"] === roots) return
  const leaf = isGood ? held : await issueLeaf(bundle, now, options.dnsNames)
  const texts = { "tls.crt": leaf.cert, "tls.key": leaf.key, "ca.crt": roots }
  await options.save(texts, stored?.revision ?? null)
}

/** Null when the texts are damaged. */
function heldLeaf(texts: SecretTexts): KeyPair | null {
  try {
    return readProvided(texts).leaf
  } catch (error) {
    if (error instanceof CertificateError) return null
    throw error
  }
}
