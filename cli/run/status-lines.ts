/**
 * What a person reads of the objects' statuses: problems as they come, and that they are gone.
 *
 * In    each status as it would be written to the API server, and what the files say about it.
 * Out   lines such as `chat.yaml:3: AIRoute default/chat: Accepted=False Conflicted: ...`, none
 *       when nothing is new.
 */
import { formatRef, type ObjectRef } from "#operator/index/view.ts"
import type { ObjectStatus, StatusCondition } from "#operator/reconcile/ports.ts"

export interface StatusReader {
  /** Lines to print for a new status. */
  read(ref: ObjectRef, status: ObjectStatus): readonly string[]
  forget(ref: ObjectRef): void
  /** Every problem that stands, for the end of start-up. */
  problems(): readonly string[]
}

export interface StatusContext {
  /** `chat.yaml:3`; empty for what no file has. */
  readonly place: string
  /** Completes the message, e.g. with the name of a variable that is not set. */
  readonly hint: string
}

export function createStatusReader(
  contextOf: (ref: ObjectRef, condition: StatusCondition) => StatusContext,
): StatusReader {
  /** Without their places: a problem that only moved in its file is not new. */
  const known = new Map<string, readonly string[]>()
  return {
    read: (ref, status) => {
      const name = formatRef(ref)
      const before = known.get(name) ?? []
      const now = status.conditions.filter(isProblem).map((condition) => {
        const { place, hint } = contextOf(ref, condition)
        return { place, line: `${name}: ${describe(condition)}${hint}` }
      })
      known.set(
        name,
        now.map(({ line }) => line),
      )
      if (now.length === 0 && before.length > 0) return [`${name}: in order again`]
      return now
        .filter(({ line }) => !before.includes(line))
        .map(({ place, line }) => (place === "" ? line : `${place}: ${line}`))
    },
    forget: (ref) => void known.delete(formatRef(ref)),
    problems: () => [...known.values()].flat(),
  }
}

/** Ready only repeats the others; nobody connected yet is not a problem here. */
function isProblem(condition: StatusCondition): boolean {
  return condition.status === "False" && condition.type !== "Ready"
}

function describe({ type, status, reason, message }: StatusCondition): string {
  return `${type}=${status} ${reason}: ${message}`
}
