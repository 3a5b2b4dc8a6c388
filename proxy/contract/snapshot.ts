/**
 * The Snapshot: everything one namespace's sidecars need, settled by the operator's compiler.
 *
 * Plain JSON, complete for one namespace, no Kubernetes types, no secrets. The same objects give
 * the same Snapshot, byte for byte, so its hash decides whether anything is pushed. Object
 * generations are deliberately not in it: a sidecar that holds the current hash is in force
 * whatever was re-applied.
 */
import type { ModelAccess } from "./access.ts"
import type { ParameterLimits } from "./parameter-limits.ts"
import type { PriceTable } from "./prices.ts"

/**
 * The schema that the compiler writes and the sidecar links. An operator of schema N serves
 * sidecars of N and N-1, and a sidecar of N takes both, so that either may be the older one. What a
 * release adds to a Snapshot comes under a new number, once a release: `older-snapshots.ts`.
 */
export const SNAPSHOT_SCHEMA_VERSION = 2

export interface Snapshot {
  readonly schemaVersion: typeof SNAPSHOT_SCHEMA_VERSION
  readonly namespace: string
  readonly team: TeamVerdict
  /** All policies that select the namespace, merged: one deny list, one allow list, one default. */
  readonly access: ModelAccess
  /** Of the same policies; absent where none bounds a parameter, or `access` refuses everything. */
  readonly parameters?: ParameterLimits
  /** Keyed by AIProvider name; only those that some rule here names and that are in order. */
  readonly providers: Readonly<Record<string, ProviderConfig>>
  /** By name; only those that serve a model here. `models` points into this list. */
  readonly routes: readonly RouteConfig[]
  readonly models: ModelIndex
  /** Prices of every model that a backend here can serve, by vendor; see `priceKey`. */
  readonly prices: PriceTable
}

/** What the namespace's team label means. `refused` answers every model request with its code. */
export type TeamVerdict =
  | {
      readonly kind: "team"
      readonly name: string
      readonly costCenter: string | null
      readonly ancestors: readonly string[]
    }
  | { readonly kind: "unassigned" }
  | {
      readonly kind: "refused"
      readonly code: "team_unknown" | "team_unassigned" | "policy_invalid"
      /** The team as labelled; empty when there is no label. */
      readonly name: string
      /**
       * The object that decided, e.g. `TeamQuota search`, and the JSON path of its broken field.
       */
      readonly object: string
      readonly field: string | null
      readonly message: string
    }

/** One upstream. Destination comes only from here: no request field or header changes it. */
export interface ProviderConfig {
  readonly name: string
  readonly schema: ProviderSchema
  /** Scheme, host and port, e.g. `https://api.openai.com`; empty for `Simulated`. */
  readonly origin: string
  /** Path before the schema's own, without a trailing slash, e.g. `/v1`. */
  readonly pathPrefix: string
  /**
   * Row of the table of vendors, of schema `OpenAI` only: how this vendor differs from it. Null, or
   * a name that this sidecar does not know: treated as a server of unknown make.
   */
  readonly vendor: string | null
  /** What the paths of the schema need; null for a schema that needs nothing. */
  readonly options: ProviderOptions | null
  /** `Public`: https and public addresses only, checked again at dial time. */
  readonly network: "Public" | "Private"
  /** Whether a pushed credential of this provider's name must be present to dispatch. */
  readonly credential: "Secret" | "None"
  readonly connectTimeoutMs: number
  /** The kill switch: never dispatched to while true. */
  readonly disabled: boolean
  /** Only for schema `Simulated`. */
  readonly simulated: SimulatedConfig | null
}

/**
 * What an upstream speaks: the one list. The kinds offer these, and `proxy/providers/registry.ts`
 * has a row for each.
 */
export const PROVIDER_SCHEMAS = [
  "OpenAI",
  "AzureOpenAI",
  "Anthropic",
  "Gemini",
  "VertexAI",
  "Bedrock",
  "Cohere",
  "Simulated",
] as const

export type ProviderSchema = (typeof PROVIDER_SCHEMAS)[number]

/** Tagged by the schema, so that a path cannot be built from another schema's options. */
export type ProviderOptions =
  | {
      readonly schema: "AzureOpenAI"
      /** Of `/openai/deployments/{model}/...?api-version=`; null: the paths under `/openai/v1`. */
      readonly apiVersion: string | null
    }
  | { readonly schema: "VertexAI"; readonly project: string; readonly location: string }
  | { readonly schema: "Bedrock"; readonly region: string }

/**
 * The behaviour of a simulated provider: deterministic unless a percentage below says otherwise.
 */
export interface SimulatedConfig {
  /** Delay before the first byte, in ms. */
  readonly latencyMs: number
  /** Delay between streamed tokens, in ms. */
  readonly tokenIntervalMs: number
  /** Length of the answer in tokens; the request's own maximum still holds. */
  readonly outputTokens: number
  /** Share of requests, 0 to 100, that get `fault` instead of an answer. */
  readonly errorPercent: number
  readonly fault: SimulatedFault
}

export type SimulatedFault =
  | "ServerError"
  | "RateLimited"
  | "ConnectError"
  | "Silence"
  | "Truncate"
  | "Garbage"

/** Settled by the compiler: exact names first, then prefixes, the longest first. */
export interface ModelIndex {
  readonly exact: Readonly<Record<string, number>>
  readonly prefixes: readonly { readonly prefix: string; readonly route: number }[]
}

export interface RouteConfig {
  /** `namespace/name`, as in `x-sidegate-route`. */
  readonly name: string
  /** In list order: the first whose `matches` hold decides. */
  readonly rules: readonly RuleConfig[]
}

export interface RuleConfig {
  readonly name: string
  /** Any of these; an empty list matches every request. */
  readonly matches: readonly MatchConfig[]
  readonly strategy: { readonly type: "Weighted" }
  /** Lowest `priority` first; within one priority in list order. */
  readonly backends: readonly BackendConfig[]
  readonly retry: RetryConfig
  readonly timeouts: TimeoutConfig
}

/** All parts of one match must hold. Header names are lower case; header values compare exactly. */
export interface MatchConfig {
  readonly headers: readonly { readonly name: string; readonly value: string }[]
  readonly workloadSelector: LabelSelector | null
}

/**
 * As `metav1.LabelSelector`, evaluated when the sidecar links, against the pod labels the operator
 * sees.
 */
export interface LabelSelector {
  readonly matchLabels: Readonly<Record<string, string>>
  readonly matchExpressions: readonly {
    readonly key: string
    readonly operator: "In" | "NotIn" | "Exists" | "DoesNotExist"
    readonly values: readonly string[]
  }[]
}

export interface BackendConfig {
  readonly provider: string
  /** The upstream's name of the model; null sends the name the client asked for. */
  readonly model: string | null
  /** 0 to 1,000,000; 0 takes no traffic. */
  readonly weight: number
  readonly priority: number
  /** Why this backend cannot serve; null when it can. */
  readonly problem: BackendProblem | null
}

/** What a request is told that has no other backend. */
export interface BackendProblem {
  /** `feature_unsupported`: the release of the sidecar lacks what the backend or its route asks. */
  readonly code: "upstream_failed" | "feature_unsupported"
  /** e.g. `AIProvider openai is not ready: SecretNotFound`. */
  readonly message: string
}

export type RetryTrigger = "Connect" | "RateLimited" | "ServerError" | "FirstTokenTimeout"

export interface RetryConfig {
  /** Attempts in all, the first included; 1 never retries. */
  readonly attempts: number
  /** Retries allowed as a share of the requests in flight and recent ones, in percent. */
  readonly budgetPercent: number
  readonly triggers: readonly RetryTrigger[]
}

export interface TimeoutConfig {
  /** From accept to the last byte. */
  readonly requestMs: number
  /**
   * From dispatch to the first content byte of one attempt, of streams only: a whole answer comes
   * in one piece when it is finished, and `requestMs` bounds it.
   */
  readonly firstTokenMs: number
  /** Between two content bytes of a stream. */
  readonly streamIdleMs: number
}
