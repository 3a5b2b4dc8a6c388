/**
 * Pass: ModelPolicies. A broken one stays as a denial: removing a broken deny list would open the
 * door.
 */
import {
  MODEL_POLICY,
  type ModelPolicySpec,
  parseModelPolicy,
  parsePolicyTargets,
} from "#operator/api/v1alpha1/model-policy.ts"
import type { ClusterView, ConfigObject } from "#operator/index/view.ts"
import type {
  CompiledCondition,
  CompiledPolicy,
  CompiledProvider,
  ObjectVerdict,
} from "./compiled.ts"
import { accepted, listSome, notResolved, refused, resolved } from "./conditions.ts"
import { byName } from "./order.ts"
import { contained, describeFault, readerOf, remembering } from "./read.ts"

export interface PoliciesPass {
  readonly policies: readonly CompiledPolicy[]
  readonly verdicts: readonly ObjectVerdict[]
}

export function compilePolicies(
  view: ClusterView,
  providers: ReadonlyMap<string, CompiledProvider>,
): PoliciesPass {
  const objects = [...view.policies].sort(byName)
  const policies = objects.flatMap((object) => {
    const policy = readPolicy(object)
    return policy === null ? [] : [policy]
  })
  return { policies, verdicts: objects.map((object) => judge(object, providers)) }
}

function judge(
  object: ConfigObject,
  providers: ReadonlyMap<string, CompiledProvider>,
): ObjectVerdict {
  const parsed = readSpec(object)
  if (!parsed.ok) {
    const effect = isDisabled(object.spec)
      ? ""
      : "; until this is mended, every model request of those it selects is refused"
    return refused(object, "Invalid", `${describeFault(parsed)}${effect}`)
  }
  return { object, accepted: accepted(), resolvedRefs: providersExist(parsed.spec, providers) }
}

/**
 * Missing providers are reported and the policy holds all the same: names may come before
 * providers.
 */
function providersExist(
  spec: ModelPolicySpec,
  providers: ReadonlyMap<string, CompiledProvider>,
): CompiledCondition {
  const { allow = [], deny = [] } = spec.models ?? {}
  const entries = [
    ...allow.map((entry) => ({ list: "allow", entry })),
    ...deny.map((entry) => ({ list: "deny", entry })),
  ]
  const missing = entries.flatMap(({ list, entry }) =>
    (entry.providers ?? [])
      .filter((provider) => !providers.has(provider))
      .map((provider) => `spec.models.${list}[${entry.name}] names AIProvider ${provider}`),
  )
  if (missing.length === 0) return resolved()
  const message = `${listSome(missing, 5)}: it does not exist; the policy is in force without it`
  return notResolved("BackendNotFound", message)
}

const readSpec = remembering(readerOf(MODEL_POLICY, parseModelPolicy))

const readTargets = contained((object) => parsePolicyTargets(fieldOf(object.spec, "targets")))

/** Null when the policy takes no part. */
export const readPolicy = remembering((object: ConfigObject): CompiledPolicy | null => {
  if (isDisabled(object.spec)) return null
  const parsed = readSpec(object)
  if (parsed.ok) {
    const { spec } = parsed
    return { kind: "rules", object, namespaces: spec.targets.namespaces, spec }
  }
  const targets = readTargets(object)
  const namespaces = targets.ok ? targets.spec.namespaces : { from: "All" }
  return { kind: "broken", object, namespaces, field: parsed.path, message: parsed.message }
})

/** Only the exact word: a mode that cannot be read is taken for `Enforce`. */
function isDisabled(spec: unknown): boolean {
  return fieldOf(spec, "mode") === "Disabled"
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined
  return Object.getOwnPropertyDescriptor(value, name)?.value
}
