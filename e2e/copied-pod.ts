/**
 * A pod of the cluster as somebody would copy it by hand, sidecar and all, to change it: opted out
 * of injection, which would put the sidecar right again.
 */
import { at, listAt } from "#operator/kube/json-path.ts"
import { get } from "./cluster.ts"

export interface CopiedPod {
  readonly apiVersion: "v1"
  readonly kind: "Pod"
  readonly metadata: {
    readonly name: string
    readonly namespace: string
    readonly labels: Readonly<Record<string, string>>
  }
  readonly spec: Readonly<Record<string, unknown>>
}

/** What the API server filled in is as good as what a person wrote. */
export function copyPod(namespace: string, pod: string, name: string): CopiedPod {
  const { nodeName, ephemeralContainers, ...spec } = Object(
    at(get("pod", pod, "-n", namespace), "spec"),
  )
  const labels = { "sidegate.dev/inject": "false" }
  return { apiVersion: "v1", kind: "Pod", metadata: { name, namespace, labels }, spec }
}

export function withSpec(pod: CopiedPod, change: Readonly<Record<string, unknown>>): CopiedPod {
  return { ...pod, spec: { ...pod.spec, ...change } }
}

export function withSidecar(pod: CopiedPod, change: object): CopiedPod {
  const initContainers = listAt(pod, "spec", "initContainers").map((one) =>
    at(one, "name") === "sidegate-proxy" ? { ...Object(one), ...change } : one,
  )
  return withSpec(pod, { initContainers })
}
