/** Makes conditions and verdicts: one place for their words and for how long they may be. */
import type { ConfigObject } from "#operator/index/view.ts"
import type { CompiledCondition, ObjectVerdict } from "./compiled.ts"
import type { Reason } from "./reasons.ts"

/** Longest message of a condition: a status must stay small, whatever a spec says. */
const MESSAGE_MAX = 1024

/** One value for all that are in order, which are nearly all. */
const ACCEPTED: CompiledCondition = Object.freeze({
  type: "Accepted",
  status: "True",
  reason: "Accepted",
  message: "",
})
const RESOLVED: CompiledCondition = Object.freeze({
  type: "ResolvedRefs",
  status: "True",
  reason: "ResolvedRefs",
  message: "",
})

export function accepted(): CompiledCondition {
  return ACCEPTED
}

export function notAccepted(reason: Reason, message: string): CompiledCondition {
  return { type: "Accepted", status: "False", reason, message: shorten(message) }
}

export function resolved(): CompiledCondition {
  return RESOLVED
}

export function notResolved(reason: Reason, message: string): CompiledCondition {
  return { type: "ResolvedRefs", status: "False", reason, message: shorten(message) }
}

/** In force, with a word of warning. */
export function resolvedBut(reason: Reason, message: string): CompiledCondition {
  return { type: "ResolvedRefs", status: "True", reason, message: shorten(message) }
}

/** The verdict on an object that leaves at once: its references were not looked at. */
export function refused(object: ConfigObject, reason: Reason, message: string): ObjectVerdict {
  return {
    object,
    accepted: notAccepted(reason, message),
    resolvedRefs: {
      type: "ResolvedRefs",
      status: "Unknown",
      reason: "NotAccepted",
      message: "references are looked at once the object is accepted",
    },
  }
}

/** At most `most` of the parts, and how many more there are. */
export function listSome(parts: readonly string[], most: number): string {
  const more = parts.length - most
  return more <= 0 ? parts.join(", ") : `${parts.slice(0, most).join(", ")} and ${more} more`
}

function shorten(message: string): string {
  return message.length > MESSAGE_MAX ? `${message.slice(0, MESSAGE_MAX - 1)}…` : message
}
