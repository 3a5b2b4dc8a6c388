/** Routes as they are looked up: predicates settled, backends as targets, weights as tables. */
import type { RetryConfig, TimeoutConfig } from "#proxy/contract/snapshot.ts"
import type { Target, TargetSet } from "#proxy/exchange/target.ts"
import type { RetryBudget } from "./retry-budget.ts"

export interface LinkedRoute {
  /** `namespace/name` of the AIRoute. */
  readonly name: string
  /** Only rules that can match this workload, in their order. */
  readonly rules: readonly LinkedRule[]
}

export interface LinkedRule {
  readonly route: string
  readonly name: string
  /** Any of these lists of headers, each whole; null matches every request. */
  readonly headerMatches: readonly (readonly HeaderMatch[])[] | null
  readonly targets: readonly Target[]
  /** The targets by priority, the lowest number first. */
  readonly tiers: readonly (readonly Target[])[]
  /** Targets that take no traffic whatever the request: broken, disabled, or of weight 0. */
  readonly unusable: TargetSet
  readonly retry: RetryConfig
  readonly retryBudget: RetryBudget
  readonly timeouts: TimeoutConfig
}

/** Exact comparison; names are lower case. */
export interface HeaderMatch {
  readonly name: string
  readonly value: string
}

/** A model name that clients may ask for: where it goes, and what metrics call it. */
export interface LinkedModel {
  readonly route: LinkedRoute
  /** The exact name, or the prefix with its `*`: from the Snapshot, so a client mints no label. */
  readonly label: string
}

export interface ModelLookup {
  readonly exact: ReadonlyMap<string, LinkedModel>
  /** The longest first. */
  readonly prefixes: readonly { readonly prefix: string; readonly model: LinkedModel }[]
}
