/**
 * When certificates are made, renewed and dropped, as a pure plan over their validity times.
 *
 * A sidecar reads the roots from a mounted ConfigMap, which takes minutes to arrive everywhere: so
 * the next root is published days before anything is signed with it, and the old one stays for days
 * after.
 *
 *   current CA  |------------------------------------------------------------|
 *   next CA                                        |--published--|--signs (current now)
 *   leaf        |----renewed at 2/3----|----...                  |----...
 */
import type { EpochMs } from "#proxy/contract/money.ts"

export const DAY_MS = 24 * 3_600_000
export const CA_LIFE_MS = 365 * DAY_MS
export const LEAF_LIFE_MS = 30 * DAY_MS
/** How long before the next CA signs anything its root is published. */
export const PUBLISH_AHEAD_MS = 7 * DAY_MS
/** How long the root before stays in the bundle once the next one signs. */
export const KEEP_BEHIND_MS = 7 * DAY_MS
/** The next CA signs from here: two leaves fit before the current one ends. */
export const PROMOTE_BEFORE_END_MS = 2 * LEAF_LIFE_MS
/** Certificates begin so long before they are made, for clocks that run behind. */
export const BACKDATE_MS = 3_600_000

export interface Validity {
  readonly notBeforeMs: EpochMs
  readonly notAfterMs: EpochMs
}

export interface LeafFacts extends Validity {
  readonly dnsNames: readonly string[]
}

/** What is stored, as far as it matters for the plan. */
export interface BundleFacts {
  readonly ca: Validity
  readonly nextCa: Validity | null
  readonly previousCa: Validity | null
  readonly leaf: LeafFacts
}

/** In the order to carry them out. */
export type RotationStep =
  /** Everything anew: there is nothing, or nothing that still holds. */
  | "create-all"
  | "create-next-ca"
  /** The next CA becomes the current one, the current one the previous. A leaf must follow. */
  | "promote-next-ca"
  | "issue-leaf"
  | "drop-previous-ca"

/**
 * Input   `now` in ms; null when nothing is stored; `dnsNames` that the leaf must have.
 * Output  the steps that are due, none when all is in order.
 */
export function planRotation(
  now: EpochMs,
  bundle: BundleFacts | null,
  dnsNames: readonly string[],
): readonly RotationStep[] {
  if (bundle === null) return ["create-all"]
  const { ca, nextCa, previousCa, leaf } = bundle
  const hasNext = nextCa !== null && nextCa.notAfterMs > now
  if (ca.notAfterMs <= now && !hasNext) return ["create-all"]
  if (hasNext && now >= promotionAt(ca, nextCa)) return ["promote-next-ca", "issue-leaf"]
  const steps: RotationStep[] = []
  if (!hasNext && now >= ca.notAfterMs - PROMOTE_BEFORE_END_MS - PUBLISH_AHEAD_MS)
    steps.push("create-next-ca")
  if (isLeafDue(now, leaf, dnsNames)) steps.push("issue-leaf")
  if (previousCa !== null && now >= dropAt(ca, previousCa)) steps.push("drop-previous-ca")
  return steps
}

/** When to look again: the next time that a step may be due, at most a day from now. */
export function recheckAfterMs(now: EpochMs, bundle: BundleFacts): number {
  const { ca, nextCa, previousCa, leaf } = bundle
  const times = [
    renewalAt(leaf),
    nextCa === null
      ? ca.notAfterMs - PROMOTE_BEFORE_END_MS - PUBLISH_AHEAD_MS
      : promotionAt(ca, nextCa),
    ...(previousCa === null ? [] : [dropAt(ca, previousCa)]),
  ]
  return Math.min(DAY_MS, Math.max(60_000, Math.min(...times) - now))
}

/** Two thirds of its life are over, or a name is missing. */
export function isLeafDue(now: EpochMs, leaf: LeafFacts, dnsNames: readonly string[]): boolean {
  return now >= renewalAt(leaf) || dnsNames.some((name) => !leaf.dnsNames.includes(name))
}

/** Two thirds into its life. */
function renewalAt(leaf: Validity): EpochMs {
  return leaf.notBeforeMs + Math.floor(((leaf.notAfterMs - leaf.notBeforeMs) * 2) / 3)
}

/** Published for long enough, or the current one is at its end. */
function promotionAt(ca: Validity, nextCa: Validity): EpochMs {
  return Math.min(ca.notAfterMs, nextCa.notBeforeMs + BACKDATE_MS + PUBLISH_AHEAD_MS)
}

/**
 * The current CA began to sign a week after it was made, and a week later nobody needs the one
 * before.
 */
function dropAt(ca: Validity, previousCa: Validity): EpochMs {
  const signsFrom = ca.notBeforeMs + BACKDATE_MS + PUBLISH_AHEAD_MS
  return Math.min(previousCa.notAfterMs, signsFrom + KEEP_BEHIND_MS)
}
