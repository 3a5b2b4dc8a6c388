/** Tells which environment variable is missing when a provider's key is. */
import { asRecord, asText } from "#cli/manifests/manifest.ts"
import { formatRef, type ObjectRef } from "#operator/index/view.ts"
import type { StatusCondition } from "#operator/reconcile/ports.ts"
import type { ObjectSet } from "./objects.ts"

/** ` (the environment variable NAME is not set)`, or nothing when that is not the reason. */
export function unsetVariableHint(
  { objects, unsetVariables }: ObjectSet,
  ref: ObjectRef,
  condition: Pick<StatusCondition, "reason">,
): string {
  if (condition.reason !== "SecretKeyNotFound") return ""
  const spec = asRecord(objects.get(formatRef(ref))?.body["spec"])
  const secret = asRecord(asRecord(spec?.["credentials"])?.["secret"])
  const field = `${asText(secret?.["name"]) ?? ""}/${asText(secret?.["key"]) ?? ""}`
  const variable = unsetVariables.get(field)
  return variable === undefined ? "" : ` (the environment variable ${variable} is not set)`
}
