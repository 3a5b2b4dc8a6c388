/** One object's whole status from its parts, and the events that its change is worth. Pure. */
import type { Condition, ObjectVerdict } from "#operator/compile/compiled.ts"
import type { EpochMs } from "#proxy/contract/money.ts"
import type { ObjectEvent, ObjectStatus, StatusCondition, UsageStatus } from "./ports.ts"
import type { Programmed } from "./programmed.ts"

/** Of a condition's message and an event's note; the CRDs take 4,096. */
const MESSAGE_CHARACTERS_MAX = 1024

/**
 * Input   `previous`: the status on record, whose transition times hold where nothing turned; null
 *         for none.
 * Output  the four conditions in one order; `Ready` is False with the first reason that makes it
 *         so.
 * Source  `api.md`, "Status".
 */
export function assembleStatus(
  verdict: ObjectVerdict,
  programmed: Programmed,
  usage: UsageStatus | undefined,
  previous: ObjectStatus | null,
  now: EpochMs,
): ObjectStatus {
  const { accepted, resolvedRefs, object } = verdict
  const parts = [accepted, resolvedRefs, programmed.condition]
  const conditions = [...parts, readyOf(parts)].map((condition): StatusCondition => {
    const before = previous?.conditions.find(({ type }) => type === condition.type)
    const isSteady = before?.status === condition.status
    return {
      type: condition.type,
      status: condition.status,
      reason: condition.reason,
      message: cut(condition.message),
      observedGeneration: object.generation,
      lastTransitionTime: isSteady ? before.lastTransitionTime : rfc3339(now),
    }
  })
  return {
    observedGeneration: object.generation,
    conditions,
    sidecars: programmed.sidecars,
    ...(usage === undefined ? {} : { usage }),
  }
}

/**
 * One event for each condition that turned False or changed its reason for it, and one for each
 * that turned True again. Ready repeats the others and makes none.
 */
export function transitionsOf(
  previous: ObjectStatus | null,
  next: ObjectStatus,
): readonly Pick<ObjectEvent, "type" | "reason" | "note">[] {
  const events: Pick<ObjectEvent, "type" | "reason" | "note">[] = []
  for (const { type, status, reason, message } of next.conditions) {
    if (type === "Ready") continue
    const before = previous?.conditions.find((condition) => condition.type === type)
    const wasFalse = before?.status === "False"
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
