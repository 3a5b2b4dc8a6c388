/**
 * Which models a namespace may use and what its requests may ask for: every policy that selects it,
 * merged into one verdict.
 */
import type { ConfigObject } from "#operator/index/view.ts"
import type { AccessRule, ModelAccess } from "#proxy/contract/access.ts"
import type { ParameterLimits } from "#proxy/contract/parameter-limits.ts"
import type { ClusterCore, CompiledPolicy, CompileSettings } from "./compiled.ts"
import { remembering } from "./read.ts"
import { selects } from "./select.ts"

/**
 * Characters of JSON; a Snapshot must fit one message. Beyond it everything is refused: nothing may
 * be dropped.
 */
export const ACCESS_SIZE_MAX = 2 * 1024 * 1024

export interface Access {
  readonly access: ModelAccess
  /** Undefined where none bounds a parameter, or everything is refused anyway. */
  readonly parameters: ParameterLimits | undefined
  readonly sources: readonly ConfigObject[]
}

/** Namespaces that the same policies select share one value. */
export function accessOf(
  core: ClusterCore,
  labels: Readonly<Record<string, string>>,
  { unselected }: CompileSettings,
): Access {
  const selected = core.policies.filter(({ namespaces }) => selects(namespaces, labels))
  const shared = sharedOf(core)
  const key = [unselected, ...selected.map(({ object }) => object.name)].join(",")
  const known = shared.get(key)
  if (known !== undefined) return known
  const access = mergePolicies(selected, unselected)
  const made = {
    access,
    parameters: access.kind === "rules" ? leastOf(selected) : undefined,
    sources: selected.map(({ object }) => object),
  }
  shared.set(key, made)
  return made
}

const sharedOf = remembering((_core: ClusterCore) => new Map<string, Access>())

function mergePolicies(
  selected: readonly CompiledPolicy[],
  unselected: "Allow" | "Deny",
): ModelAccess {
  if (selected.length === 0 && unselected === "Deny") return { kind: "none" }
  const broken = selected.find((policy) => policy.kind === "broken")
  if (broken !== undefined) {
    const { object, field, message } = broken
    return { kind: "invalid", policy: object.name, field, message }
  }
  const rules = selected.flatMap((policy) => (policy.kind === "rules" ? [policy] : []))
  const decidedBy = rules
    .filter(({ spec }) => spec.models?.allow !== undefined || spec.models?.default === "Deny")
    .map(({ object }) => object.name)
  const access: ModelAccess = {
    kind: "rules",
    deny: rules.flatMap((policy) => entriesOf(policy, "deny")),
    allow: rules.flatMap((policy) => entriesOf(policy, "allow")),
    otherwise: decidedBy.length > 0 ? "Deny" : "Allow",
    decidedBy,
  }
  return JSON.stringify(access).length > ACCESS_SIZE_MAX ? tooLarge(rules) : access
}

/** The smallest limit with its policy; of equal ones the first by name. */
function leastOf(selected: readonly CompiledPolicy[]): ParameterLimits | undefined {
  const limits = selected.flatMap((policy) => {
    const tokens = policy.kind === "rules" ? policy.spec.parameters?.maxOutputTokens : undefined
    return tokens === undefined ? [] : [{ tokens, policy: policy.object.name }]
  })
  const [first, ...others] = limits
  if (first === undefined) return undefined
  const least = others.reduce((one, other) => (other.tokens < one.tokens ? other : one), first)
  return { maxOutputTokens: least }
}

function entriesOf(
  policy: Extract<CompiledPolicy, { kind: "rules" }>,
  list: "allow" | "deny",
): readonly AccessRule[] {
  return (policy.spec.models?.[list] ?? []).map(({ name, models, providers }) => ({
    policy: policy.object.name,
    name,
    models: models ?? ["*"],
    providers: providers ?? [],
  }))
}

function tooLarge(policies: readonly CompiledPolicy[]): ModelAccess {
  return {
    kind: "invalid",
    policy: policies.at(-1)?.object.name ?? "",
    field: "spec.models",
    message:
      `the ${policies.length} policies of this namespace are over ${ACCESS_SIZE_MAX} ` +
      `characters together`,
  }
}
