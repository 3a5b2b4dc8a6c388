/**
 * The AINamespace of a namespace: whether there should be one, what it is judged as, and what it
 * says besides. Pure.
 *
 * In    a namespace as the index shows it, its pods, what compiling made of it.
 * Out   values; the status board adds what sidecars say, and decides when it is written.
 */
import {
  AI_NAMESPACE_NAME,
  NAMES_MAX,
  type NamespaceDetails,
  PODS_NAMED_MAX,
} from "#operator/api/v1alpha1/ai-namespace.ts"
import { allowedModels } from "#operator/compile/allowed-models.ts"
import type { CompiledNamespace, ObjectVerdict } from "#operator/compile/compiled.ts"
import { accepted, notAccepted, notResolved, resolved } from "#operator/compile/conditions.ts"
import { ownRoutes } from "#operator/compile/routes.ts"
import type {
  ConfigObject,
  NamespaceFacts,
  NamespaceView,
  ObjectRef,
  PodFacts,
} from "#operator/index/view.ts"
import type { Snapshot } from "#proxy/contract/snapshot.ts"

/** What is to be done so that the object is there, or is not. */
export type ObjectWish =
  | { readonly kind: "keep" }
  | { readonly kind: "create" }
  | { readonly kind: "delete"; readonly uid: string }

const INJECTION_LABEL = "sidegate.dev/injection"
const INJECT_LABEL = "sidegate.dev/inject"

export function namespaceRef(namespace: string): ObjectRef {
  return { kind: "AINamespace", namespace, name: AI_NAMESPACE_NAME }
}

/**
 * There is one where Sidegate plays a part: the namespace is injected, has AIRoutes of its own, or
 * has pods with a sidecar. One that ends is left alone: Kubernetes itself removes what is in it.
 */
export function wishFor(
  { namespace, routes }: NamespaceView,
  pods: readonly PodFacts[],
  object: ConfigObject | undefined,
  operatorNamespace: string,
): ObjectWish {
  if (namespace.isTerminating) return { kind: "keep" }
  const isWanted =
    injectionOf(namespace) !== "Disabled" ||
    ownRoutes(routes, operatorNamespace).length > 0 ||
    pods.some(({ hasSidecar }) => hasSidecar)
  if (isWanted === (object !== undefined)) return { kind: "keep" }
  return object === undefined ? { kind: "create" } : { kind: "delete", uid: object.uid }
}

/**
 * `Accepted`: requests of the namespace are not refused altogether. `ResolvedRefs`: its team can be
 * resolved.
 */
export function judgeNamespace(
  object: ConfigObject,
  namespace: NamespaceFacts,
  { access, team }: Snapshot,
): ObjectVerdict {
  const isRefused = team.kind === "refused"
  const resolvedRefs =
    isRefused && team.code !== "team_unassigned"
      ? notResolved(
          team.code === "team_unknown" ? "TeamNotFound" : "TeamInvalid",
          `${team.message} (403 ${team.code})`,
        )
      : resolved()
  const verdict = (condition: ObjectVerdict["accepted"]): ObjectVerdict => ({
    object,
    accepted: condition,
    resolvedRefs,
  })
  if (injectionOf(namespace) === "Disabled") {
    const message =
      `without the label ${INJECTION_LABEL} on the namespace its pods get no sidecar, ` +
      "and none is served"
    return verdict(notAccepted("NotInjected", message))
  }
  if (isRefused && team.code === "team_unassigned")
    return verdict(notAccepted("TeamRequired", `${team.message} (403 team_unassigned)`))
  if (access.kind === "none")
    return verdict(notAccepted("NoPolicy", "no ModelPolicy selects the namespace (403 no_policy)"))
  if (access.kind === "invalid") {
    const { policy, field, message } = access
    const text = `ModelPolicy ${policy} is broken at ${field}: ${message} (403 policy_invalid)`
    return verdict(notAccepted("PolicyInvalid", text))
  }
  return verdict(accepted())
}

export function describeNamespace(
  namespace: NamespaceFacts,
  compiled: CompiledNamespace,
  pods: readonly PodFacts[],
): NamespaceDetails {
  const { snapshot, sources } = compiled
  const policies = sources.flatMap(({ kind, name }) => (kind === "ModelPolicy" ? [name] : []))
  const injection = injectionOf(namespace)
  return {
    injection,
    team: teamOf(snapshot),
    models: firstOf(allowedModels(snapshot), NAMES_MAX),
    policies: firstOf(policies, NAMES_MAX),
    pods: countPods(injection, pods),
  }
}

type Injection = NonNullable<NamespaceDetails["injection"]>

function injectionOf({ labels }: NamespaceFacts): Injection {
  const label = labels[INJECTION_LABEL]
  if (label === "enabled") return "Enabled"
  return label === "opt-in" ? "OptIn" : "Disabled"
}

function teamOf({ team }: Snapshot): NonNullable<NamespaceDetails["team"]> {
  if (team.kind === "unassigned") return { name: "unassigned" }
  const name = team.name === "" ? "unassigned" : team.name
  const costCenter = team.kind === "team" ? team.costCenter : null
  return costCenter === null ? { name } : { name, costCenter }
}

function countPods(
  injection: Injection,
  pods: readonly PodFacts[],
): NonNullable<NamespaceDetails["pods"]> {
  const names = { injected: [] as string[], uninjected: [] as string[], bypassing: [] as string[] }
  for (const pod of pods) {
    const sort = pod.isRunning && !pod.isTerminating ? sortOf(pod, injection) : null
    if (sort !== null) names[sort].push(pod.pod)
  }
  return {
    injected: names.injected.length,
    uninjected: firstOf(names.uninjected, PODS_NAMED_MAX),
    bypassing: firstOf(names.bypassing, PODS_NAMED_MAX),
  }
}

/** Null for a pod that nobody wants to have a sidecar. */
function sortOf(
  { hasSidecar, isSkipped, labels }: PodFacts,
  injection: Injection,
): "injected" | "uninjected" | "bypassing" | null {
  if (hasSidecar) return "injected"
  if (injection === "Disabled") return null
  const label = labels[INJECT_LABEL]
  if (isSkipped || (label !== undefined && label !== "true")) return "bypassing"
  return injection === "Enabled" || label === "true" ? "uninjected" : null
}

/** `all` is in order. */
function firstOf(all: readonly string[], most: number) {
  return { total: all.length, names: all.slice(0, most) }
}
