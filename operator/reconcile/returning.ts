/**
 * What a status says of sidecars while they may still be on their way back to a leader that has
 * just begun. Pure.
 *
 * A new leader knows nobody, and a fleet needs seconds to find it. Counted meanwhile, thousands of
 * statuses would lose their sidecars and get them back, and a changed object would be in force
 * everywhere because nobody is there. So the pods that the watch shows are waited for, a bounded
 * time long.
 */
import type { ObjectVerdict } from "#operator/compile/compiled.ts"
import type { EpochMs } from "#proxy/contract/money.ts"
import type { ObjectStatus } from "./ports.ts"
import type { Programmed } from "./programmed.ts"

/** As long as a push may wait for its answer. */
export const RETURN_WITHIN_MS = 60_000
/** For each pod as well: twice what the control port needs to let one in. */
export const RETURN_EACH_MS = 10

/** Until when sidecars of so many pods are waited for; who is missing then does not count. */
export function returnDeadline(startedAt: EpochMs, pods: number): EpochMs {
  return startedAt + RETURN_WITHIN_MS + pods * RETURN_EACH_MS
}

/**
 * Input   `judged` by those that are back; `pods` in scope that run a sidecar; `shown`, the status
 *         that the object has. Only before `deadline`.
 * Output  `judged`, once it says True with everybody back, or False; before that, what the status
 *         says of this generation, or that it is pending.
 */
export function awaitReturn(
  judged: Programmed,
  { object }: Pick<ObjectVerdict, "object">,
  pods: number,
  shown: ObjectStatus | null,
  deadline: EpochMs,
): Programmed {
  const { status, reason } = judged.condition
  const missing = pods - judged.sidecars.connected
  const isSettled = status === "False" || reason === "NotAccepted"
  if (isSettled || (status === "True" && missing <= 0)) return judged
  const recheckAt = Math.min(judged.recheckAt ?? deadline, deadline)
  const known = shown?.conditions.find(({ type }) => type === "Programmed")
  const isOfThis = known?.observedGeneration === object.generation && known.reason !== "NotAccepted"
  if (isOfThis && shown?.sidecars !== undefined) {
    const { type, status, reason, message } = known
    return { condition: { type, status, reason, message }, sidecars: shown.sidecars, recheckAt }
  }
  if (missing <= 0) return { ...judged, recheckAt }
  const { connected, programmed } = judged.sidecars
  const message = `${programmed}/${connected} sidecars; ${missing} not back yet`
  const condition = { type: "Programmed", status: "Unknown", reason: "Pending", message } as const
  return { condition, sidecars: judged.sidecars, recheckAt }
}
