/**
 * The operator's eyes: one reflector for each kind it reads, into the control plane's feed.
 *
 * In: a KubeClient and the credentials namespace. Out: objects into the feed, and ConfigMaps that
 * the operator keeps to whoever keeps them; what is not yet in, in words, for `/readyz`; whether
 * the API server answers. Secrets are read in the credentials namespace and nowhere else,
 * ConfigMaps by their names.
 */
import { API_VERSION, KINDS } from "#operator/api/v1alpha1/registry.ts"
import type { IndexedKind } from "#operator/index/view.ts"
import type { KubeClient } from "#operator/kube/kube-client.ts"
import type { ObjectSink } from "#operator/kube/object-table.ts"
import { type Reflector, type ReflectorLimits, startReflector } from "#operator/kube/reflector.ts"
import type { Log } from "#operator/telemetry/log.ts"
import type { OperatorMetrics } from "#operator/telemetry/metrics.ts"
import type { ObjectFeed } from "./control-plane.ts"
import { createWatchReports, type WatchedKind } from "./watch-reports.ts"

export interface WatchesOptions {
  readonly client: KubeClient
  readonly credentialsNamespace: string
  readonly feed: ObjectFeed
  /** ConfigMaps of one name, in all namespaces, and where they go. */
  readonly configMaps: readonly { readonly name: string; readonly sink: ObjectSink }[]
  /** A namespace came, changed or went. */
  readonly onNamespaces: () => void
  /** A bug in what takes the objects: the process must not go on. */
  readonly onBroken: (error: unknown) => void
  readonly log: Log
  readonly metrics: OperatorMetrics
  /** `REFLECTOR_LIMITS` when left out. */
  readonly limits?: ReflectorLimits
}

export interface Watches {
  /** Resolves when every kind was listed once. */
  readonly synced: Promise<void>
  /** Kinds that were not listed yet; null when all were. */
  missing(): string | null
  close(): void
}

interface Watched {
  readonly kind: WatchedKind
  readonly path: string
  readonly fieldSelector?: string
  readonly sink: ObjectSink
}

export function startWatches(options: WatchesOptions): Watches {
  const { client } = options
  const missing = new Set<WatchedKind>()
  const report = createWatchReports(options)
  const start = ({ kind, sink, ...where }: Watched): Reflector => {
    missing.add(kind)
    const reset: ObjectSink["reset"] = (objects) => {
      sink.reset(objects)
      missing.delete(kind)
    }
    const reflector = startReflector({
      client,
      ...where,
      ...(options.limits === undefined ? {} : { limits: options.limits }),
      sink: { ...sink, reset },
      report: (what) => report(kind, what),
    })
    reflector.finished.catch(options.onBroken)
    return reflector
  }
  const reflectors = watchedBy(options).map(start)
  return {
    synced: Promise.all(reflectors.map(({ synced }) => synced)).then(() => undefined),
    missing: () => (missing.size === 0 ? null : `waiting for ${[...missing].join(", ")}`),
    close: () => {
      for (const reflector of reflectors) reflector.close()
    },
  }
}

function watchedBy({
  credentialsNamespace,
  feed,
  configMaps,
  onNamespaces,
}: WatchesOptions): readonly Watched[] {
  const fed = (kind: IndexedKind, path: string, onChange = () => {}): Watched => ({
    kind,
    path,
    sink: {
      reset: (objects) => {
        feed.reset(kind, objects)
        onChange()
      },
      apply: (object) => {
        feed.apply(kind, object)
        onChange()
      },
      delete: (ref) => {
        feed.delete(kind, ref)
        onChange()
      },
    },
  })
  return [
    fed("Namespace", "/api/v1/namespaces", onNamespaces),
    fed("Pod", "/api/v1/pods"),
    fed("Secret", `/api/v1/namespaces/${credentialsNamespace}/secrets`),
    ...KINDS.map(({ kind, plural }) => fed(kind, `/apis/${API_VERSION}/${plural}`)),
    ...configMaps.map(({ name, sink }): Watched => {
      const fieldSelector = `metadata.name=${name}`
      return { kind: `ConfigMap ${name}`, path: "/api/v1/configmaps", fieldSelector, sink }
    }),
  ]
}
