/**
 * The loop of the operator: changed keys in, Snapshots, credentials, statuses and events out.
 *
 * In    keys from the index (a namespace; "" for everything), what sidecars hold, new usage.
 * Out   through ReconcilePorts only.
 * Must not know the API server, sockets, tokens or the ledger's storage.
 */
import type { CompiledNamespace, CompileSettings } from "#operator/compile/compiled.ts"
import type { Index } from "#operator/index/index.ts"
import type { NamespaceFacts, ObjectRef, PodFacts } from "#operator/index/view.ts"
import type { LedgerError } from "#operator/ledger/store/store.ts"
import type { TeamVerdict } from "#proxy/contract/snapshot.ts"
import { createClusterCompiler } from "./cluster-compiler.ts"
import { DEBOUNCE, type DebounceSettings } from "./debounce.ts"
import { createInForce } from "./in-force.ts"
import { LEDGER_WRITABLE, ledgerFailed } from "./ledger-condition.ts"
import type { Fleet, ObjectStatus, ReconcilePorts } from "./ports.ts"
import { reconcileNamespace } from "./reconcile-namespace.ts"
import { createStatusBoard } from "./status-board.ts"
import { createStatusLoop } from "./status-loop.ts"
import { identitiesOf, withTokenTrouble } from "./token-trouble.ts"
import { createWorkLoop } from "./work-loop.ts"

export interface Reconciler {
  /** What the index said is affected by a change. */
  touch(keys: readonly string[]): void
  /** The sidecars of a namespace changed. */
  sidecarsChanged(namespace: string): void
  /** New records are in the ledger. */
  usageChanged(): void
  /** Null when the last write was stored. */
  ledgerChanged(failure: Pick<LedgerError, "code" | "message"> | null): void
  observeStatus(ref: ObjectRef, uid: string, status: ObjectStatus | null): void
  /** Who pays for the namespace; undefined while it was never compiled. */
  team(namespace: string): TeamVerdict | undefined
  /** Compiles and publishes everything, then goes on by itself. Before it nothing leaves. */
  start(): Promise<void>
  /** Resolves when everything touched so far is compiled and published. */
  settled(): Promise<void>
  /** Objects whose status waits to be written. */
  backlog(): number
  close(): void
}

export interface ReconcilerOptions {
  readonly index: Index
  readonly settings: CompileSettings
  readonly ports: ReconcilePorts
  readonly now: () => number
  readonly debounce?: DebounceSettings
}

export function createReconciler(options: ReconcilerOptions): Reconciler {
  const { index, settings, ports, now, debounce = DEBOUNCE } = options
  const inForce = createInForce()
  const fleet: Fleet = {
    sidecars: (namespace) => ports.publisher.sidecars(namespace),
    pods: (namespace) => index.podsOf(namespace).filter(mayConnect).length,
  }
  const board = createStatusBoard(inForce, fleet)
  const statuses = createStatusLoop(board, ports, now, () => work.isBusy())
  const teams = new Map<string, TeamVerdict>()
  const clusters = createClusterCompiler(settings)

  const parts = { index, settings, proved: new WeakSet<CompiledNamespace>(), inForce, board, ports }

  const run = (key: string, sinceMs: number): void => {
    const startedAt = now()
    if (key === "") {
      const { core, verdicts } = clusters.compile(index.clusterView(), index.namespaces())
      ports.wantIdentities(identitiesOf(core))
      board.judge("", withTokenTrouble(verdicts, ports.tokenTrouble))
    } else {
      const cluster = clusters.lastGood(index.clusterView(), index.namespaces())
      const compiled = reconcileNamespace(key, cluster, parts)
      if (compiled !== null) teams.set(key, compiled.snapshot.team)
      else if (index.view(key) === undefined) teams.delete(key)
      ports.report({ kind: "compiled", namespace: key, ms: now() - startedAt })
      ports.report({ kind: "pushed", delayMs: now() - sinceMs })
    }
    statuses.wake()
  }
  const work = createWorkLoop({
    now,
    run,
    namespaces: () => connectedFirst(index.namespaces(), (name) => fleet.sidecars(name).length > 0),
    failed: (namespace, error) => ports.report({ kind: "failed", namespace, error }),
    debounce,
  })
  return {
    touch: (keys) => work.touch(keys),
    sidecarsChanged: (namespace) => {
      board.touch(namespace)
      statuses.wake()
    },
    usageChanged: () => statuses.usageChanged(),
    ledgerChanged: (failure) => {
      board.judgeLedger(failure === null ? LEDGER_WRITABLE : ledgerFailed(failure))
      statuses.wake()
    },
    observeStatus: (ref, uid, status) => {
      board.observe(ref, uid, status, now())
      statuses.wake()
    },
    team: (namespace) => teams.get(namespace),
    start: async () => {
      work.touch([""])
      work.start()
      await work.settled()
      const pods = index.namespaces().reduce((sum, { name }) => sum + fleet.pods(name), 0)
      board.start(now(), pods)
      statuses.start()
    },
    settled: () => work.settled(),
    backlog: () => board.backlog(),
    close: () => {
      work.close()
      statuses.close()
    },
  }
}

function mayConnect({ hasSidecar, isTerminating, isFinished }: PodFacts): boolean {
  return hasSidecar && !isTerminating && !isFinished
}

/** Whom a change reaches at once comes before those that nobody is connected from. */
function connectedFirst(
  namespaces: readonly NamespaceFacts[],
  isConnected: (name: string) => boolean,
): readonly string[] {
  const names = namespaces.map(({ name }) => name)
  const connected = names.filter(isConnected)
  const first = new Set(connected)
  return [...connected, ...names.filter((name) => !first.has(name))]
}
