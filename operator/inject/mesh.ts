/**
 * Service meshes beside us: which of their init containers come before ours, and which ports they
 * must leave alone.
 *
 * Probes and scrapes of 4142 come from outside the mesh. The channel to the operator has its own
 * TLS and must work before the mesh does. The annotations help where our webhook is called before
 * the mesh's: the API server goes by the name of the configuration, so ours is
 * `injection.sidegate.dev`.
 */
import type { ContainerView } from "./pod.ts"

/** Network set-up and proxies of meshes: nothing else can dial before them. */
const MESH_CONTAINERS: ReadonlySet<string> = new Set([
  "istio-init",
  "istio-validation",
  "istio-proxy",
  "linkerd-init",
  "linkerd-network-validator",
  "linkerd-proxy",
])

/** Also among the ordinary containers: no application, so it gets no environment. */
export function isMeshContainer(name: string): boolean {
  return MESH_CONTAINERS.has(name)
}

/** Position after the last container of a mesh, else first: later ones can call models. */
export function placeAmong(initContainers: readonly ContainerView[]): number {
  return initContainers.findLastIndex(({ name }) => isMeshContainer(name)) + 1
}

/** Annotations with our ports added to whatever the user excludes. */
export function meshAnnotations(
  held: Readonly<Record<string, string>>,
  ports: { readonly inbound: number; readonly outbound: number },
): Readonly<Record<string, string>> {
  const withPort = (key: string, port: number): [string, string] => [
    key,
    addPort(held[key] ?? "", String(port)),
  ]
  return Object.fromEntries([
    withPort("traffic.sidecar.istio.io/excludeInboundPorts", ports.inbound),
    withPort("traffic.sidecar.istio.io/excludeOutboundPorts", ports.outbound),
    withPort("config.linkerd.io/skip-inbound-ports", ports.inbound),
    withPort("config.linkerd.io/skip-outbound-ports", ports.outbound),
  ])
}

/** A star stands for all ports. */
function addPort(held: string, port: string): string {
  const ports = held.split(",").map((item) => item.trim())
  if (ports.includes(port) || ports.includes("*")) return held
  return held.trim() === "" ? port : `${held},${port}`
}
