/**
 * The control plane put together: index, compile, credentials, publisher, intake and reconcile.
 *
 * In    a ledger, settings, ports, a clock. Out: the ControlPlane that the operator in a cluster
 *       and `sidegate run` both drive. Nothing here decides anything.
 */
import { createHash, randomBytes } from "node:crypto"
import { createMint } from "#operator/credentials/mint.ts"
import { createTokens, type HeldToken } from "#operator/credentials/tokens.ts"
import { createVault } from "#operator/credentials/vault.ts"
import { createIndex } from "#operator/index/index.ts"
import { createIntake } from "#operator/intake/intake.ts"
import type { RecordOrigin } from "#operator/ledger/store/store.ts"
import { createPublisher } from "#operator/publish/create-publisher.ts"
import type { TokenTrouble } from "#operator/reconcile/ports.ts"
import { createReconciler, type Reconciler } from "#operator/reconcile/reconciler.ts"
import { errorText } from "#operator/telemetry/log.ts"
import type { TeamVerdict } from "#proxy/contract/snapshot.ts"
import type { ControlPlane, ControlPlaneOptions, ReadGuard } from "./control-plane.ts"
import { createFeed } from "./feed.ts"
import {
  createSidecarGauges,
  reportIntake,
  reportReconcile,
  reportRetention,
  reportToken,
  reportTrimmed,
} from "./reports.ts"
import { RECORD_DAYS, startRetention } from "./retention.ts"

const NO_GUARD: ReadGuard = { whyUnread: () => undefined, run: (_object, read) => read() }
/** How often the publisher looks at its clock, and the gauges are brought up to date. */
const TICK_MS = 1000

export function createControlPlane(options: ControlPlaneOptions): ControlPlane {
  const { store, settings, ports, log, metrics, now } = options
  const index = createIndex(settings)
  const vault = createVault()
  const tokens = createTokens({
    mint: options.mint ?? createMint({ settings: options.cloud, secret: vault.text, now }),
    fingerprint: vault.fingerprint,
    now,
    draw: Math.random,
    after,
    onChange: () => reconciler.touch([""]),
    report: (attempt) => reportToken(attempt, options),
  })
  const publisher = createPublisher({
    now,
    digest: sha256,
    nextSessionId: () => randomBytes(16).toString("hex"),
    onHigherTerm: (term) => raiseTerm(term),
    onSend: (event) => metrics.pushes.inc({ event }),
  })
  const intake = createIntake({
    store,
    term: () => publisher.term(),
    teamOf: (namespace) => payerOf(reconciler.team(namespace)),
    now,
    report: (event) => reportIntake(event, options, reconciler),
  })
  const reconciler: Reconciler = createReconciler({
    index,
    settings,
    now,
    ...(options.debounce === undefined ? {} : { debounce: options.debounce }),
    ports: {
      publisher,
      credentialsFor: (needs) => vault.credentialsFor(needs, tokens.of),
      wantIdentities: (wanted) => tokens.want(wanted),
      tokenTrouble: (provider) => troubleOf(tokens.of(provider)),
      dropPod: (podUid) => {
        publisher.dropPod(podUid)
        intake.dropPod(podUid)
      },
      isServed: options.isServed ?? (() => true),
      usageByTeam: (from, until) => store.usageByTeam(from, until),
      keepNamespaceObject: (namespace, wish) => ports.keepNamespaceObject?.(namespace, wish),
      applyStatus: (write) => ports.applyStatus(write),
      emitEvent: (event) => ports.emitEvent(event),
      report: (report) => reportReconcile(report, options),
    },
  })
  let isRaising = false
  const raiseTerm = (heard: number): void => {
    if (isRaising) return
    isRaising = true
    store
      .takeTerm(heard)
      .then(lead)
      .catch((error: unknown) => {
        log.warn("a term above a sidecar's could not be taken", { error: errorText(error) })
      })
      .finally(() => {
        isRaising = false
      })
  }
  const lead = (term: number): void => {
    publisher.lead(term)
    metrics.term.set(term)
    log.info("this process leads", { term })
  }
  const gauges = createSidecarGauges(publisher, metrics)
  publisher.onChange((namespace) => {
    gauges.touch(namespace)
    reconciler.sidecarsChanged(namespace)
  })
  let ticker: NodeJS.Timeout | undefined
  let retention: ReturnType<typeof startRetention> | undefined
  return {
    feed: createFeed({
      index,
      vault,
      reconciler,
      guard: options.guard ?? NO_GUARD,
      operatorNamespace: settings.operatorNamespace,
      log,
      onTrimmed: (event) => reportTrimmed(event, options, publisher.term() !== null),
    }),
    publisher,
    intake,
    pod: (uid) => index.pod(uid),
    namespace: (name) => index.view(name)?.namespace,
    namespaces: () => index.namespaces(),
    lead: async () => {
      const term = await store.takeTerm(0)
      // Everything is compiled before the first sidecar is let in: none is sent a state that is not
      // whole.
      await reconciler.start()
      lead(term)
      metrics.leader.set(1)
      ticker = setInterval(() => {
        publisher.tick()
        gauges.refresh()
        metrics.statusBacklog.set(reconciler.backlog())
      }, TICK_MS)
      retention = startRetention({
        days: options.recordDays ?? RECORD_DAYS,
        now,
        deleteRecords: (before, most) =>
          store.deleteRecords(publisher.term() ?? term, before, most),
        report: (report) => reportRetention(report, options),
      })
      return { term }
    },
    isUndisputed: async () => {
      const own = publisher.term()
      const stored = await store.term().catch(() => null)
      return isRaising || own === null || stored === null || stored <= own
    },
    settled: () => reconciler.settled(),
    close: async () => {
      clearInterval(ticker)
      retention?.close()
      reconciler.close()
      tokens.close()
      publisher.standDown("the operator is shutting down")
      metrics.leader.set(0)
    },
  }
}

function troubleOf(held: HeldToken | undefined): TokenTrouble | null {
  if (held === undefined) return null
  const { token, fault } = held
  if (fault === null) return token === null ? { kind: "pending" } : null
  return { kind: "failed", message: fault, expiresAt: token?.expiresAt ?? null }
}

function after(delayMs: number, run: () => void): () => void {
  const timer = setTimeout(run, delayMs)
  return () => clearTimeout(timer)
}

/** Records of a namespace without a team, or not known yet, are the team `unassigned`'s. */
function payerOf(team: TeamVerdict | undefined): Pick<RecordOrigin, "team" | "costCenter"> {
  if (team?.kind === "team") return { team: team.name, costCenter: team.costCenter }
  const name = team?.kind === "refused" && team.name !== "" ? team.name : "unassigned"
  return { team: name, costCenter: null }
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex")
}
