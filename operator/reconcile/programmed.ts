/**
 * The condition `Programmed`: whether every connected sidecar in scope has this generation in
 * force.
 */
import type { Condition, ObjectVerdict } from "#operator/compile/compiled.ts"
import { type ConfigObject, formatRef, type ObjectRef } from "#operator/index/view.ts"
import type { InForce } from "./in-force.ts"
import type { ConnectedSidecar, SidecarCounts } from "./ports.ts"

/** A push without an answer for so long makes the condition say which pods are silent. */
export const ANSWER_WITHIN_MS = 60_000
/** Pods that a message names; the rest is counted. */
export const PODS_NAMED_MAX = 10
/** Of a sidecar's reason, in a message. */
const REASON_CHARACTERS_MAX = 200

export interface Programmed {
  readonly condition: Condition
  readonly sidecars: SidecarCounts
  /** When the answer changes by time alone, ms; null when only an event can change it. */
  readonly recheckAt: number | null
}

interface Tally {
  connected: number
  programmed: number
  readonly rejected: string[]
  readonly unsupported: string[]
  readonly blocked: string[]
  readonly silent: string[]
  recheckAt: number | null
}

/** `sidecars` gives those connected in a namespace; `now` is on the clock of `pendingSinceMs`. */
export function judgeProgrammed(
  { object, accepted }: ObjectVerdict,
  inForce: InForce,
  sidecars: (namespace: string) => readonly ConnectedSidecar[],
  now: number,
): Programmed {
  const subject = { object, name: formatRef(object) }
  const tally: Tally = {
    connected: 0,
    programmed: 0,
    rejected: [],
    unsupported: [],
    blocked: [],
    silent: [],
    recheckAt: null,
  }
  let isInScope = false
  for (const namespace of scopeOf(object, inForce)) {
    isInScope = true
    for (const sidecar of sidecars(namespace)) {
      tally.connected++
      count(tally, sidecar, subject, holds(sidecar, inForce, namespace, subject), now)
    }
  }
  const counts = { connected: tally.connected, programmed: tally.programmed }
  const [status, reason, message] =
    !isInScope && accepted.status === "False"
      ? (["Unknown", "NotAccepted", "not in force: the object is not accepted"] as const)
      : describe(tally)
  const condition: Condition = { type: "Programmed", status, reason, message }
  return { condition, sidecars: counts, recheckAt: tally.recheckAt }
}

/** An AINamespace speaks of its own namespace, whatever is in force there. */
export function scopeOf(object: ObjectRef, inForce: InForce): Iterable<string> {
  return object.kind === "AINamespace" ? [object.namespace] : inForce.scope(formatRef(object))
}

interface Subject {
  readonly object: ConfigObject
  /** `formatRef` of it. */
  readonly name: string
}

/** The newest configuration of the namespace, or one with this generation of the object. */
function holds(
  { heldHash }: ConnectedSidecar,
  inForce: InForce,
  namespace: string,
  { object, name }: Subject,
): boolean {
  if (heldHash === null) return false
  if (object.kind === "AINamespace") return heldHash === inForce.hash(namespace)
  const held = inForce.generation(namespace, heldHash, name, object.uid)
  return held !== undefined && held >= object.generation
}

function count(
  tally: Tally,
  sidecar: ConnectedSidecar,
  { object, name }: Subject,
  isProgrammed: boolean,
  now: number,
): void {
  const { nack, identity, pendingSinceMs } = sidecar
  const lacking = sidecar.withheld.find((one) => one.object === name)
  const pod = `${identity.namespace}/${identity.pod}`
  const isAbout =
    object.kind === "AINamespace" ||
    nack?.object === name ||
    (nack?.object === null && !isProgrammed)
  if (nack !== null && isAbout) {
    const path = nack.path === null ? "" : ` at ${nack.path}`
    tally.rejected.push(`${pod}: ${nack.reason.slice(0, REASON_CHARACTERS_MAX)}${path}`)
  } else if (lacking !== undefined) {
    tally.unsupported.push(`${pod}: ${lacking.feature}`)
  } else if (isProgrammed) {
    tally.programmed++
  } else if (nack !== null) {
    tally.blocked.push(`${pod} by ${nack.object}`)
  } else if (pendingSinceMs !== null) {
    const lateAt = pendingSinceMs + ANSWER_WITHIN_MS
    if (lateAt <= now) tally.silent.push(pod)
    else tally.recheckAt = Math.min(tally.recheckAt ?? lateAt, lateAt)
  }
}

function describe(tally: Tally): readonly [Condition["status"], string, string] {
  const { connected, programmed, rejected, unsupported, blocked, silent } = tally
  const counts = `${programmed}/${connected} sidecars`
  if (rejected.length > 0) {
    return ["False", "Rejected", `${counts}; rejected by ${nameSome(rejected)}`]
  }
  if (unsupported.length > 0) {
    const pods = `not known to the release of ${nameSome(unsupported)}`
    return ["False", "FeatureUnsupported", `${counts}; ${pods}; restart these pods`]
  }
  if (connected === 0) {
    return ["True", "NoSidecars", "no sidecar in scope is connected"]
  }
  if (programmed === connected) return ["True", "Programmed", counts]
  if (silent.length > 0) {
    return ["Unknown", "NoAcknowledgement", `${counts}; no answer from ${nameSome(silent)}`]
  }
  if (blocked.length > 0) {
    return ["Unknown", "Pending", `${counts}; held up in ${nameSome(blocked)}`]
  }
  return ["Unknown", "Pending", counts]
}

function nameSome(items: readonly string[]): string {
  const named = [...items].sort().slice(0, PODS_NAMED_MAX)
  const more = items.length - named.length
  return more > 0 ? `${named.join("; ")}; and ${more} more` : named.join("; ")
}
