/** Tells which environment variable is missing when a provider's key is. */
import { asRecord, asText } from "#cli/manifests/manifest.ts"
import { keysOf } from "#operator/compile/cloud-identity.ts"
import { formatRef, type ObjectRef } from "#operator/index/view.ts"
import type { StatusCondition } from "#operator/reconcile/ports.ts"
import { identityOfSpec } from "./cloud-lines.ts"
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
  const identity = identityOfSpec(spec)
  const fields = [
    `${asText(secret?.["name"]) ?? ""}/${asText(secret?.["key"]) ?? ""}`,
    ...(identity === undefined ? [] : keysOf(identity).map((need) => `${need.secret}/${need.key}`)),
  ]
  const variable = fields
    .map((field) => unsetVariables.get(field))
    .find((name) => name !== undefined)
  return variable === undefined ? "" : ` (the environment variable ${variable} is not set)`
}
