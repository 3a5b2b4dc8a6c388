/**
 * The operator's eyes: one reflector for each kind it reads, into the control plane's feed.
 *
 * In: a KubeClient and the credentials namespace. Out: objects into the feed; what is not yet in,
 * in words, for `/readyz`; whether the API server answers. Secrets are read in the credentials
 * namespace and nowhere else.
 */
import { API_VERSION, KINDS } from "#operator/api/v1alpha1/registry.ts"
import type { IndexedKind } from "#operator/index/view.ts"
import type { KubeClient } from "#operator/kube/kube-client.ts"
import { type Reflector, startReflector } from "#operator/kube/reflector.ts"
import type { Log } from "#operator/telemetry/log.ts"
import type { OperatorMetrics } from "#operator/telemetry/metrics.ts"
import type { ObjectFeed } from "./control-plane.ts"
import { createWatchReports } from "./watch-reports.ts"

export interface WatchesOptions {
  readonly client: KubeClient
  readonly credentialsNamespace: string
  readonly feed: ObjectFeed
  /** A namespace came, changed or went. */
  readonly onNamespaces: () => void
  /** A bug in what takes the objects: the process must not go on. */
  readonly onBroken: (error: unknown) => void
  readonly log: Log
  readonly metrics: OperatorMetrics
}

export interface Watches {
  /** Resolves when every kind was listed once. */
  readonly synced: Promise<void>
  /** Kinds that were not listed yet; null when all were. */
  missing(): string | null
  close(): void
}

export function startWatches(options: WatchesOptions): Watches {
  const { client, feed } = options
  const missing = new Set<IndexedKind>()
  const report = createWatchReports(options)
  const start = ([kind, path]: readonly [IndexedKind, string]): Reflector => {
    missing.add(kind)
    const isNamespaces = kind === "Namespace"
    const reflector = startReflector({
      client,
      path,
      sink: {
        reset: (objects) => {
          feed.reset(kind, objects)
          missing.delete(kind)
          if (isNamespaces) options.onNamespaces()
        },
        apply: (object) => {
          feed.apply(kind, object)
          if (isNamespaces) options.onNamespaces()
        },
        delete: (ref) => {
          feed.delete(kind, ref)
          if (isNamespaces) options.onNamespaces()
        },
      },
      report: (what) => report(kind, what),
    })
    reflector.finished.catch(options.onBroken)
    return reflector
  }
  const reflectors = pathsOf(options.credentialsNamespace).map(start)
  return {
    synced: Promise.all(reflectors.map(({ synced }) => synced)).then(() => undefined),
    missing: () => (missing.size === 0 ? null : `waiting for ${[...missing].join(", ")}`),
    close: () => {
      for (const reflector of reflectors) reflector.close()
    },
  }
}

function pathsOf(credentialsNamespace: string): readonly (readonly [IndexedKind, string])[] {
  return [
    ["Namespace", "/api/v1/namespaces"],
    ["Pod", "/api/v1/pods"],
    ["Secret", `/api/v1/namespaces/${credentialsNamespace}/secrets`],
    ...KINDS.map(({ kind, plural }) => [kind, `/apis/${API_VERSION}/${plural}`] as const),
  ]
}
