/** Completes `unknown field` with the field that may have been meant. */
import { checkReadable } from "#cli/lint/check-object.ts"
import { kindOf } from "#operator/api/v1alpha1/registry.ts"
import { formatRef, type ObjectRef } from "#operator/index/view.ts"
import type { StatusCondition } from "#operator/reconcile/ports.ts"
import type { ObjectSet } from "./objects.ts"

/** `; did you mean endpoint?`, or nothing when no name is near. */
export function spellingHint(
  { objects }: Pick<ObjectSet, "objects">,
  ref: ObjectRef,
  { message }: Pick<StatusCondition, "message">,
): string {
  const path = /^(\S+): unknown field/.exec(message)?.[1]
  const definition = kindOf(ref.kind)
  const body = objects.get(formatRef(ref))?.body
  if (path === undefined || definition === undefined || body === undefined) return ""
  const hint = checkReadable(body, definition).find((fault) => fault.path === path)?.hint
  return hint === undefined ? "" : `; did you mean ${hint}?`
}
