/**
 * Keeps the operator's certificates in service: made, published to the injected namespaces, renewed
 * in time.
 *
 * In    the cluster, the namespaces as the feed shows them. Out: the pair to serve with, again
 *       whenever it changes, and the ConfigMap with the roots in every injected namespace, written
 *       by the leader, together with the one that leads applications to their sidecar. Only what
 *       the watch shows to be missing or changed is written.
 */
import { setTimeout as wait } from "node:timers/promises"
import { createCertificates, type ServedCertificates } from "#operator/certificates/certificates.ts"
import type { NamespaceFacts } from "#operator/index/view.ts"
import { ENVIRONMENT, ENVIRONMENT_CONFIG_MAP } from "#operator/inject/environment.ts"
import type { KubeClient } from "#operator/kube/kube-client.ts"
import type { ObjectSink } from "#operator/kube/object-table.ts"
import { createWorkQueue } from "#operator/kube/work-queue.ts"
import { errorText, type Log } from "#operator/telemetry/log.ts"
import { CA_CONFIG_MAP, createSecretStore, writeConfigMap } from "./cluster-writes.ts"
import type { OperatorConfig } from "./config.ts"
import { type ConfigMapData, createKeptConfigMaps } from "./kept-config-maps.ts"

export interface CertificateServiceOptions {
  readonly client: KubeClient
  readonly config: Pick<OperatorConfig, "operatorNamespace" | "tls">
  /** Those that are injected and not ending. */
  readonly namespaces: () => readonly NamespaceFacts[]
  readonly now: () => number
  readonly log: Log
}

export interface CertificateService {
  /** Waits for the first pair, however long the API server is away; null when closed before. */
  first(): Promise<ServedCertificates | null>
  /** Looks again when it is time, and tells of what is to be served from then on. */
  follow(first: ServedCertificates, onRenewed: (served: ServedCertificates) => void): void
  /** For watches of the ConfigMaps of these names, in all namespaces. */
  readonly configMaps: readonly { readonly name: string; readonly sink: ObjectSink }[]
  /** From now on, when the watches are up to date, this process writes the ConfigMaps. */
  lead(): void
  /** A namespace came, changed or went. */
  namespacesChanged(): void
  close(): Promise<void>
}

/** Between two attempts while the API server does not answer. */
const RETRY_MS = 2000

export function createCertificateService(options: CertificateServiceOptions): CertificateService {
  const { client, config, log } = options
  const closing = new AbortController()
  let roots: string | null = null
  let isLeader = false
  /** Namespaces that have the environment and the current roots. */
  const done = new Set<string>()
  const changed = (namespace: string): void => {
    done.delete(namespace)
    if (isLeader) queue.add(namespace)
  }
  const maps = [CA_CONFIG_MAP, ENVIRONMENT_CONFIG_MAP].map((name) => ({
    name,
    kept: createKeptConfigMaps(changed),
  }))
  const queue = createWorkQueue({
    resyncMs: Number.POSITIVE_INFINITY,
    process: async (namespace) => {
      if (roots === null || !options.namespaces().some(({ name }) => name === namespace)) {
        return { kind: "forget" }
      }
      done.add(namespace)
      const current: ConfigMapData = { "ca.crt": roots }
      let againAfterMs: number | null = null
      for (const { name, kept } of maps) {
        const data = name === CA_CONFIG_MAP ? current : ENVIRONMENT
        const dueIn = kept.dueIn(namespace, data, options.now())
        if (dueIn === 0) {
          const object = await writeConfigMap(client, namespace, name, data)
          if (object !== null) kept.wrote(namespace, data, object, options.now())
        } else if (dueIn !== null) {
          againAfterMs = Math.min(againAfterMs ?? dueIn, dueIn)
        }
      }
      return { kind: "done", againAfterMs }
    },
    onFailure: (namespace, error) => {
      done.delete(namespace)
      log.warn("the ConfigMaps were not written", { namespace, error: errorText(error) })
    },
  })
  const enqueue = (): void => {
    if (!isLeader || roots === null) return
    const names = new Set(options.namespaces().map(({ name }) => name))
    for (const name of done) if (!names.has(name)) done.delete(name)
    for (const name of names) if (!done.has(name)) queue.add(name)
  }
  const certificates = createCertificates({
    mode: config.tls.mode,
    dnsNames: config.tls.dnsNames,
    ...createSecretStore(client, config.operatorNamespace, config.tls.secret),
    // Resolves when every namespace was tried once: what they signed is served only afterwards.
    publish: async (next) => {
      if (next !== roots) done.clear()
      roots = next
      enqueue()
      await queue.idle()
    },
    now: options.now,
  })
  const pause = (ms: number): Promise<boolean> =>
    wait(ms, true, { signal: closing.signal }).catch(() => false)
  const ensure = async (): Promise<ServedCertificates | null> => {
    do {
      try {
        return await certificates.ensure()
      } catch (error) {
        log.error("the certificates are not in order", { error: errorText(error) })
      }
    } while (await pause(RETRY_MS))
    return null
  }
  const renew: CertificateService["follow"] = async (first, onRenewed) => {
    let served: ServedCertificates | null = first
    while (served !== null && (await pause(served.recheckAfterMs))) {
      served = await ensure()
      if (served !== null) onRenewed(served)
    }
  }
  return {
    first: ensure,
    follow: renew,
    configMaps: maps.map(({ name, kept }) => ({ name, sink: kept.sink })),
    lead: () => {
      isLeader = true
      enqueue()
    },
    namespacesChanged: enqueue,
    close: async () => {
      closing.abort()
      await queue.close()
    },
  }
}
