/**
 * What the compiler reads: plain values taken from the index, free of watches and clients.
 *
 * Specs stay `unknown` here: an object may come from a file or be older than the schema, so the
 * compiler parses each apart and a broken one harms only itself.
 */
import type { EpochMs } from "#proxy/contract/money.ts"
import type { PodIdentity } from "#proxy/contract/push.ts"

/** The kinds the index holds. `Secret` is held as facts only, never as values. */
export type IndexedKind =
  | "AINamespace"
  | "AIProvider"
  | "ModelCatalog"
  | "AIRoute"
  | "ModelPolicy"
  | "TeamQuota"
  | "Namespace"
  | "Secret"
  | "Pod"

export interface ObjectRef {
  readonly kind: IndexedKind
  /** Empty for cluster-scoped kinds. */
  readonly namespace: string
  readonly name: string
}

/** `AIRoute search/chat`, `TeamQuota search`: how messages, NACKs and Events name an object. */
export function formatRef(ref: ObjectRef): string {
  return ref.namespace === ""
    ? `${ref.kind} ${ref.name}`
    : `${ref.kind} ${ref.namespace}/${ref.name}`
}

/**
 * One object of our own kinds. Identity of this value changes when, and only when, the object does.
 */
export interface ConfigObject extends ObjectRef {
  readonly uid: string
  readonly generation: number
  readonly createdAt: EpochMs
  /** As the API server holds it; not yet parsed. */
  readonly spec: unknown
  /** Why the spec must not be looked at: the object is broken, whatever it says. */
  readonly unread?: string
}

export interface NamespaceFacts {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly isTerminating: boolean
}

/** What may be known of a provider Secret without its value. */
export interface SecretFacts {
  readonly name: string
  readonly type: string
  /** From the annotation `sidegate.dev/allowed-hosts`; null when it is missing. */
  readonly allowedHosts: readonly string[] | null
  /**
   * Keys of the Secret; `problem` says why its value cannot be used (length and offset, never
   * content). `reason` absent means `CredentialMalformed`; `SecretKeyNotFound` is for a key whose
   * value is a variable of the environment that is not set (`sidegate run`), with the variable
   * named in `problem`.
   */
  readonly keys: Readonly<
    Record<
      string,
      {
        readonly problem: string | null
        readonly reason?: "SecretKeyNotFound" | "CredentialMalformed"
        /** The vendor whose keys alone begin as this one does. */
        readonly looksLike?: string
      }
    >
  >
  /** Changes with any value; tells nothing about one. */
  readonly fingerprint: string
}

export interface PodFacts extends PodIdentity {
  /** Has an init container named `sidegate-proxy`. */
  readonly hasSidecar: boolean
  readonly isTerminating: boolean
  /** Its phase is `Running`. */
  readonly isRunning: boolean
  /** Phase Succeeded or Failed: no container of it runs any more. */
  readonly isFinished: boolean
  /**
   * It says itself why it has no sidecar: the webhook's annotation, or that it came from a file of
   * the kubelet's, which no webhook sees.
   */
  readonly isSkipped: boolean
}

/** Everything cluster-wide: compiled once, used for every namespace. */
export interface ClusterView {
  readonly providers: readonly ConfigObject[]
  readonly catalogs: readonly ConfigObject[]
  readonly policies: readonly ConfigObject[]
  readonly quotas: readonly ConfigObject[]
  /** AIRoutes of the operator's namespace: those with `spec.namespaces` may serve others. */
  readonly sharedRoutes: readonly ConfigObject[]
  readonly secrets: ReadonlyMap<string, SecretFacts>
}

export interface NamespaceView {
  readonly namespace: NamespaceFacts
  /** AIRoutes of this namespace itself. */
  readonly routes: readonly ConfigObject[]
}
