/**
 * Rules of a route that policies leave no backend for: said on the route, whose owner may not read
 * a ModelPolicy. The rule stays in the Snapshot, where the sidecar judges the model of each
 * request: this only tells, and tells less rather than too much.
 */
import {
  type AccessRule,
  judgeModel,
  type ModelAccess,
  matchesGlob,
} from "#proxy/contract/access.ts"
import type { RuleConfig } from "#proxy/contract/snapshot.ts"
import type { Denials, ProblemOf } from "./backends.ts"
import { patternsOf } from "./claims.ts"
import type { ReadRoute } from "./compiled.ts"
import { remembering } from "./read.ts"

const NONE: Denials = new Map()

/** Only of rules with a backend that has no problem: the others are told by their problems. */
export function denialsOf(route: ReadRoute, access: ModelAccess, problemOf: ProblemOf): Denials {
  if (access.kind === "rules" && access.deny.length === 0 && access.otherwise === "Allow")
    return NONE
  const denials = new Map<string, string>()
  for (const rule of route.rules) {
    const why = whyRuleDenied(route, rule, access, problemOf)
    if (why !== null) denials.set(rule.name, why)
  }
  return denials
}

/** Null as soon as one backend may be asked: routes are many, and this is the common case. */
function whyRuleDenied(
  route: ReadRoute,
  { backends }: RuleConfig,
  access: ModelAccess,
  problemOf: ProblemOf,
): string | null {
  let first: string | null = null
  for (const { provider, model } of backends) {
    if (problemOf(provider) !== null) continue
    for (const name of model === null ? patternsOf(route) : [model]) {
      const why = whyDenied(access, provider, name)
      if (why === null) return null
      first ??= why
    }
  }
  return first
}

/** `model` may be a pattern; null when some request for it may be allowed. */
export function whyDenied(access: ModelAccess, provider: string, model: string): string | null {
  if (access.kind === "none") return "no ModelPolicy selects the namespace (403 no_policy)"
  if (access.kind === "invalid")
    return `ModelPolicy ${access.policy} is broken at ${access.field} (403 policy_invalid)`
  return reasonsOf(access)(provider, model)
}

type Rules = Extract<ModelAccess, { kind: "rules" }>

/** Namespaces that the same policies select share one access, and ask for the same models. */
const reasonsOf = remembering((access: Rules) => {
  const known = new Map<string, string | null>()
  return (provider: string, model: string): string | null => {
    const key = `${provider} ${model}`
    const held = known.get(key)
    if (held !== undefined) return held
    const reason = model.endsWith("*")
      ? whyAllDenied(access, provider, model.slice(0, -1))
      : whyModelDenied(access, provider, model)
    known.set(key, reason)
    return reason
  }
})

function whyModelDenied(access: Rules, provider: string, model: string): string | null {
  const verdict = judgeModel(access, provider, model)
  if (verdict.kind === "allowed") return null
  const subject = `AIProvider ${provider}, model ${model}`
  return verdict.rule === null
    ? notAllowed(subject, access)
    : denied(subject, { policy: verdict.policy, name: verdict.rule })
}

/** Whatever follows the prefix. */
function whyAllDenied(access: Rules, provider: string, prefix: string): string | null {
  const subject = `AIProvider ${provider}, model ${prefix}*`
  // A pattern that ends in `*` and matches the prefix matches whatever follows, too.
  const deny = access.deny.find(
    (rule) =>
      speaksOf(rule, provider) &&
      rule.models.some((model) => model.endsWith("*") && matchesGlob(model, prefix)),
  )
  if (deny !== undefined) return denied(subject, deny)
  if (access.otherwise === "Allow") return null
  const mayAllow = access.allow.some(
    (rule) => speaksOf(rule, provider) && rule.models.some((model) => mayMeet(model, prefix)),
  )
  return mayAllow ? null : notAllowed(subject, access)
}

/** False only when no text that begins with `prefix` matches. */
function mayMeet(pattern: string, prefix: string): boolean {
  const star = pattern.indexOf("*")
  if (star < 0) return pattern.startsWith(prefix)
  const head = pattern.slice(0, star)
  return head.startsWith(prefix) || prefix.startsWith(head)
}

function speaksOf({ providers }: AccessRule, provider: string): boolean {
  return providers.length === 0 || providers.includes(provider)
}

function denied(subject: string, { policy, name }: Pick<AccessRule, "policy" | "name">): string {
  return `ModelPolicy ${policy} (deny ${name}) refuses ${subject} (403 model_denied)`
}

function notAllowed(subject: string, { decidedBy }: Rules): string {
  return `ModelPolicy ${decidedBy.join(", ")} does not allow ${subject} (403 model_denied)`
}
