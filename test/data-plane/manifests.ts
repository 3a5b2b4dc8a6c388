/** A provider on loopback and the route that leads to it, as a person writes them. */

export interface ServedProvider {
  /** Of the provider and of its route. */
  readonly name: string
  /** Lines of the provider's spec: its schema, and what goes with that. */
  readonly spec: string
  readonly endpoint: string
  /** Models that clients ask for. */
  readonly models: readonly string[]
  /** The model that they get, as the upstream names it. */
  readonly served: string
  /** Absent: the route's default. */
  readonly attempts?: number
}

export function manifestsOf(provider: ServedProvider): string {
  const { name, spec, endpoint, models, served, attempts } = provider
  return `
apiVersion: sidegate.dev/v1alpha1
kind: AIProvider
metadata: {name: ${name}}
spec:
${spec.replaceAll(/^/gm, "  ")}
  endpoint: ${endpoint}
  network: Private
  allowedNamespaces: {from: All}
---
apiVersion: sidegate.dev/v1alpha1
kind: AIRoute
metadata: {name: ${name}}
spec:
  models: [${models.join(", ")}]
  rules:
  - name: default
    backends: [{provider: ${name}, model: "${served}"}]
${attempts === undefined ? "" : `    retry: {attempts: ${attempts}}\n`}`
}
