/**
 * The operator's own certificates: made once, kept in a Secret, published as roots, rotated with
 * overlap.
 *
 * In    functions that load and save the Secret and publish the ConfigMap; the clock; the names.
 * Out   the pair to serve with, the roots to trust, and when to look again.
 * Must not know Kubernetes clients or the server that uses the pair. Roots are published before
 * what they signed is served.
 */
import type { EpochMs } from "#proxy/contract/money.ts"
import { type Life, makeCa, makeLeaf } from "./make-pair.ts"
import {
  BACKDATE_MS,
  CA_LIFE_MS,
  LEAF_LIFE_MS,
  planRotation,
  type RotationStep,
  recheckAfterMs,
} from "./plan-rotation.ts"
import {
  type CertificateBundle,
  CertificateError,
  factsOf,
  type KeyPair,
  readBundle,
  readProvided,
  rootsOf,
  type SecretTexts,
  writeBundle,
} from "./stored-bundle.ts"

export interface CertificateOptions {
  /** `own`: we make and rotate. `provided`: the Secret is somebody else's, and we only read it. */
  readonly mode: "own" | "provided"
  /** DNS names of the config Service, e.g. `sidegate-operator.sidegate-system.svc`. */
  readonly dnsNames: readonly string[]
  /** Null when there is no such Secret. `revision` is its resourceVersion. */
  readonly load: () => Promise<StoredTexts | null>
  /** Creates it, or replaces that revision; `conflict` when somebody else was faster. */
  readonly save: (texts: SecretTexts, revision: string | null) => Promise<"saved" | "conflict">
  /**
   * PEM of every root that a sidecar may meet, for the ConfigMap `sidegate-ca` of injected
   * namespaces.
   */
  readonly publish: (roots: string) => Promise<void>
  readonly now: () => EpochMs
}

export interface StoredTexts {
  readonly texts: SecretTexts
  readonly revision: string
}

export interface ServedCertificates {
  /** For `createControlServer` and `setTls`. */
  readonly tls: KeyPair
  readonly roots: string
  /** Call `ensure` again after so many ms. */
  readonly recheckAfterMs: number
}

export interface Certificates {
  /**
   * Brings the Secret and the roots up to date and tells what to serve. Safe to repeat and to run
   * in several replicas. Rejects with CertificateError when the Secret is damaged, or with what a
   * given function threw.
   */
  ensure(): Promise<ServedCertificates>
}

/**
 * Replicas that start together save at the same moment: one wins, the others read what it saved.
 */
const ATTEMPTS_MAX = 5
const PROVIDED_RECHECK_MS = 60_000

export function createCertificates(options: CertificateOptions): Certificates {
  return { ensure: () => (options.mode === "own" ? ensureOwn(options) : ensureProvided(options)) }
}

/** A leaf of the current CA for these names, which ends with its CA at the latest. */
export function issueLeaf(
  bundle: CertificateBundle,
  now: EpochMs,
  dnsNames: readonly string[],
): Promise<KeyPair> {
  const caEndsAt = factsOf(bundle).ca.notAfterMs
  const life = lifeFrom(now, Math.min(LEAF_LIFE_MS, caEndsAt - now))
  return makeLeaf(bundle.ca, life, dnsNames)
}

async function ensureOwn(options: CertificateOptions): Promise<ServedCertificates> {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const stored = await options.load()
    const known = stored === null ? null : readBundle(stored.texts)
    const now = options.now()
    const steps = planRotation(now, known === null ? null : factsOf(known), options.dnsNames)
    const bundle = await carryOut(steps, known, now, options.dnsNames)
    if (steps.length > 0) {
      const saved = await options.save(writeBundle(bundle), stored?.revision ?? null)
      if (saved === "conflict") continue
    }
    const roots = rootsOf(bundle)
    await options.publish(roots)
    return { tls: bundle.leaf, roots, recheckAfterMs: recheckAfterMs(now, factsOf(bundle)) }
  }
  throw new CertificateError(
    `the certificate Secret changed under all ${ATTEMPTS_MAX} attempts to save it`,
  )
}

async function ensureProvided(options: CertificateOptions): Promise<ServedCertificates> {
  const stored = await options.load()
  if (stored === null)
    throw new CertificateError("the certificate Secret that the settings name does not exist")
  const { leaf, root } = readProvided(stored.texts)
  await options.publish(root)
  return { tls: leaf, roots: root, recheckAfterMs: PROVIDED_RECHECK_MS }
}

async function carryOut(
  steps: readonly RotationStep[],
  known: CertificateBundle | null,
  now: EpochMs,
  dnsNames: readonly string[],
): Promise<CertificateBundle> {
  let bundle = known
  for (const step of steps) bundle = await carryOutStep(step, bundle, now, dnsNames)
  if (bundle === null) throw new Error("a plan without a bundle must make one")
  return bundle
}

async function carryOutStep(
  step: RotationStep,
  bundle: CertificateBundle | null,
  now: EpochMs,
  dnsNames: readonly string[],
): Promise<CertificateBundle> {
  if (step === "create-all" || bundle === null) {
    const ca = await makeCa(lifeFrom(now, CA_LIFE_MS))
    const leaf = await makeLeaf(ca, lifeFrom(now, LEAF_LIFE_MS), dnsNames)
    return { ca, nextCa: null, previousCa: null, leaf }
  }
  switch (step) {
    case "create-next-ca":
      return { ...bundle, nextCa: await makeCa(lifeFrom(now, CA_LIFE_MS)) }
    case "promote-next-ca":
      if (bundle.nextCa === null) return bundle
      return { ...bundle, ca: bundle.nextCa, nextCa: null, previousCa: bundle.ca.cert }
    case "issue-leaf":
      return { ...bundle, leaf: await issueLeaf(bundle, now, dnsNames) }
    case "drop-previous-ca":
      return { ...bundle, previousCa: null }
    default:
      return step satisfies never
  }
}

function lifeFrom(now: EpochMs, lifeMs: number): Life {
  return { notBeforeDate: new Date(now - BACKDATE_MS), notAfterDate: new Date(now + lifeMs) }
}
