/**
 * How long compiling takes and what it holds: index and compiler as the operator runs them, no
 * shell.
 */
import { createHash } from "node:crypto"
import { checkNamespace } from "#operator/compile/check.ts"
import { compileCluster, compileNamespace } from "#operator/compile/compile.ts"
import type {
  CompiledCluster,
  CompiledNamespace,
  CompileSettings,
} from "#operator/compile/compiled.ts"
import { readSecret } from "#operator/credentials/read-secret.ts"
import type { IndexEntry } from "#operator/index/entry.ts"
import { createIndex, type Index } from "#operator/index/index.ts"
import { readObject } from "#operator/index/read-object.ts"
import type { NamespaceView } from "#operator/index/view.ts"
import { canonicalJson } from "#proxy/contract/json.ts"
import { median } from "#test/bench/statistics.ts"
import { type FedObject, OPERATOR_NAMESPACE } from "#test/operator/objects.ts"
import { makeWorld, routeOf, type WorldSize } from "./world.ts"

export interface CompileResult {
  readonly objects: number
  readonly indexMs: number
  /** Cluster and every namespace, cold. */
  readonly fullMs: number
  readonly checkMs: number
  /** Canonical text and SHA-256 of every Snapshot. */
  readonly hashMs: number
  /** One AIRoute changed: index, views, compile of what is affected; median of many. */
  readonly oneRouteMs: number
  /** The same with check and hash: until there are bytes to send. */
  readonly oneRouteToHashMs: number
  readonly snapshotBytes: number
  /** After all of it, the objects included. */
  readonly rssMb: number
  readonly problems: readonly string[]
}

const SETTINGS: CompileSettings = {
  operatorNamespace: OPERATOR_NAMESPACE,
  teamLabel: "sidegate.dev/team",
  unselected: "Allow",
  unassigned: "Allow",
  cloudHosts: [],
}
const CHANGES = 50

export function runCompile(size: WorldSize): CompileResult {
  const index = createIndex(SETTINGS)
  const world = makeWorld(size)
  const indexMs = timed(() => {
    for (const fed of world) index.apply(entryOf(fed))
  })
  let snapshots: readonly Compiled[] = []
  const fullMs = timed(() => {
    snapshots = compileAll(index)
  })
  const problems: string[] = []
  const checkMs = timed(() => {
    for (const one of snapshots) problems.push(...checked(one))
  })
  let snapshotBytes = 0
  const hashMs = timed(() => {
    for (const { compiled } of snapshots) snapshotBytes += hash(compiled).bytes
  })
  const changes = Array.from({ length: CHANGES }, (_, at) => oneChange(index, at, size))
  problems.push(...unexpected(snapshots, size))
  return {
    objects: world.length,
    indexMs,
    fullMs,
    checkMs,
    hashMs,
    oneRouteMs: median(changes.map(({ compileMs }) => compileMs)),
    oneRouteToHashMs: median(changes.map(({ hashedMs }) => hashedMs)),
    snapshotBytes: snapshotBytes / snapshots.length,
    rssMb: process.memoryUsage.rss() / (1024 * 1024),
    problems: problems.slice(0, 5),
  }
}

interface Compiled {
  readonly view: NamespaceView
  readonly cluster: CompiledCluster
  readonly compiled: CompiledNamespace
}

function compileAll(index: Index): readonly Compiled[] {
  return compileSome(
    index,
    index.namespaces().map(({ name }) => name),
  )
}

function compileSome(index: Index, names: readonly string[]): readonly Compiled[] {
  const cluster = compileCluster(index.clusterView(), SETTINGS, index.namespaces())
  return names.flatMap((name) => {
    const view = index.view(name)
    if (view === undefined) return []
    return [{ view, cluster, compiled: compileNamespace(cluster, view, SETTINGS) }]
  })
}

/** As reconcile does it: only the affected namespaces are compiled again. */
function oneChange(
  index: Index,
  at: number,
  size: WorldSize,
): { readonly compileMs: number; readonly hashedMs: number } {
  const changed = routeOf((at * 17) % size.namespaces, at % size.routesPerNamespace, size, 2 + at)
  const entry = entryOf(changed)
  const start = performance.now()
  const compiled = compileSome(index, index.apply(entry))
  const compileMs = performance.now() - start
  for (const one of compiled) {
    checked(one)
    hash(one.compiled)
  }
  if (compiled.length !== 1) throw new Error(`one AIRoute changed ${compiled.length} namespaces`)
  return { compileMs, hashedMs: performance.now() - start }
}

function checked({ compiled, cluster, view }: Compiled): readonly string[] {
  return checkNamespace(compiled, cluster, view, SETTINGS)
}

function hash(compiled: CompiledNamespace): { readonly bytes: number; readonly text: string } {
  const text = canonicalJson(compiled.snapshot)
  return { bytes: text.length, text: createHash("sha256").update(text).digest("hex") }
}

/** Fast and wrong would be worthless: everything must be accepted and in the Snapshots. */
function unexpected(snapshots: readonly Compiled[], size: WorldSize): readonly string[] {
  const bad = snapshots.flatMap(({ view, compiled }) => {
    const { name } = view.namespace
    const { routes, access } = compiled.snapshot
    if (routes.length !== size.routesPerNamespace) return [`${name}: ${routes.length} routes`]
    if (access.kind !== "rules" || access.deny.length < 3) return [`${name}: policies are missing`]
    const broken = routes.flatMap(({ rules }) => rules.flatMap(({ backends }) => backends))
    return broken.filter(({ problem }) => problem !== null).map(({ problem }) => `${problem}`)
  })
  if (snapshots.length !== size.namespaces) bad.push(`${snapshots.length} namespaces`)
  return bad
}

function entryOf({ kind, object }: FedObject): IndexEntry {
  if (kind !== "Secret") {
    const read = readObject(kind, object)
    if (!read.ok) throw new Error(read.message)
    return read.entry
  }
  const { name, uid, annotations, resourceVersion } = object.metadata
  const data = object["data"] as Readonly<Record<string, string>>
  const type = "sidegate.dev/provider-credential"
  const { facts } = readSecret({ name, uid, type, annotations, data, stringData: {} })
  return { kind, uid, resourceVersion, value: facts }
}

function timed(run: () => void): number {
  const start = performance.now()
  run()
  return performance.now() - start
}
