/**
 * Keeps the operator's certificates in service: made, published to the injected namespaces, renewed
 * in time.
 *
 * In    the cluster, the namespaces as the feed shows them. Out: the pair to serve with, again
 *       whenever it changes, and the ConfigMap with the roots in every injected namespace, written
 *       by the leader, together with the one that leads applications to their sidecar.
 */
import { setTimeout as wait } from "node:timers/promises"
import { createCertificates, type ServedCertificates } from "#operator/certificates/certificates.ts"
import type { NamespaceFacts } from "#operator/index/view.ts"
import type { KubeClient } from "#operator/kube/kube-client.ts"
import { createWorkQueue } from "#operator/kube/work-queue.ts"
import { errorText, type Log } from "#operator/telemetry/log.ts"
import { createSecretStore, writeEnvironment, writeRoots } from "./cluster.ts"
import type { OperatorConfig } from "./config.ts"

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
  /** From now on this process writes the ConfigMaps. */
  lead(): void
  /** A namespace came, changed or went. */
  namespacesChanged(): void
  close(): Promise<void>
}

/**
 * ConfigMaps that somebody changed are mended after this time, or this long for each namespace if
 * that is more, so that mending is a quarter of a request a second at most; spread by a half either
 * way. A change of the roots is written at once.
 */
const MEND_MS = 600_000
const MEND_EACH_MS = 8000

/** Between two attempts while the API server does not answer. */
const RETRY_MS = 2000

export function createCertificateService(options: CertificateServiceOptions): CertificateService {
  const { client, config, log } = options
  const closing = new AbortController()
  let roots: string | null = null
  let isLeader = false
  /** Namespaces that have the environment and the current roots. */
  const written = new Set<string>()
  const queue = createWorkQueue({
    resyncMs: Number.POSITIVE_INFINITY,
    process: async (namespace) => {
      if (roots === null || !options.namespaces().some(({ name }) => name === namespace)) {
        return { kind: "forget" }
      }
      const current = roots
      await writeRoots(client, namespace, current)
      await writeEnvironment(client, namespace)
      if (current === roots) written.add(namespace)
      const everyMs = Math.max(MEND_MS, options.namespaces().length * MEND_EACH_MS)
      return { kind: "done", againAfterMs: everyMs * (0.5 + Math.random()) }
    },
    onFailure: (namespace, error) => {
      log.warn("the ConfigMaps were not written", { namespace, error: errorText(error) })
    },
  })
  const enqueue = (): void => {
    if (!isLeader || roots === null) return
    const names = new Set(options.namespaces().map(({ name }) => name))
    for (const name of written) if (!names.has(name)) written.delete(name)
    for (const name of names) if (!written.has(name)) queue.add(name)
  }
  const certificates = createCertificates({
    mode: config.tls.mode,
    dnsNames: config.tls.dnsNames,
    ...createSecretStore(client, config.operatorNamespace, config.tls.secret),
    // Resolves when every namespace was tried once: what they signed is served only afterwards.
    publish: async (next) => {
      if (next !== roots) written.clear()
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
