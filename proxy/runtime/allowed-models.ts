/**
 * The exact model names a caller may use, for `GET /v1/models` and the refusal of an unknown one.
 */
import { judgeModel, type ModelAccess } from "#proxy/contract/access.ts"
import type { TeamVerdict } from "#proxy/contract/snapshot.ts"
import type { LinkedRule, ModelLookup } from "#proxy/route/linked-route.ts"

/**
 * Names with a rule for this workload in which some usable target is allowed; patterns are left
 * out.
 */
export function listAllowedModels(
  models: ModelLookup,
  access: ModelAccess,
  team: TeamVerdict,
): readonly string[] {
  if (team.kind === "refused" || access.kind !== "rules") return []
  const names: string[] = []
  for (const [name, { route }] of models.exact) {
    if (route.rules.some((rule) => hasAllowedTarget(rule, name, access))) names.push(name)
  }
  return Object.freeze(names.sort())
}

function hasAllowedTarget(
  rule: LinkedRule,
  name: string,
  access: Extract<ModelAccess, { kind: "rules" }>,
): boolean {
  return rule.targets.some((target) => {
    if (target.problem !== null || target.weight === 0) return false
    const verdict = judgeModel(access, target.provider.name, target.model ?? name)
    return verdict.kind === "allowed"
  })
}
