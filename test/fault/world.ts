/**
 * The whole of Sidegate on one machine: a real API server, the operator and sidecars as processes,
 * and a counting upstream. Stories start one, act as people and machines would, and look at what
 * comes out.
 *
 * In: nothing. Out: a World. There is no kubelet: pods are objects, and `startSidecar` plays the
 * container with a token that the API server minted for its pod.
 */
import { writeFileSync } from "node:fs"
import { textAt } from "#operator/kube/json-path.ts"
import { createKubeClient, type KubeClient, loadKubeConfig } from "#operator/kube/kube-client.ts"
import { type ControlPlane, kubectl, startControlPlane } from "#test/control-plane/control-plane.ts"
import { applyCrds, applyObjects } from "#test/control-plane/namespaces.ts"
import { mintToken } from "#test/control-plane/tokens.ts"
import { bundlePrograms } from "#test/process/bundle-programs.ts"
import { freePorts, temporaryDirectory } from "#test/process/places.ts"
import { type Program, startProgram } from "#test/process/program.ts"
import { waitForHttp, waitUntil } from "#test/process/wait-until.ts"
import { startUpstream, type TestUpstream } from "#test/upstream/client.ts"

export const OPERATOR_NAMESPACE = "sidegate-system"
export const SERVER_NAME = `sidegate-operator.${OPERATOR_NAMESPACE}.svc`

export interface World {
  readonly controlPlane: ControlPlane
  readonly client: KubeClient
  readonly upstream: TestUpstream
  readonly operator: Operator
  /** `kubectl ARGS` as the administrator; throws what it printed when it failed. */
  readonly kubectl: (...args: readonly string[]) => Promise<string>
  /** The exit code and both outputs, whatever they are. */
  readonly tryKubectl: (
    args: readonly string[],
    input?: string,
  ) => Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>
  readonly apply: (...objects: readonly object[]) => Promise<void>
  readonly createNamespace: (name: string, team?: string) => Promise<void>
  /** PEM of the roots that the operator publishes in an injected namespace. */
  readonly readRoots: (namespace: string) => Promise<string>
  /** A pod object as the webhook would leave it. */
  readonly createPod: (namespace: string, name: string, labels?: Labels) => Promise<Pod>
  readonly startSidecar: (pod: Pod, options?: SidecarOptions) => Promise<Sidecar>
  readonly stop: () => Promise<void>
}

export type Labels = Readonly<Record<string, string>>

export interface Pod {
  readonly namespace: string
  readonly name: string
  readonly uid: string
}

export interface Operator {
  /** The process as it runs now; another one after `start`. */
  readonly program: () => Program
  readonly url: string
  readonly opsUrl: string
  readonly kill: () => Promise<void>
  /** Starts it again on the same ports and ledger. */
  readonly start: () => Promise<void>
  readonly waitUntilReady: () => Promise<void>
  readonly stateDir: string
}

export interface SidecarOptions {
  readonly env?: Readonly<Record<string, string>>
  /** The proxy's bundle; today's when absent. */
  readonly bundle?: string
  /** Resolve only once it serves (default), or as soon as the process runs. */
  readonly isWaiting?: boolean
}

export interface Sidecar {
  readonly pod: Pod
  readonly program: () => Program
  /** `http://127.0.0.1:PORT`. */
  readonly url: string
  readonly opsUrl: string
  readonly stateDir: string
  readonly journalDir: string
  readonly kill: () => Promise<void>
  readonly start: () => Promise<void>
  readonly waitUntilReady: (withinMs?: number) => Promise<void>
}

export interface WorldOptions {
  readonly operatorEnv?: Readonly<Record<string, string>>
  /** Flags of Node for the operator. */
  readonly operatorFlags?: readonly string[]
  /** Everything that the operator and the sidecars print goes to this file too. */
  readonly logFile?: string
}

export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const controlPlane = await startControlPlane()
  const closers: (() => Promise<unknown>)[] = [() => controlPlane.stop()]
  const stop = async (): Promise<void> => {
    for (const close of closers.toReversed()) await close()
  }
  try {
    await applyCrds(controlPlane)
    await applyObjects(controlPlane, namespaceObjects(OPERATOR_NAMESPACE, {}))
    const upstream = await startUpstream()
    closers.push(() => upstream.stop())
    const operator = await startOperator(controlPlane, options)
    closers.push(() => operator.program().stop())
    const client = createKubeClient(loadKubeConfig(controlPlane.kubeconfigPath))
    return {
      controlPlane,
      client,
      upstream,
      operator,
      kubectl: async (...args) => {
        const { code, stdout, stderr } = await kubectl(controlPlane, args)
        if (code !== 0) throw new Error(stderr.trim())
        return stdout
      },
      tryKubectl: (args, input) => kubectl(controlPlane, args, input),
      apply: (...objects) => applyObjects(controlPlane, objects),
      createNamespace: (name, team) =>
        applyObjects(
          controlPlane,
          namespaceObjects(name, {
            "sidegate.dev/injection": "enabled",
            ...(team === undefined ? {} : { "sidegate.dev/team": team }),
          }),
        ),
      readRoots: (namespace) => readRoots(controlPlane, namespace),
      createPod: (namespace, name, labels = {}) => createPod(controlPlane, namespace, name, labels),
      startSidecar: async (pod, sidecarOptions = {}) => {
        const sidecar = await startSidecar(
          { controlPlane, client, operator, pod },
          options,
          sidecarOptions,
        )
        closers.push(() => sidecar.program().stop())
        return sidecar
      },
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

async function startOperator(controlPlane: ControlPlane, options: WorldOptions): Promise<Operator> {
  const [controlPort = 0, opsPort = 0] = await freePorts(2)
  const stateDir = temporaryDirectory("ledger")
  const opsUrl = `http://127.0.0.1:${opsPort}`
  const launch = (): Promise<Program> =>
    startProgram({
      name: "operator",
      args: [...(options.operatorFlags ?? []), bundlePrograms().operator],
      ...(options.logFile === undefined ? {} : { logFile: options.logFile }),
      env: {
        SIDEGATE_KUBECONFIG: controlPlane.kubeconfigPath,
        SIDEGATE_OPERATOR_NAMESPACE: OPERATOR_NAMESPACE,
        SIDEGATE_LISTEN_HOST: "127.0.0.1",
        SIDEGATE_CONTROL_PORT: String(controlPort),
        SIDEGATE_OPS_PORT: String(opsPort),
        SIDEGATE_STATE_DIR: stateDir,
        // One name, as a pod has: the process that is started again leads at once.
        SIDEGATE_LEASE_IDENTITY: "operator-0",
        ...options.operatorEnv,
      },
    })
  const waitUntilReady = (): Promise<void> => waitForHttp(`${opsUrl}/readyz`, 200, 60_000)
  let program = await launch()
  await waitUntilReady()
  return {
    program: () => program,
    url: `https://127.0.0.1:${controlPort}`,
    opsUrl,
    stateDir,
    waitUntilReady,
    kill: async () => {
      program.kill("SIGKILL")
      await program.exited
    },
    start: async () => {
      program = await launch()
    },
  }
}

interface Surroundings {
  readonly controlPlane: ControlPlane
  readonly client: KubeClient
  readonly operator: Operator
  readonly pod: Pod
}

async function startSidecar(
  { controlPlane, client, operator, pod }: Surroundings,
  { logFile }: WorldOptions,
  { bundle = bundlePrograms().proxy, env = {}, isWaiting = true }: SidecarOptions,
): Promise<Sidecar> {
  const [port = 0, opsPort = 0] = await freePorts(2)
  const directory = temporaryDirectory("sidecar")
  const [stateDir, journalDir] = [temporaryDirectory("state"), temporaryDirectory("journal")]
  const [caFile, tokenFile] = [`${directory}/ca.crt`, `${directory}/token`]
  writeFileSync(caFile, await readRoots(controlPlane, pod.namespace))
  writeFileSync(tokenFile, await mintToken(client, { namespace: pod.namespace, pod }), {
    mode: 0o600,
  })
  const opsUrl = `http://127.0.0.1:${opsPort}`
  const launch = (): Promise<Program> =>
    startProgram({
      name: `sidecar ${pod.name}`,
      args: [bundle],
      ...(logFile === undefined ? {} : { logFile }),
      env: {
        SIDEGATE_OPERATOR_URL: operator.url,
        SIDEGATE_OPERATOR_CA_FILE: caFile,
        SIDEGATE_OPERATOR_SERVER_NAME: SERVER_NAME,
        SIDEGATE_TOKEN_FILE: tokenFile,
        SIDEGATE_STATE_DIR: stateDir,
        SIDEGATE_JOURNAL_DIR: journalDir,
        SIDEGATE_PORT: String(port),
        SIDEGATE_OPS_PORT: String(opsPort),
        ...env,
      },
    })
  const waitUntilReady = (withinMs = 60_000): Promise<void> =>
    waitForHttp(`${opsUrl}/readyz`, 200, withinMs)
  let program = await launch()
  if (isWaiting) await waitUntilReady()
  return {
    pod,
    program: () => program,
    url: `http://127.0.0.1:${port}`,
    opsUrl,
    stateDir,
    journalDir,
    waitUntilReady,
    kill: async () => {
      program.kill("SIGKILL")
      await program.exited
    },
    start: async () => {
      program = await launch()
    },
  }
}

/** The operator publishes its roots in every injected namespace; the kubelet would mount them. */
function readRoots(controlPlane: ControlPlane, namespace: string): Promise<string> {
  return waitUntil({ what: `ConfigMap ${namespace}/sidegate-ca`, withinMs: 60_000 }, async () => {
    const args = ["-n", namespace, "get", "configmap", "sidegate-ca", "-o", "json"]
    const { code, stdout } = await kubectl(controlPlane, args)
    if (code !== 0) return undefined
    const data = (JSON.parse(stdout) as { data?: Record<string, string> }).data ?? {}
    return Object.values(data)[0]
  })
}

async function createPod(
  controlPlane: ControlPlane,
  namespace: string,
  name: string,
  labels: Labels,
): Promise<Pod> {
  await applyObjects(controlPlane, [podObject(namespace, name, labels)])
  const { stdout } = await kubectl(controlPlane, [
    "-n",
    namespace,
    "get",
    "pod",
    name,
    "-o",
    "json",
  ])
  const uid = textAt(JSON.parse(stdout), "metadata", "uid")
  if (uid === undefined) throw new Error(`pod ${namespace}/${name} has no uid: ${stdout}`)
  return { namespace, name, uid }
}

/** What injection leaves of a pod, as far as the operator looks at it. */
export function podObject(namespace: string, name: string, labels: Labels = {}): object {
  const image = "localhost/none:1"
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, labels },
    spec: {
      automountServiceAccountToken: false,
      initContainers: [{ name: "sidegate-proxy", image, restartPolicy: "Always" }],
      containers: [{ name: "app", image }],
    },
  }
}

function namespaceObjects(name: string, labels: Labels): readonly object[] {
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } },
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default", namespace: name } },
  ]
}
