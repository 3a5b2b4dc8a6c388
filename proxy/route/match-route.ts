/**
 * Which rule serves a request: the model's route by map lookup, then its rules in order.
 *
 * In: the linked models and one request's model and headers. Out: the rule, or why there is none.
 * It must not know policies, prices or the health of anything: a rule matches or it does not.
 */
import type { LinkedModel, LinkedRule, ModelLookup } from "./linked-route.ts"

/** Exact names first, then the longest prefix; undefined when no route names the model. */
export function findModel(models: ModelLookup, name: string): LinkedModel | undefined {
  const exact = models.exact.get(name)
  if (exact !== undefined) return exact
  for (const entry of models.prefixes) {
    if (name.startsWith(entry.prefix)) return entry.model
  }
  return undefined
}

/** The first rule whose predicates hold; undefined when none does. Header names are lower case. */
export function findRule(
  rules: readonly LinkedRule[],
  headers: Readonly<Record<string, string | undefined>>,
): LinkedRule | undefined {
  for (const rule of rules) {
    if (ruleMatches(rule, headers)) return rule
  }
  return undefined
}

function ruleMatches(
  rule: LinkedRule,
  headers: Readonly<Record<string, string | undefined>>,
): boolean {
  if (rule.headerMatches === null) return true
  for (const match of rule.headerMatches) {
    if (match.every(({ name, value }) => headers[name] === value)) return true
  }
  return false
}
