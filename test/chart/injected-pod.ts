/**
 * Pods as the chart's own webhook injects them.
 *
 * In: the render, a pod. Out: the pod after injection, with the settings that the Deployment of the
 * webhook has, so that what the chart says in two places is compared by running it.
 */
import { inject as injectPod } from "#operator/inject/inject.ts"
import { at, listAt, textAt } from "#operator/kube/json-path.ts"
import { readWebhookConfig, type WebhookConfig } from "#operator/webhook-config.ts"
import { applyPatch } from "#test/golden/inject/apply-patch.ts"
import { NAMESPACE, type Rendered } from "./render.ts"

export const RELEASE = "0.1.0"

/** Environment of the one container of a workload; references to the pod become its namespace. */
export function environmentOf(workload: unknown): Readonly<Record<string, string>> {
  const [container] = listAt(workload, "spec", "template", "spec", "containers")
  return Object.fromEntries(
    listAt(container, "env").map((one) => {
      const field = textAt(one, "valueFrom", "fieldRef", "fieldPath")
      const value = field === "metadata.namespace" ? NAMESPACE : (field ?? textAt(one, "value"))
      return [textAt(one, "name") ?? "", value ?? ""]
    }),
  )
}

export function webhookConfigOf(rendered: Rendered): WebhookConfig {
  const env = environmentOf(rendered.get("Deployment/sidegate-webhook"))
  const read = readWebhookConfig(env, RELEASE)
  if (!read.ok) throw new Error(read.problems.join("\n"))
  return read.config
}

/** The pod `name` with one container, injected. */
export function injectedPod(rendered: Rendered, name: string): unknown {
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name },
    spec: { containers: [{ name: "app", image: "registry.example/app:1" }] },
  }
  return injected(rendered, pod)
}

/** The pod after injection; throws when it is none to inject. */
export function injected(
  rendered: Rendered,
  pod: unknown,
  injection: "enabled" | "opt-in" = "enabled",
): unknown {
  const config = webhookConfigOf(rendered)
  const done = injectPod(pod, { injection }, config.inject)
  if (done.kind !== "patch") throw new Error(`not injected: ${done.kind}`)
  return applyPatch(pod, done.patch)
}

/** A copy of the pod with `change` merged into its one sidecar. */
export function withSidecar(pod: unknown, change: object): unknown {
  const sidecars = listAt(pod, "spec", "initContainers")
  return withSpec(pod, {
    initContainers: sidecars.map((one) => Object.assign({}, one, change)),
  })
}

/** A copy of the pod with `change` merged into its spec. */
export function withSpec(pod: unknown, change: object): unknown {
  return Object.assign({}, pod, { spec: Object.assign({}, at(pod, "spec"), change) })
}
