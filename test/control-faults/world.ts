/**
 * One real operator before the shared API server, reached through the fault proxy, with a namespace
 * of its own and sidecars reduced to their calls.
 *
 * In: settings of the operator. Out: a FaultWorld; `stop` ends what it started. Objects that belong
 * to no namespace carry its name, so that the worlds of several files do not meet.
 */

import { writeFileSync } from "node:fs"
import { objectPath } from "#operator/kube/apply.ts"
import { listAt, textAt } from "#operator/kube/json-path.ts"
import { createKubeClient, type KubeClient, loadKubeConfig } from "#operator/kube/kube-client.ts"
import type { ControlPlaneAccess } from "#test/control-plane/control-plane.ts"
import { type FaultProxy, startFaultProxy } from "#test/control-plane/fault-proxy.ts"
import { applyCrds, applyObjects, createNamespace } from "#test/control-plane/namespaces.ts"
import { makeOperatorProcess, type OperatorProcess } from "#test/control-plane/operator-process.ts"
import {
  type ConfigStream,
  hello,
  type SidecarAddress,
  subscribe,
} from "#test/control-plane/raw-sidecar.ts"
import { sharedControlPlane } from "#test/control-plane/shared.ts"
import { mintToken } from "#test/control-plane/tokens.ts"
import { podObject } from "#test/fault/world.ts"
import { temporaryDirectory } from "#test/process/places.ts"
import { waitUntil } from "#test/process/wait-until.ts"

export const GROUP = "sidegate.dev/v1alpha1"
/**
 * Shorter than in service, so that a takeover is waited for in a test; longer than a busy machine
 * stands still.
 */
export const LEASE_SECONDS = 6

export interface FaultWorld {
  readonly access: ControlPlaneAccess
  /** Past the proxy. */
  readonly client: KubeClient
  readonly proxy: FaultProxy
  readonly operator: OperatorProcess
  readonly namespace: string
  readonly stateDir: string
  apply(...objects: readonly object[]): Promise<void>
  /** Merges into an object, e.g. `airoutes`, `chat`, `{spec: ...}`. */
  patch(plural: string, name: string, body: object): Promise<unknown>
  get(plural: string, name: string): Promise<unknown>
  /** At once, without a grace; `NAMESPACE` in the path is the world's. */
  remove(path: string): Promise<unknown>
  /** A pod with a sidecar; the address is the operator's. */
  createPod(name: string, to?: OperatorProcess): Promise<SidecarAddress>
  /** Says hello and subscribes, once the operator has seen the pod. */
  connect(name: string, options?: ConnectOptions): Promise<Connected>
  /** Waits for `True Ready: message` of an object's condition to begin with `want`. */
  until(
    plural: string,
    name: string,
    type: string,
    want: string,
    withinMs?: number,
  ): Promise<string>
  /** A second operator of the same place, on the same ledger; not started. */
  rival(env?: Readonly<Record<string, string>>): Promise<OperatorProcess>
  stop(): Promise<void>
}

export interface ConnectOptions {
  /** Why the sidecar refuses what it is sent; null takes it. */
  readonly refuse?: () => string | null
  /** Another operator than the world's own. */
  readonly to?: OperatorProcess
}

export interface Connected {
  readonly address: SidecarAddress
  readonly session: string
  readonly stream: ConfigStream
}

/** Its operator is not started yet: objects that are there before cost no wait. */
export async function startFaultWorld(
  prefix: string,
  env: Readonly<Record<string, string>> = {},
): Promise<FaultWorld> {
  const access = sharedControlPlane()
  await applyCrds(access)
  const client = createKubeClient(loadKubeConfig(access.kubeconfigPath))
  const proxy = await startFaultProxy(access)
  const directory = temporaryDirectory("fault-world")
  const kubeconfig = `${directory}/kubeconfig`
  writeFileSync(kubeconfig, proxy.kubeconfig)
  const namespace = await createNamespace(access, prefix, {
    labels: { "sidegate.dev/injection": "enabled", "sidegate.dev/team": prefix },
  })
  const stateDir = `${directory}/state`
  const place = `${namespace}-system`
  const settings = {
    SIDEGATE_STATE_DIR: stateDir,
    SIDEGATE_KUBECONFIG: kubeconfig,
    SIDEGATE_LEASE_SECONDS: String(LEASE_SECONDS),
    ...env,
  }
  const operator = await makeOperatorProcess(access, settings, place)
  const started: OperatorProcess[] = [operator]
  const path = (plural: string, name: string) => {
    const isOurs = plural === "airoutes" || plural === "ainamespaces"
    const place = { apiVersion: GROUP, plural, namespace: isOurs ? namespace : "", name }
    return objectPath(place)
  }
  const readRoots = () =>
    waitUntil({ what: `roots in ${namespace}`, withinMs: 60_000 }, async () => {
      const path = `/api/v1/namespaces/${namespace}/configmaps/sidegate-ca`
      return textAt(await client.request({ method: "GET", path }), "data", "ca.crt")
    })
  const createPod: FaultWorld["createPod"] = async (name, to = operator) => {
    const created = await client.request({
      method: "POST",
      path: `/api/v1/namespaces/${namespace}/pods`,
      body: podObject(namespace, name, { "app.kubernetes.io/name": "api" }),
    })
    const uid = textAt(created, "metadata", "uid") ?? ""
    const token = await mintToken(client, { namespace, pod: { name, uid } })
    const ca = await readRoots()
    return { port: to.controlPort, serverName: to.serverName, ca, token }
  }
  return {
    access,
    client,
    proxy,
    operator,
    namespace,
    stateDir,
    apply: (...objects) => applyObjects(access, objects),
    patch: (plural, name, body) => {
      const contentType = "application/merge-patch+json"
      return client.request({ method: "PATCH", path: path(plural, name), contentType, body })
    },
    get: (plural, name) => client.request({ method: "GET", path: path(plural, name) }),
    remove: (path) => {
      const body = { gracePeriodSeconds: 0 }
      const at = path.replace("NAMESPACE", namespace)
      return client.request({ method: "DELETE", path: at, body })
    },
    createPod,
    connect: async (name, { refuse, to } = {}) => {
      const address = await createPod(name, to)
      const deadline = { what: "hello", withinMs: 60_000, everyMs: 50 }
      const { session } = await waitUntil(deadline, () => hello(address))
      return { address, session, stream: await subscribe(address, session, refuse) }
    },
    until: (plural, name, type, want, withinMs = 60_000) =>
      waitUntil({ what: `${plural} ${name} ${type} ${want}`, withinMs, everyMs: 50 }, async () => {
        const object = await client.request({ method: "GET", path: path(plural, name) })
        const found = conditionOf(object, type)
        if (!found.startsWith(want)) throw new Error(`it is ${found}`)
        return found
      }),
    rival: async (more = {}) => {
      const rivals = { ...settings, SIDEGATE_LEASE_IDENTITY: `rival-${started.length}`, ...more }
      const rival = await makeOperatorProcess(access, rivals, place)
      started.push(rival)
      return rival
    },
    stop: async () => {
      proxy.onRequest = () => null
      for (const one of started) if (one.isRunning()) await one.kill()
      client.close()
      await proxy.stop()
    },
  }
}

/** `True Ready: in force`, or `none`. */
export function conditionOf(object: unknown, type: string): string {
  const found = listAt(object, "status", "conditions").find((one) => textAt(one, "type") === type)
  if (found === undefined) return "none"
  return `${textAt(found, "status")} ${textAt(found, "reason")}: ${textAt(found, "message")}`
}

export function provider(name: string, spec: object = {}): object {
  return {
    apiVersion: GROUP,
    kind: "AIProvider",
    metadata: { name },
    spec: {
      schema: "OpenAI",
      endpoint: "https://api.openai.com/v1",
      network: "Public",
      allowedNamespaces: { from: "All" },
      ...spec,
    },
  }
}

export function route(namespace: string, name: string, provider: string, model: string): object {
  const rules = [{ name: "default", backends: [{ provider, model }] }]
  return {
    apiVersion: GROUP,
    kind: "AIRoute",
    metadata: { name, namespace },
    spec: { models: [name], rules },
  }
}

export function quota(name: string): object {
  return { apiVersion: GROUP, kind: "TeamQuota", metadata: { name }, spec: { costCenter: "CC-1" } }
}

/** The versions that a stream was sent, as `term.generation`. */
export function versionsOf({ events }: ConfigStream): readonly string[] {
  return events.flatMap((event) =>
    event.event === "snapshot"
      ? [`${event.data.version.term}.${event.data.version.generation}`]
      : [],
  )
}

/** Resolves with the newest Snapshot event whose text has `text`. */
export function snapshotWith(stream: ConfigStream, text: string, withinMs = 60_000) {
  return waitUntil({ what: `a Snapshot with ${text}`, withinMs, everyMs: 20 }, async () => {
    const found = stream.events.findLast(
      (event) => event.event === "snapshot" && JSON.stringify(event).includes(text),
    )
    return found?.event === "snapshot" ? found.data : undefined
  })
}
