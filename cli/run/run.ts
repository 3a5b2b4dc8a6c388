/**
 * `sidegate run DIR`: operator and sidecar in one process, without a cluster, on manifests from
 * files.
 *
 * In    a directory, options, the environment, a place to print.
 * Out   a gateway on loopback, and lines that say what is wrong with an object and what a change
 *       did.
 * It only composes: index, compile, ledger, publish and the proxy are those of a cluster.
 */

import { watchDirectory } from "#cli/manifests/directory.ts"
import { createControlPlane } from "#operator/compose.ts"
import type { ControlPlane } from "#operator/control-plane.ts"
import { readCloudSettings } from "#operator/credentials/cloud-settings.ts"
import { formatRef } from "#operator/index/view.ts"
import { openSqliteLedger } from "#operator/ledger/store/sqlite/sqlite-store.ts"
import type { LedgerStore } from "#operator/ledger/store/store.ts"
import type { StatusWrite } from "#operator/reconcile/ports.ts"
import { createLog } from "#operator/telemetry/log.ts"
import { createMetrics } from "#operator/telemetry/metrics.ts"
import { createProxy, type Proxy as RunningProxy } from "#proxy/compose.ts"
import { DEFAULT_LIMITS, type ProxyConfig } from "#proxy/config.ts"
import type { PodIdentity } from "#proxy/contract/push.ts"
import { cloudLines } from "./cloud-lines.ts"
import { firstModel, modelsOf } from "./first-model.ts"
import { createInMemoryChannel } from "./in-memory-channel.ts"
import { OPERATOR_NAMESPACE } from "./objects.ts"
import type { RunOptions } from "./options.ts"
import { checkPorts, nameTakenPort } from "./port-failure.ts"
import { spellingHint } from "./spelling-hint.ts"
import { holdStateDirectory, type StateDirectory } from "./state-directory.ts"
import { createStatusReader, type StatusReader } from "./status-lines.ts"
import { unsetVariableHint } from "./unset-variables.ts"
import { countKinds, welcomeText } from "./welcome.ts"
import {
  describeChanges,
  openWorkspace,
  type Workspace,
  type WorkspaceReader,
} from "./workspace.ts"

export interface RunEnvironment {
  readonly release: string
  readonly pid: number
  readonly variable: (name: string) => string | undefined
  readonly now: () => number
  /** One line, or several, for the person at the terminal. */
  readonly print: (text: string) => void
}

export interface Run {
  /** Stops taking requests, lets those in flight end, and gives everything back. */
  close(options?: { readonly drainMs?: number }): Promise<void>
}

/** How long a stream may run on after Ctrl-C. */
const DRAIN_MS = 10_000
/** From the start of the proxy to its first Snapshot; longer is a bug of ours and said so. */
const FIRST_CONFIG_MS = 10_000

/**
 * Throws an Error with a sentence for the reader when it cannot start; nothing is left behind then.
 */
export async function run(
  directory: string,
  options: RunOptions,
  environment: RunEnvironment,
): Promise<Run> {
  checkPorts(options)
  const state = holdStateDirectory(options.state, environment.pid)
  const closers: (() => Promise<void> | void)[] = [() => state.release()]
  const closeAll = async (): Promise<void> => {
    for (const close of closers.splice(0).reverse()) await close()
  }
  try {
    const store = await openSqliteLedger({ file: state.ledgerFile })
    closers.push(() => store.close())
    const session = startControlPlane(directory, options, environment, store)
    closers.push(() => session.plane.close())
    const workspace = session.load()
    await session.plane.lead()
    await session.plane.settled()
    const proxy = await startProxy(options, environment, session, state)
    closers.push(() => proxy.close({ drainMs: 0 }))
    await inForce(proxy)
    const watcher = watchDirectory(directory, () => void session.reload())
    closers.push(() => watcher.close())
    const problems = session.problems()
    environment.print(await describe(directory, options, workspace, proxy, problems))
    return {
      close: async ({ drainMs = DRAIN_MS } = {}) => {
        watcher.close()
        await proxy.close({ drainMs })
        await closeAll()
      },
    }
  } catch (error) {
    await closeAll()
    throw error
  }
}

/** The control plane with the directory that feeds it. */
interface Session {
  readonly plane: ControlPlane
  readonly identity: PodIdentity
  load(): Workspace
  /** Lines of what is wrong with objects now. */
  problems(): readonly string[]
  reload(): Promise<void>
}

function startControlPlane(
  directory: string,
  options: RunOptions,
  environment: RunEnvironment,
  store: LedgerStore,
): Session {
  const { print } = environment
  const cloud = readCloudSettings((name) => environment.variable(name) || null)
  let workspace: Workspace | undefined
  const statuses = createStatusReader((ref, condition) => {
    const set = workspace?.objects
    if (set === undefined) return { place: "", hint: "" }
    const hint = `${unsetVariableHint(set, ref, condition)}${spellingHint(set, ref, condition)}`
    return { place: set.objects.get(formatRef(ref))?.source ?? "", hint }
  })
  const plane = createControlPlane({
    store,
    settings: {
      operatorNamespace: OPERATOR_NAMESPACE,
      teamLabel: "sidegate.dev/team",
      unselected: "Allow",
      unassigned: "Allow",
      cloudHosts: cloudHostsOf(environment),
    },
    ports: {
      applyStatus: async (write) => printStatus(write, statuses, print),
      emitEvent: async () => undefined,
    },
    cloud,
    log: createLog(options.logLevel, process.stderr),
    metrics: createMetrics(),
    now: environment.now,
  })
  const identity = playedPod(options)
  const reader = openWorkspace(
    directory,
    { namespace: options.namespace, variable: environment.variable },
    plane.feed,
  )
  plane.feed.reset("Pod", [podObject(identity)])
  const told = new Set<string>()
  const load = (): Workspace => {
    workspace = loadAndPrint(reader, statuses, print)
    for (const line of cloudLines(workspace.objects.objects.values(), cloud)) {
      if (!told.has(line)) print(line)
      told.add(line)
    }
    return workspace
  }
  return {
    plane,
    identity,
    load,
    problems: () => statuses.problems(),
    reload: () => reload(load, plane, print),
  }
}

function loadAndPrint(
  reader: WorkspaceReader,
  statuses: StatusReader,
  print: (text: string) => void,
): Workspace {
  const workspace = reader.load()
  for (const note of workspace.newNotes) print(note)
  for (const ref of workspace.removals) statuses.forget(ref)
  return workspace
}

async function reload(
  load: () => Workspace,
  plane: ControlPlane,
  print: (text: string) => void,
): Promise<void> {
  try {
    const { changes } = load()
    await plane.settled()
    if (changes.length > 0) print(`reloaded: ${describeChanges(changes)}`)
  } catch (error) {
    print(`not reloaded, what was in force stays: ${textOf(error)}`)
  }
}

function printStatus(
  { object, status }: StatusWrite,
  statuses: StatusReader,
  print: (text: string) => void,
): void {
  for (const line of statuses.read(object, status)) print(line)
}

async function startProxy(
  options: RunOptions,
  environment: RunEnvironment,
  session: Session,
  state: StateDirectory,
): Promise<RunningProxy> {
  const config: ProxyConfig = {
    release: environment.release,
    // The operator is in this process: a last good Snapshot would only put keys on a disk.
    stateDir: null,
    journalDir: state.journalDir,
    app: loopback(options.port),
    ops: loopback(options.adminPort),
    upstreamCaFile: null,
    logLevel: options.logLevel,
    logFd: 2,
    limits: DEFAULT_LIMITS,
  }
  try {
    return await createProxy(config, createInMemoryChannel(session.plane, session.identity))
  } catch (error) {
    throw nameTakenPort(error, options)
  }
}

function loopback(port: number): ProxyConfig["app"] {
  return [
    { host: "127.0.0.1", port },
    { host: "::1", port },
  ]
}

/** As the operator reads them in a cluster. */
function cloudHostsOf({ variable }: RunEnvironment): readonly string[] {
  return (variable("SIDEGATE_CLOUD_HOSTS") ?? "").split(",").filter((host) => host !== "")
}

async function inForce(proxy: RunningProxy): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new Error("the configuration did not reach the gateway; see --log-level debug")),
      FIRST_CONFIG_MS,
    )
  })
  try {
    await Promise.race([proxy.ready, late])
  } finally {
    clearTimeout(timer)
  }
}

async function describe(
  directory: string,
  options: RunOptions,
  workspace: Workspace,
  proxy: RunningProxy,
  problems: readonly string[],
): Promise<string> {
  const port = proxy.app[0]?.port ?? options.port
  const written = [...workspace.objects.objects.values()].filter(({ source }) => source !== "")
  return welcomeText({
    directory,
    objects: countKinds(written.map(({ ref }) => ref.kind)),
    routes: written.flatMap(({ ref, body }) =>
      ref.kind === "AIRoute" ? [{ namespace: ref.namespace, models: modelsOf(body) }] : [],
    ),
    hasProblems: problems.length > 0,
    namespace: options.namespace,
    stateDir: options.state,
    port,
    adminPort: proxy.ops[0]?.port ?? options.adminPort,
    model: await firstModel(`http://127.0.0.1:${port}`),
  })
}

/**
 * The pod that is played, as the operator sees it. Its uid is the same in every run on one ledger.
 */
function playedPod({ namespace, labels }: RunOptions): PodIdentity {
  const application = labels["app.kubernetes.io/name"] ?? "local"
  return { namespace, pod: "local", podUid: "sidegate-run", application, labels }
}

function podObject({ namespace, pod, podUid, labels }: PodIdentity): unknown {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: pod, namespace, uid: podUid, resourceVersion: "1", labels },
    spec: { initContainers: [{ name: "sidegate-proxy" }] },
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
