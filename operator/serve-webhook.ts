/**
 * Keeps the webhook callable: its certificate in a Secret, the roots in its configuration.
 *
 * In    the cluster. Out: the Secret that the webhook's pods mount, and `caBundle` in the
 *       MutatingWebhookConfiguration, both by the leader, looked at every minute: the configuration
 *       may be made anew by somebody else, and it is not watched. The webhook itself has no access
 *       to the cluster (`docs/decisions/0010`).
 */
import { setTimeout as wait } from "node:timers/promises"
import { ensureFurtherLeaf } from "#operator/certificates/further-leaf.ts"
import { CertificateError, readProvided } from "#operator/certificates/stored-bundle.ts"
import type { KubeClient } from "#operator/kube/kube-client.ts"
import { errorText, type Log } from "#operator/telemetry/log.ts"
import { createSecretStore, writeCaBundle } from "./cluster-writes.ts"
import type { OperatorConfig } from "./config.ts"

export interface WebhookServiceOptions {
  readonly client: KubeClient
  readonly config: Pick<OperatorConfig, "operatorNamespace" | "tls" | "webhook">
  readonly now: () => number
  readonly log: Log
}

export interface WebhookService {
  /** From now on this process writes. */
  lead(): void
  close(): Promise<void>
}

const CHECK_MS = 60_000
const RETRY_MS = 2000

export function createWebhookService(options: WebhookServiceOptions): WebhookService {
  const { client, config, log } = options
  const closing = new AbortController()
  let running: Promise<void> = Promise.resolve()
  const publish = async (roots: string): Promise<void> => {
    const { configuration } = config.webhook
    const result = await writeCaBundle(client, configuration, roots)
    if (result === "written") log.info("the webhook's roots are published")
    else log.debug("the webhook's roots were looked at", { reason: result })
  }
  const run = async (): Promise<void> => {
    let told: string | null = null
    do {
      try {
        await ensure(options, publish)
        told = null
      } catch (error) {
        const reason = errorText(error)
        if (reason !== told)
          log.warn("the webhook's certificate is not in order", { error: reason })
        told = reason
      }
    } while (await pause(told === null ? CHECK_MS : RETRY_MS, closing.signal))
  }
  return {
    lead: () => {
      running = run()
    },
    close: async () => {
      closing.abort()
      await running
    },
  }
}

async function ensure(
  { client, config, now }: WebhookServiceOptions,
  publish: (roots: string) => Promise<void>,
): Promise<void> {
  const { operatorNamespace, tls, webhook } = config
  const store = createSecretStore(client, operatorNamespace, webhook.secret)
  if (tls.mode === "own") {
    const authority = createSecretStore(client, operatorNamespace, tls.secret)
    const { dnsNames } = webhook
    await ensureFurtherLeaf({ ...store, loadAuthority: authority.load, dnsNames, publish, now })
    return
  }
  const stored = await store.load()
  if (stored === null) throw new CertificateError(`Secret ${webhook.secret} does not exist`)
  await publish(readProvided(stored.texts).root)
}

/** False when closed meanwhile. */
function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  return wait(ms, true, { signal }).catch(() => false)
}
