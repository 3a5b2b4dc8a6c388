/**
 * Starts the operator in a cluster, part by part, and ends it in the opposite order.
 *
 *   second port -> ledger -> watches -> certificates -> control port -> lease -> lead
 *
 * In    an OperatorConfig, the log, and whom to tell when the process must not go on.
 * Out   a running operator. A standby is ready and answers `not_leader`; one that lost the lead
 *       ends.
 */
import { createHash, randomBytes } from "node:crypto"
import { hostname } from "node:os"
import { setTimeout as wait } from "node:timers/promises"
import type { NamespaceFacts } from "#operator/index/view.ts"
import { createEventWriter, type EventWriter } from "#operator/kube/events.ts"
import { createKubeClient, type KubeClient, loadKubeConfig } from "#operator/kube/kube-client.ts"
import { startLeaderElection } from "#operator/kube/leader-election.ts"
import { leaseTimes } from "#operator/kube/lease.ts"
import { reviewToken } from "#operator/kube/token-review.ts"
import type { LedgerStore } from "#operator/ledger/store/store.ts"
import { AUDIENCE, createAuthenticator } from "#operator/publish/authenticator.ts"
import { createControlServer, type ServerCertificate } from "#operator/publish/control-server.ts"
import { DEBOUNCE } from "#operator/reconcile/debounce.ts"
import { errorText, type Log } from "#operator/telemetry/log.ts"
import type { OperatorMetrics } from "#operator/telemetry/metrics.ts"
import { createOpsServer } from "#operator/telemetry/ops-server.ts"
import { labelOwnPod, writeEvent, writeStatus } from "./cluster-writes.ts"
import { createControlPlane } from "./compose.ts"
import type { OperatorConfig } from "./config.ts"
import type { ControlPlane, ObjectFeed } from "./control-plane.ts"
import { openCrashGuard } from "./crash-guard.ts"
import { createInjectionEvents } from "./injection-events.ts"
import { createNamespaceObjects } from "./namespace-objects.ts"
import { onceWritable, openLedger } from "./open-ledger.ts"
import { reportControl, reportLease } from "./reports.ts"
import { createCertificateService } from "./serve-certificates.ts"
import { createWebhookService } from "./serve-webhook.ts"
import { startWatches } from "./watches.ts"

export interface StartOptions {
  readonly config: OperatorConfig
  readonly log: Log
  readonly metrics: OperatorMetrics
  readonly now: () => number
  /** The lead, the ledger or an invariant is lost: end the process, at once. */
  readonly onFatal: (reason: string) => void
}

export interface RunningOperator {
  /**
   * Resolves once it stands by, or was closed before; rejects when the ledger or a port cannot be
   * had.
   */
  readonly started: Promise<void>
  /** Also while it starts. */
  close(): Promise<void>
}

const INJECTION_LABEL = "sidegate.dev/injection"
/** Between two attempts to label our own pod. */
const LABEL_RETRY_MS = 2000

/** Leading goes on by itself once it stands by. */
export function startOperator(options: StartOptions): RunningOperator {
  const closers: (() => Promise<void> | void)[] = []
  let isClosing = false
  const close = async (): Promise<void> => {
    isClosing = true
    for (let step = closers.pop(); step !== undefined; step = closers.pop()) await step()
  }
  const started = start(options, (step) => void closers.push(step))
  return {
    started: started.then(
      () => (isClosing ? close() : undefined),
      async (error: unknown) => {
        await close()
        throw error
      },
    ),
    close,
  }
}

/** `onClose` takes what is to be done at the end, in the opposite order. */
async function start(
  options: StartOptions,
  onClose: (step: () => Promise<void> | void) => void,
): Promise<void> {
  const { config, log, metrics, onFatal } = options
  let missing: () => string | null = () => "starting"
  const ops = createOpsServer({ registry: metrics.registry, notReady: () => missing() })
  const opsPort = await ops.listen(config.opsPort, config.listenHost)
  onClose(() => ops.close())
  log.info("metrics and probes are served", { port: opsPort })

  const waiting = new AbortController()
  onClose(() => waiting.abort())
  const store = await openLedger(config.ledgerFile, {
    log,
    closing: waiting.signal,
    onLost: (error) => onFatal(error.message),
    onWaiting: (why) => {
      missing = () => why
    },
  })
  if (store === null) return
  missing = () => "starting"
  onClose(() => store.close())
  const client = createKubeClient(loadKubeConfig(config.kubeconfig))
  onClose(() => client.close())
  const instance = config.podName ?? hostname()
  const events = createEventWriter({ client, instance, now: options.now })
  const plane = createPlane(options, { client, store, events, onClose })
  onClose(() => plane.close())
  const certificates = createCertificateService({
    client,
    config,
    namespaces: () => plane.namespaces().filter(isInjected),
    now: options.now,
    log,
  })
  onClose(() => certificates.close())
  const webhook = createWebhookService({ client, config, now: options.now, log })
  onClose(() => webhook.close())
  const injections = createInjectionEvents({
    writer: events,
    isInjected: (name) => isServed(plane, name),
    now: options.now,
    onResult: (result) => metrics.events.inc({ result }),
  })
  const watches = startWatches({
    client,
    credentialsNamespace: config.credentialsNamespace,
    feed: withPods(plane.feed, injections.observe),
    configMaps: certificates.configMaps,
    onNamespaces: () => certificates.namespacesChanged(),
    onBroken: (error) => onFatal(`a watch broke: ${errorText(error)}`),
    log,
    metrics,
  })
  onClose(() => watches.close())

  const served = await certificates.first()
  if (served === null) return
  const control = createControl(options, client, plane, served.tls)
  onClose(() => control.close())
  const controlPort = await control.listen(config.controlPort, config.listenHost ?? undefined)
  log.info("sidecars are served", { port: controlPort })
  certificates.follow(served, ({ tls }) => control.setTls(tls))
  missing = () => watches.missing()
  const onLead = (): void => {
    certificates.lead()
    webhook.lead()
    injections.lead()
  }
  onClose(runForLead(options, { client, plane, onLead, synced: watches.synced }))
}

interface PlaneParts {
  readonly client: KubeClient
  readonly store: LedgerStore
  readonly events: EventWriter
  readonly onClose: (step: () => void) => void
}

function createPlane(
  { config, log, metrics, now, onFatal }: StartOptions,
  { client, store, events, onClose }: PlaneParts,
): ControlPlane {
  const guard = openCrashGuard(`${config.ledgerFile}.reading`, log)
  onClose(() => guard.close())
  const objects = createNamespaceObjects(client, log)
  onClose(() => objects.close())
  return createControlPlane({
    store,
    settings: {
      operatorNamespace: config.operatorNamespace,
      teamLabel: config.teamLabel,
      unselected: config.unselected,
      unassigned: config.unassigned,
      cloudHosts: config.cloud.allowedHosts,
    },
    ports: {
      keepNamespaceObject: objects.keep,
      applyStatus: (write) => writeStatus(client, write),
      emitEvent: (event) => writeEvent(events, event),
    },
    cloud: config.cloud,
    log,
    metrics,
    now,
    isServed: isInjected,
    guard,
    onDeposed: onFatal,
    debounce: { ...DEBOUNCE, quietMs: config.pushQuietMs },
    recordDays: config.recordDays,
  })
}

function createControl(
  { log, metrics, now }: StartOptions,
  client: KubeClient,
  plane: ControlPlane,
  tls: ServerCertificate,
) {
  const authenticator = createAuthenticator({
    review: (token) => reviewToken(client, token, AUDIENCE),
    pod: (uid) => plane.pod(uid),
    namespaceIsInjected: (name) => isServed(plane, name),
    now,
    digest: (text) => createHash("sha256").update(text).digest("hex"),
  })
  return createControlServer({
    tls,
    publisher: plane.publisher,
    authenticator,
    usage: (identity, body) => plane.intake.accept(identity, body),
    now,
    draw: Math.random,
    report: (event) => reportControl(event, { log, metrics }),
  })
}

interface LeadParts {
  readonly client: KubeClient
  readonly plane: ControlPlane
  /** Once the control plane leads. */
  readonly onLead: () => void
  readonly synced: Promise<void>
}

/**
 * Waits for the caches, then for the lease, then leads. The returned function gives the lease back.
 */
function runForLead(
  { config, log, onFatal }: StartOptions,
  { client, plane, onLead, synced }: LeadParts,
): () => Promise<void> {
  const closing = new AbortController()
  let election: ReturnType<typeof startLeaderElection> | undefined
  const run = async (): Promise<void> => {
    await setLeaderLabel(false)
    await synced
    if (closing.signal.aborted) return
    election = startLeaderElection({
      client,
      namespace: config.operatorNamespace,
      name: config.leaseName,
      identity: config.leaseIdentity ?? `${hostname()}-${randomBytes(4).toString("hex")}`,
      times: leaseTimes(config.leaseMs),
      onFailure: reportLease(log),
      mayGoOn: () => plane.isUndisputed(),
    })
    void election.lost.then(({ reason }) => onFatal(`the lead was lost: ${reason}`))
    await election.acquired
    const led = await onceWritable(() => plane.lead(), { log, closing: closing.signal })
    if (led === null) return
    onLead()
    await setLeaderLabel(true)
  }
  const setLeaderLabel = async (isLeader: boolean): Promise<void> => {
    const { podName, operatorNamespace } = config
    while (podName !== null && !closing.signal.aborted) {
      try {
        await labelOwnPod(client, operatorNamespace, podName, isLeader)
        return
      } catch (error) {
        log.warn("the leader's label was not written", { pod: podName, error: errorText(error) })
      }
      await wait(LABEL_RETRY_MS, undefined, { signal: closing.signal }).catch(() => undefined)
    }
  }
  run().catch((error: unknown) => onFatal(`leading failed: ${errorText(error)}`))
  return async () => {
    closing.abort()
    await election?.close()
  }
}

/** Its label says so and it is not ending: only its sidecars are served. */
function isInjected({ labels, isTerminating }: NamespaceFacts): boolean {
  const value = labels[INJECTION_LABEL]
  return !isTerminating && (value === "enabled" || value === "opt-in")
}

function isServed(plane: ControlPlane, name: string): boolean {
  const namespace = plane.namespace(name)
  return namespace !== undefined && isInjected(namespace)
}

/** The feed, with each pod that passes shown to `observe`. */
function withPods(feed: ObjectFeed, observe: (pod: unknown) => void): ObjectFeed {
  return {
    ...feed,
    reset: (kind, objects) => {
      feed.reset(kind, objects)
      if (kind === "Pod") for (const pod of objects) observe(pod)
    },
    apply: (kind, object) => {
      feed.apply(kind, object)
      if (kind === "Pod") observe(object)
    },
  }
}
