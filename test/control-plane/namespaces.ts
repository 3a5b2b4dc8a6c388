/**
 * The little of a controller manager that tests need: default service accounts, and namespaces that
 * end.
 */

import { randomBytes } from "node:crypto"
import { fileURLToPath } from "node:url"
import { KINDS } from "#operator/api/v1alpha1/registry.ts"
import { listAt, textAt } from "#operator/kube/json-path.ts"
import { waitUntil } from "#test/process/wait-until.ts"
import { type ControlPlaneAccess, kubectl } from "./control-plane.ts"
import type { RunResult } from "./run-program.ts"

export interface NamespaceOptions {
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

/**
 * A namespace of its own name with the ServiceAccount `default`, so that pods can be created in it.
 */
export async function createNamespace(
  access: ControlPlaneAccess,
  prefix: string,
  options: NamespaceOptions = {},
): Promise<string> {
  const name = `${prefix}-${randomBytes(4).toString("hex")}`
  const { labels = {}, annotations = {} } = options
  await applyObjects(access, [
    { apiVersion: "v1", kind: "Namespace", metadata: { name, labels, annotations } },
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default", namespace: name } },
  ])
  return name
}

/**
 * Deletes it and takes its finalizer away, as the namespace controller does; its objects stay
 * behind.
 */
export async function deleteNamespace(access: ControlPlaneAccess, name: string): Promise<void> {
  await succeed(kubectl(access, ["delete", "namespace", name, "--wait=false"]))
  const body = JSON.stringify({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name },
    spec: { finalizers: [] },
  })
  const path = `/api/v1/namespaces/${name}/finalize`
  await succeed(kubectl(access, ["replace", "--raw", path, "-f", "-"], body))
}

/** `kubectl apply` of plain objects; throws what kubectl prints when it is refused. */
export async function applyObjects(
  access: ControlPlaneAccess,
  objects: readonly object[],
): Promise<void> {
  const list = { apiVersion: "v1", kind: "List", items: objects }
  await succeed(kubectl(access, ["apply", "-f", "-"], JSON.stringify(list)))
}

/** Applies this checkout's CRDs and waits until the server serves them. Safe to repeat. */
export async function applyCrds(access: ControlPlaneAccess): Promise<void> {
  const file = fileURLToPath(new URL("../../crds/crds.yaml", import.meta.url))
  await succeed(kubectl(access, ["apply", "--server-side", "--force-conflicts", "-f", file]))
  await succeed(
    kubectl(access, ["wait", "--for=condition=Established", "--timeout=100s", "-f", file]),
  )
  // Established is said a moment before they are among what kubectl can find.
  const served = ["get", "--raw", "/apis/sidegate.dev/v1alpha1"]
  await waitUntil({ what: "the CRDs to be served", withinMs: 60_000, everyMs: 50 }, async () => {
    const { code, stdout } = await kubectl(access, served)
    if (code !== 0) return undefined
    const listed = new Set(
      listAt(JSON.parse(stdout), "resources").map((one) => textAt(one, "kind")),
    )
    return KINDS.every(({ kind }) => listed.has(kind)) ? true : undefined
  })
}

async function succeed(running: Promise<RunResult>): Promise<void> {
  const { code, stderr } = await running
  if (code !== 0) throw new Error(stderr.trim())
}
