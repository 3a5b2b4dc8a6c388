/** What compiling gives back: the Snapshot, the statuses, and which objects are in it. */

import type { NamespaceChoice } from "#operator/api/v1alpha1/fields.ts"
import type { ModelPolicySpec } from "#operator/api/v1alpha1/model-policy.ts"
import type { ConfigObject, ObjectRef, SecretFacts } from "#operator/index/view.ts"
import type { ProviderConfig, RuleConfig, Snapshot, TeamVerdict } from "#proxy/contract/snapshot.ts"
import type { CloudIdentity } from "./cloud-identity.ts"
import type { PriceBook } from "./price-book.ts"
import type { Reason } from "./reasons.ts"

export interface Condition {
  readonly type: "Accepted" | "ResolvedRefs" | "Programmed" | "LedgerWritable" | "Ready"
  readonly status: "True" | "False" | "Unknown"
  /** CamelCase, from a closed list documented in `docs/conditions.md`. */
  readonly reason: string
  readonly message: string
}

/** A condition that compiling itself decides. */
export interface CompiledCondition extends Condition {
  readonly type: "Accepted" | "ResolvedRefs"
  readonly reason: Reason
}

/**
 * What compiling says of one object: `Accepted` and `ResolvedRefs`; reconcile adds the other two.
 */
export interface ObjectVerdict {
  readonly object: ConfigObject
  readonly accepted: CompiledCondition
  readonly resolvedRefs: CompiledCondition
}

/** Settings of the operator that decide (chart values). */
export interface CompileSettings {
  readonly operatorNamespace: string
  /** Key of the namespace label that names the team. */
  readonly teamLabel: string
  readonly unselected: "Allow" | "Deny"
  readonly unassigned: "Allow" | "Deny"
  /**
   * Where credentials of a cloud identity without a Secret may go besides the cloud's own
   * endpoints: hosts, or `host:port`.
   */
  readonly cloudHosts: readonly string[]
}

/**
 * Everything cluster-wide. `core` depends on the ClusterView (and the settings) alone and keeps its
 * identity while that does; `verdicts` also depend on which namespaces there are.
 */
export interface CompiledCluster {
  readonly core: ClusterCore
  /**
   * Of AIProviders, ModelCatalogs, ModelPolicies, TeamQuotas and shared AIRoutes; in this order, by
   * name.
   */
  readonly verdicts: readonly ObjectVerdict[]
}

export interface ClusterCore {
  readonly providers: ReadonlyMap<string, CompiledProvider>
  /** By name; those that are enforced, the broken ones included. */
  readonly policies: readonly CompiledPolicy[]
  readonly teams: ReadonlyMap<string, CompiledTeam>
  readonly prices: PriceBook
  /** By name; the broken ones have no `route`. */
  readonly sharedRoutes: readonly SharedRouteReading[]
  /** As they were given, for the check. */
  readonly secrets: ReadonlyMap<string, SecretFacts>
  /** Verdicts that do not depend on the namespaces. */
  readonly verdicts: readonly ObjectVerdict[]
}

/** Where what opens a provider comes from. */
export type CredentialSource =
  | { readonly kind: "secret"; readonly secret: string; readonly key: string }
  /** Obtained by the operator, for a while. */
  | { readonly kind: "cloud"; readonly identity: CloudIdentity }

export interface CompiledProvider {
  readonly object: ConfigObject
  /** Null when the provider cannot be read. */
  readonly config: ProviderConfig | null
  /** Null when it takes none. */
  readonly credential: CredentialSource | null
  readonly allowedNamespaces: NamespaceChoice
  /** Why no namespace can use it; null when it is in order. */
  readonly problem: "ProviderInvalid" | "ProviderNotReady" | null
  /**
   * The reason on the provider itself, e.g. `SecretNotFound`; equals `Accepted` when there is no
   * problem.
   */
  readonly reason: Reason
}

export type CompiledPolicy =
  | {
      readonly kind: "rules"
      readonly object: ConfigObject
      readonly namespaces: NamespaceChoice
      readonly spec: ModelPolicySpec
    }
  | {
      readonly kind: "broken"
      readonly object: ConfigObject
      /** Everything when the selector itself cannot be read. */
      readonly namespaces: NamespaceChoice
      readonly field: string
      readonly message: string
    }

export interface CompiledTeam {
  readonly verdict: TeamVerdict
  /** The TeamQuota and its ancestors, as far as they exist. */
  readonly sources: readonly ConfigObject[]
}

/** An AIRoute that can be read. */
export interface ReadRoute {
  readonly object: ConfigObject
  /** Names without a `*`. */
  readonly exact: readonly string[]
  /** Patterns without their `*`. */
  readonly prefixes: readonly string[]
  /** With `problem: null` on every backend. */
  readonly rules: readonly RuleConfig[]
  /** Upper bound of its size in a Snapshot, in characters of JSON, which are ASCII. */
  readonly size: number
}

export interface SharedRoute extends ReadRoute {
  readonly namespaces: NamespaceChoice
}

export interface SharedRouteReading {
  readonly object: ConfigObject
  /** Null when it cannot be read; `fault` then says why. */
  readonly route: SharedRoute | null
  readonly fault: string
}

export interface CompiledNamespace {
  readonly snapshot: Snapshot
  /**
   * Verdicts on the AIRoutes of this namespace. Cluster-scoped objects have theirs in
   * CompiledCluster.
   */
  readonly verdicts: readonly ObjectVerdict[]
  /** Every object that the Snapshot was made from, with the generation that is in it. */
  readonly sources: readonly (ObjectRef & { readonly uid: string; readonly generation: number })[]
  /** What the namespace's sidecars need, by the provider that it opens. */
  readonly credentials: readonly (CredentialSource & { readonly provider: string })[]
}
