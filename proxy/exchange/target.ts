/** Where an attempt can go: one backend of one rule, with all that configuration alone decides. */
import type { AccessVerdict } from "#proxy/contract/access.ts"
import type { Price } from "#proxy/contract/prices.ts"
import type { BackendProblem, ProviderConfig } from "#proxy/contract/snapshot.ts"
import type { HeaderList } from "./ports.ts"

/** At most this many backends in one rule: the set of those tried is one 32-bit integer. */
export const TARGETS_MAX = 30

export interface Target {
  /** Its place in the rule's list and its bit in a `TargetSet`. */
  readonly index: number
  readonly provider: ProviderConfig
  /** The upstream's name of the model; null sends the name the client asked for. */
  readonly model: string | null
  /** `model` as JSON in UTF-8, ready to splice; null when `model` is. */
  readonly modelJson: Uint8Array | null
  /** 0 takes no traffic. */
  readonly weight: number
  readonly priority: number
  /** Why it cannot serve whatever the request. */
  readonly problem: BackendProblem | null
  /** Null when `model` is: then each request's own name is judged. */
  readonly verdict: AccessVerdict | null
  /** Prices of `model`; undefined when it is unpriced or `model` is null. */
  readonly prices: readonly Price[] | undefined
  /** Of the answer to the client: provider, model (if fixed), route, config. */
  readonly answerHeaders: HeaderList
}

/** Bit `index` set: that target is out (tried, denied, or not able to serve). */
export type TargetSet = number
