/**
 * One key looked at: read, decide, act, report. Level-triggered: it reads what is, never what
 * happened.
 */
import { checkNamespace } from "#operator/compile/check.ts"
import { type CompiledCluster, compileNamespace } from "#operator/compile/compile.ts"
import type { CompiledNamespace, CompileSettings } from "#operator/compile/compiled.ts"
import type { Index } from "#operator/index/index.ts"
import type { NamespaceView, PodFacts } from "#operator/index/view.ts"
import type { PodIdentity } from "#proxy/contract/push.ts"
import type { InForce } from "./in-force.ts"
import { describeNamespace, judgeNamespace, namespaceRef, wishFor } from "./namespace-object.ts"
import type { ReconcilePorts } from "./ports.ts"
import type { BoardVerdict, StatusBoard } from "./status-board.ts"

export interface ReconcileParts {
  readonly index: Pick<Index, "view" | "pod" | "podsOf" | "object">
  readonly settings: CompileSettings
  /** Results that the check passed: compiling gives the same value again while nothing changed. */
  readonly proved: WeakSet<CompiledNamespace>
  readonly inForce: InForce
  readonly board: StatusBoard
  readonly ports: ReconcilePorts
}

/** Safe to run twice, safe to skip. Throws only for a bug or a Snapshot too large to send. */
export function reconcileNamespace(
  namespace: string,
  cluster: CompiledCluster,
  parts: ReconcileParts,
): CompiledNamespace | null {
  const { index, settings, board, ports } = parts
  const view = index.view(namespace) // read
  if (view === undefined) {
    withdraw(namespace, parts)
    ports.keepNamespaceObject(namespace, { kind: "keep" })
    board.judge(namespace, [])
    return null
  }
  const compiled = compileNamespace(cluster, view, settings) // decide (pure)
  if (!parts.proved.has(compiled)) {
    const violations = checkNamespace(compiled, cluster, view, settings)
    if (violations.length > 0) {
      ports.report({ kind: "violations", namespace, violations })
      return null
    }
    parts.proved.add(compiled)
  }
  if (ports.isServed(view.namespace)) act(namespace, compiled, parts)
  else withdraw(namespace, parts)
  const own = keepNamespace(view, compiled, parts)
  // One that ends takes no more writes; what is in it goes with it.
  const verdicts = view.namespace.isTerminating ? [] : [...compiled.verdicts, ...own]
  board.judge(namespace, verdicts) // report
  board.touch(namespace)
  return compiled
}

/** Sees to the AINamespace; its verdict when there is one that stays. */
function keepNamespace(
  view: NamespaceView,
  compiled: CompiledNamespace,
  { index, settings, ports }: ReconcileParts,
): readonly BoardVerdict[] {
  const { namespace } = view
  const pods = index.podsOf(namespace.name)
  const object = index.object(namespaceRef(namespace.name))
  const wish = wishFor(view, pods, object, settings.operatorNamespace)
  ports.keepNamespaceObject(namespace.name, wish)
  if (object === undefined || wish.kind === "delete") return []
  const details = () => describeNamespace(namespace, compiled, pods)
  return [{ ...judgeNamespace(object, namespace, compiled.snapshot), details }]
}

/** Keys go before the Snapshot that needs them. A no-op for what the sidecars hold already. */
function act(
  namespace: string,
  compiled: CompiledNamespace,
  { inForce, ports, index }: ReconcileParts,
): void {
  const { credentials, snapshot } = compiled
  const needs = credentials.flatMap((need) => {
    const origin = snapshot.providers[need.provider]?.origin
    return origin === undefined ? [] : [{ ...need, origin }]
  })
  ports.publisher.publishCredentials(namespace, ports.credentialsFor(needs))
  const { hash } = ports.publisher.publish(namespace, compiled.snapshot)
  const held = new Set<string>()
  for (const { identity, heldHash } of ports.publisher.sidecars(namespace)) {
    if (heldHash !== null) held.add(heldHash)
    const pod = index.pod(identity.podUid)
    // One that shuts down may not answer a push any more, so it must not be sent one.
    if (pod === undefined || pod.isTerminating) ports.dropPod(identity.podUid)
    else ports.publisher.updateIdentity(identityOf(pod))
  }
  inForce.published(namespace, hash, compiled.sources, held)
}

function withdraw(namespace: string, { inForce, ports, board }: ReconcileParts): void {
  board.touch(namespace)
  ports.publisher.retire(namespace)
  inForce.forget(namespace)
}

function identityOf({ namespace, pod, podUid, application, labels }: PodFacts): PodIdentity {
  return { namespace, pod, podUid, application, labels }
}
