/**
 * Which targets of a rule this caller may use: the merged verdict of the policies, target by
 * target.
 *
 * In: the access part of the Snapshot, a rule's targets and the model asked for. Out: the set of
 * targets that are out, or the refusal that names policy and rule. It must not know routes, weights
 * or prices. What serves is judged, never the name the client used: an alias is no way around a
 * denial.
 */
import { type AccessVerdict, judgeModel, type ModelAccess } from "#proxy/contract/access.ts"
import { accept, type Decision, reject } from "#proxy/exchange/parsed-request.ts"
import { excerpt, type Refusal, refuse } from "#proxy/exchange/refusal.ts"
import type { Target, TargetSet } from "#proxy/exchange/target.ts"

/**
 * `unusable` are targets that take no traffic anyway; they neither allow nor deny. Refuses
 * `model_denied` when every other one is denied, naming the first denial; `no_policy`;
 * `policy_invalid`.
 */
export function admitModel(
  access: ModelAccess,
  targets: readonly Target[],
  unusable: TargetSet,
  model: string,
): Decision<TargetSet> {
  if (access.kind === "rules") return admitByRules(access, targets, unusable, model)
  return reject(refuseAll(access))
}

/** The refusal of a caller whose policies allow nothing whatever the model. */
export function refuseAll(access: Exclude<ModelAccess, { kind: "rules" }>): Refusal {
  if (access.kind === "none") {
    return refuse(
      "no_policy",
      "no ModelPolicy selects this workload, and unselected ones are denied",
    )
  }
  const { policy, field, message } = access
  const sentence = `ModelPolicy ${policy} is broken and denies what it selects: ${field} ${message}`
  return refuse("policy_invalid", sentence)
}

function admitByRules(
  access: Extract<ModelAccess, { kind: "rules" }>,
  targets: readonly Target[],
  unusable: TargetSet,
  model: string,
): Decision<TargetSet> {
  let out = unusable
  let denial: { readonly target: Target; readonly verdict: AccessVerdict } | null = null
  let isAnyAllowed = false
  for (const target of targets) {
    const bit = 1 << target.index
    if ((unusable & bit) !== 0) continue
    const verdict =
      target.verdict ?? judgeModel(access, target.provider.name, target.model ?? model)
    if (verdict.kind === "allowed") {
      isAnyAllowed = true
      continue
    }
    denial ??= { target, verdict }
    out |= bit
  }
  if (isAnyAllowed || denial === null) return accept(out)
  return reject(refuseDenied(denial.target, denial.verdict, model))
}

function refuseDenied(target: Target, verdict: AccessVerdict, model: string): Refusal {
  const what = `model "${excerpt(target.model ?? model)}" of provider ${target.provider.name}`
  if (verdict.kind === "allowed") return refuse("model_denied", `${what} is denied`)
  const decision =
    verdict.rule === null
      ? `is on no allow list of ModelPolicy ${verdict.policy}`
      : `is denied by ModelPolicy ${verdict.policy}, rule ${verdict.rule}`
  return refuse("model_denied", `${what} ${decision}`, { param: "model" })
}
