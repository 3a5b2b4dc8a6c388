/**
 * The compiler: plain values from the index in, Snapshots and verdicts out. Pure, deterministic,
 * and never stopped by one bad object. Its passes, in order:
 *
 *   cluster     providers (with credentials) -> prices -> policies -> teams -> shared routes
 *   namespace   routes -> claims -> backends -> team, access, prices -> Snapshot
 *
 * Must not know who asks, what is in force, or that time passes. `check.ts` proves the result
 * again.
 */
import type { ClusterView, NamespaceFacts, NamespaceView } from "#operator/index/view.ts"
import type {
  ClusterCore,
  CompiledCluster,
  CompiledNamespace,
  CompileSettings,
} from "./compiled.ts"
import { assembleNamespace } from "./namespace.ts"
import { compilePolicies } from "./policies.ts"
import { compilePrices } from "./prices.ts"
import { compileProviders } from "./providers.ts"
import { remembering } from "./read.ts"
import { judgeSharedRoutes, readSharedRoutes } from "./shared-routes.ts"
import { compileTeams } from "./teams.ts"

export type { CompiledCluster, CompiledNamespace } from "./compiled.ts"

/**
 * Everything cluster-wide, with the verdicts on it. `namespaces` tells where shared routes meet.
 * While the view stays the same value so does `core`, and with it every compiled namespace that did
 * not change.
 */
export function compileCluster(
  view: ClusterView,
  settings: CompileSettings,
  namespaces: readonly NamespaceFacts[],
): CompiledCluster {
  const core = coreOf(view, settings)
  return { core, verdicts: [...core.verdicts, ...judgeSharedRoutes(core, namespaces, settings)] }
}

/** One namespace: the same value again for the same `core`, view and settings. */
export function compileNamespace(
  cluster: CompiledCluster,
  view: NamespaceView,
  settings: CompileSettings,
): CompiledNamespace {
  const known = compiledBy(cluster.core)
  const held = known.get(view)
  if (held !== undefined && held.settings === settings) return held.compiled
  const compiled = assembleNamespace(cluster.core, view, settings)
  known.set(view, { settings, compiled })
  return compiled
}

const compiledBy = remembering(
  (_core: ClusterCore) =>
    new WeakMap<
      NamespaceView,
      { readonly settings: CompileSettings; readonly compiled: CompiledNamespace }
    >(),
)

const coresBy = remembering((_view: ClusterView) => new Map<string, ClusterCore>())

function coreOf(view: ClusterView, settings: CompileSettings): ClusterCore {
  const { operatorNamespace, cloudHosts } = settings
  const known = coresBy(view)
  const key = [operatorNamespace, ...cloudHosts].join()
  const held = known.get(key)
  if (held !== undefined) return held
  const core = compileCore(view, operatorNamespace, cloudHosts)
  known.set(key, core)
  return core
}

function compileCore(
  view: ClusterView,
  operatorNamespace: string,
  cloudHosts: readonly string[],
): ClusterCore {
  const providers = compileProviders(view, cloudHosts)
  const prices = compilePrices(view)
  const policies = compilePolicies(view, providers.providers)
  const teams = compileTeams(view)
  return {
    providers: providers.providers,
    prices: prices.prices,
    policies: policies.policies,
    teams: teams.teams,
    sharedRoutes: readSharedRoutes(view, operatorNamespace),
    secrets: view.secrets,
    verdicts: [providers, prices, policies, teams].flatMap(({ verdicts }) => verdicts),
  }
}
