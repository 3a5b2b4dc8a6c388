/** One object's whole status from its parts, and the events that its change is worth. Pure. */
import type { NamespaceDetails } from "#operator/api/v1alpha1/ai-namespace.ts"
import type { Condition, ObjectVerdict } from "#operator/compile/compiled.ts"
import type { EpochMs } from "#proxy/contract/money.ts"
import type { ObjectEvent, ObjectStatus, StatusCondition, UsageStatus } from "./ports.ts"
import type { Programmed } from "./programmed.ts"

/** What a status has besides: `team` that of a TeamQuota, `details` that of an AINamespace. */
export interface FurtherParts {
  readonly team?: TeamParts
  readonly details?: NamespaceDetails
}

export interface TeamParts {
  readonly ledger: Condition
  /** Undefined until the ledger was read. */
  readonly usage: UsageStatus | undefined
}

/** Of a condition's message and an event's note; the CRDs take 4,096. */
const MESSAGE_CHARACTERS_MAX = 1024

/**
 * Input   `further`: what its kind has besides. `earlier`: the statuses whose transition times hold
 *         where nothing turned, the one on record first, then what was to be written since: what
 *         turned and turned back before it was written has not turned for anybody.
 * Output  the conditions in one order; `Ready` is False with the first reason that makes it so, and
 *         does not look at the ledger: what the object says is in force all the same.
 * Source  `api.md`, "Status".
 */
export function assembleStatus(
  verdict: ObjectVerdict,
  programmed: Programmed,
  { team, details }: FurtherParts,
  earlier: readonly ObjectStatus[],
  now: EpochMs,
): ObjectStatus {
  const { accepted, resolvedRefs, object } = verdict
  const parts = [accepted, resolvedRefs, programmed.condition]
  const ofTeam = team === undefined ? [] : [team.ledger]
  const conditions = [...parts, ...ofTeam, readyOf(parts)].map((condition): StatusCondition => {
    const { type, status } = condition
    const steady = earlier
      .flatMap(({ conditions }) => conditions)
      .find((before) => before.type === type && before.status === status)
    return {
      type,
      status,
      reason: condition.reason,
      message: cut(condition.message),
      observedGeneration: object.generation,
      lastTransitionTime: steady?.lastTransitionTime ?? rfc3339(now),
    }
  })
  return {
    observedGeneration: object.generation,
    conditions,
    sidecars: programmed.sidecars,
    ...(team?.usage === undefined ? {} : { usage: team.usage }),
    ...details,
  }
}

/** Reasons of a condition that holds, worth a Warning all the same. */
const WARNINGS: ReadonlySet<string> = new Set(["CredentialLooksForeign"])

/**
 * One event for each condition that turned False or changed its reason for it, and one for each
 * that turned True again. Ready repeats the others and makes none; LedgerWritable is the same on
 * every TeamQuota, and makes none either.
 */
export function transitionsOf(
  previous: ObjectStatus | null,
  next: ObjectStatus,
): readonly Pick<ObjectEvent, "type" | "reason" | "note">[] {
  const events: Pick<ObjectEvent, "type" | "reason" | "note">[] = []
  for (const { type, status, reason, message } of next.conditions) {
    if (type === "Ready" || type === "LedgerWritable") continue
    const before = previous?.conditions.find((condition) => condition.type === type)
    const wasFalse = before?.status === "False"
    if (WARNINGS.has(reason) && before?.reason !== reason) {
      events.push({ type: "Warning", reason, note: message })
      continue
    }
    if (status === "False" && !(wasFalse && before.reason === reason)) {
      events.push({ type: "Warning", reason, note: message })
    } else if (status === "True" && wasFalse) {
      events.push({ type: "Normal", reason: type, note: message })
    }
  }
  return events
}

/** With whole seconds, as the API server writes times. */
export function rfc3339(at: EpochMs): string {
  return new Date(at).toISOString().replace(/\.\d{3}Z$/, "Z")
}

function readyOf(parts: readonly Condition[]): Condition {
  const cause = parts.find(({ type, status }) =>
    type === "Programmed" ? status === "False" : status !== "True",
  )
  if (cause === undefined) {
    return { type: "Ready", status: "True", reason: "Ready", message: "in force" }
  }
  const message = `${cause.type}: ${cause.message}`
  return { type: "Ready", status: "False", reason: cause.reason, message }
}

function cut(text: string): string {
  const isLong = text.length > MESSAGE_CHARACTERS_MAX
  return isLong ? `${text.slice(0, MESSAGE_CHARACTERS_MAX)}…` : text
}
