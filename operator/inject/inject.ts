/**
 * What injection does to a pod, as one pure function: `api.md` section 2.
 *
 * In    the pod as the API server sends it, how its namespace is labelled, the settings.
 * Out   a JSON Patch to the wanted state, or why not. A pod that has our container already, from
 *       another call, another release or a copied manifest, is brought to the wanted state: never
 *       two of anything, and the patch of a pod that is right is empty.
 * Must not know HTTP, clocks or the cluster; a pod may have no name yet.
 */

import { ENVIRONMENT_CONFIG_MAP, ENVIRONMENT_SOURCE } from "./environment.ts"
import { readHold } from "./hold.ts"
import { type PatchOperation, pointer } from "./json-patch.ts"
import { isMeshContainer, meshAnnotations, placeAmong } from "./mesh.ts"
import { type ContainerView, fieldOf, type PodView, readPod } from "./pod.ts"
import {
  APP_PORT,
  type InjectSettings,
  isSame,
  OPS_PORT,
  SIDECAR,
  SIDECAR_VOLUMES,
  sidecarContainer,
} from "./sidecar.ts"
import { sizeSidecar } from "./size.ts"

/** The value of the namespace label `sidegate.dev/injection`. */
export interface InjectNamespace {
  readonly injection: "enabled" | "opt-in"
}

export type Injection =
  | {
      readonly kind: "patch"
      readonly patch: readonly PatchOperation[]
      readonly annotation: string
      /** Annotations of the pod that could not be honoured, in words. */
      readonly warnings: readonly string[]
    }
  | {
      readonly kind: "skip"
      readonly reason: SkipReason
      /** What stands in the way and where, in words; null when that is as the user wants it. */
      readonly warning: string | null
      /** Sets the annotation, and takes away what an earlier call has added. */
      readonly patch: readonly PatchOperation[]
    }
  /** Nobody asked for it, or it is no pod that can be changed; not even the annotation is set. */
  | { readonly kind: "leave"; readonly warning: string | null }

export const SKIP_REASONS = [
  "OptedOut",
  "InvalidLabel",
  "Windows",
  "HostNetwork",
  "NameInUse",
  "PortInUse",
] as const
export type SkipReason = (typeof SKIP_REASONS)[number]

/** `injected@VERSION` or `skipped: REASON`. */
export const STATUS_ANNOTATION = "sidegate.dev/injection-status"
const INJECT_LABEL = "sidegate.dev/inject"
const INJECTED = "injected@"

export function inject(
  raw: unknown,
  namespace: InjectNamespace,
  settings: InjectSettings,
): Injection {
  const read = readPod(raw)
  if (!read.ok) return { kind: "leave", warning: `the pod could not be read: ${read.message}` }
  const { pod } = read
  const wish = wishOf(pod, namespace)
  if (wish === "leave" || pod.isMirror) return { kind: "leave", warning: null }
  const obstacle = wish === "inject" ? obstacleTo(pod) : wish
  if (obstacle === null) return injectInto(pod, settings)
  const status = annotationOps(pod, { [STATUS_ANNOTATION]: `skipped: ${obstacle.reason}` })
  return { kind: "skip", ...obstacle, patch: [...(hasOurs(pod) ? removal(pod) : []), ...status] }
}

interface Obstacle {
  readonly reason: SkipReason
  readonly warning: string | null
}

/** What the labels of namespace and pod ask for. */
function wishOf(pod: PodView, { injection }: InjectNamespace): "inject" | "leave" | Obstacle {
  const label = pod.labels[INJECT_LABEL]
  if (label === undefined) return injection === "enabled" ? "inject" : "leave"
  if (label === "true") return "inject"
  if (label === "false") return { reason: "OptedOut", warning: null }
  const warning = `label ${INJECT_LABEL} is "${label}"; it must be "true" or "false"`
  return { reason: "InvalidLabel", warning }
}

function obstacleTo(pod: PodView): Obstacle | null {
  if (pod.isWindows) return { reason: "Windows", warning: "the sidecar runs on Linux only" }
  if (pod.usesHostNetwork) {
    const warning = "with spec.hostNetwork the sidecar's ports would be the node's"
    return { reason: "HostNetwork", warning }
  }
  const name = nameInUse(pod)
  if (name !== null) return { reason: "NameInUse", warning: `${name} belongs to Sidegate` }
  for (const container of others(pod)) {
    const port = container.tcpPorts.find((one) => one === APP_PORT || one === OPS_PORT)
    if (port === undefined) continue
    const warning = `container ${container.name} has port ${port}, which is the sidecar's`
    return { reason: "PortInUse", warning }
  }
  return null
}

/** A name of ours that somebody else uses, with its path; null when there is none. */
function nameInUse(pod: PodView): string | null {
  if (pod.containers.some(({ name }) => name === SIDECAR)) return `the name ${SIDECAR}`
  if (hasOurs(pod)) return null
  if (pod.initContainers?.some(({ name }) => name === SIDECAR)) return `the name ${SIDECAR}`
  const volume = pod.volumes?.find(({ name }) => SIDECAR_VOLUMES.some((one) => one.name === name))
  return volume === undefined ? null : `the volume name ${volume.name}`
}

/** Our own annotation says that what has our names is ours. */
function hasOurs(pod: PodView): boolean {
  return pod.annotations?.[STATUS_ANNOTATION]?.startsWith(INJECTED) === true
}

/** Every container but the sidecar. */
function others(pod: PodView): readonly ContainerView[] {
  const initContainers = (pod.initContainers ?? []).filter(({ name }) => name !== SIDECAR)
  return [...initContainers, ...pod.containers]
}

function injectInto(pod: PodView, settings: InjectSettings): Injection {
  const annotation = `${INJECTED}${settings.release}`
  const held = pod.initContainers?.find(({ name }) => name === SIDECAR) ?? null
  const { resources, warnings } = sizeSidecar(pod, others(pod), held, settings.size)
  const hold = readHold(pod.annotations)
  const times = { graceSeconds: pod.terminationGraceSeconds, holdMs: hold.holdMs }
  const container = sidecarContainer(settings, resources, times)
  const outbound = Number(new URL(settings.operatorUrl).port || 443)
  const annotations = {
    ...meshAnnotations(pod.annotations ?? {}, { inbound: OPS_PORT, outbound }),
    [STATUS_ANNOTATION]: annotation,
  }
  const patch = [
    ...environmentOps(pod, "add"),
    ...containerOps(pod, container),
    ...volumeOps(pod),
    ...annotationOps(pod, annotations),
  ]
  return { kind: "patch", patch, annotation, warnings: [...warnings, ...hold.warnings] }
}

/** The sidecar once, in its place. */
function containerOps(pod: PodView, container: unknown): readonly PatchOperation[] {
  const held = pod.initContainers
  if (held === null) return [{ op: "add", path: "/spec/initContainers", value: [container] }]
  const place = placeAmong(held.filter(({ name }) => name !== SIDECAR))
  const at = held.flatMap(({ name }, index) => (name === SIDECAR ? [index] : []))
  const path = pointer("spec", "initContainers", place)
  if (at.length === 1 && at[0] === place) {
    return isSame(held[place]?.raw, container) ? [] : [{ op: "replace", path, value: container }]
  }
  return [...removeAt(at, "spec", "initContainers"), { op: "add", path, value: container }]
}

function volumeOps(pod: PodView): readonly PatchOperation[] {
  const held = pod.volumes
  if (held === null) return [{ op: "add", path: "/spec/volumes", value: SIDECAR_VOLUMES }]
  return SIDECAR_VOLUMES.flatMap((value): PatchOperation[] => {
    const index = held.findIndex(({ name }) => name === value.name)
    if (index < 0) return [{ op: "add", path: "/spec/volumes/-", value }]
    if (isSame(held[index]?.raw, value)) return []
    return [{ op: "replace", path: pointer("spec", "volumes", index), value }]
  })
}

/** Paths of containers as they are before the sidecar is put in. */
function environmentOps(pod: PodView, aim: "add" | "remove"): readonly PatchOperation[] {
  const forList = (list: string, containers: readonly ContainerView[]): PatchOperation[] =>
    containers.flatMap((container, index) =>
      container.name === SIDECAR || isMeshContainer(container.name)
        ? []
        : sourceOps(container, aim, ["spec", list, index, "envFrom"]),
    )
  return [
    ...forList("initContainers", pod.initContainers ?? []),
    ...forList("containers", pod.containers),
  ]
}

/** Our source first and nowhere else, or not at all. */
function sourceOps(
  { envFrom }: ContainerView,
  aim: "add" | "remove",
  path: readonly (string | number)[],
): readonly PatchOperation[] {
  const sources = envFrom ?? []
  const at = sources.flatMap((source, index) => (isOurSource(source) ? [index] : []))
  if (aim === "remove") return removeAt(at, ...path)
  if (envFrom === null) return [{ op: "add", path: pointer(...path), value: [ENVIRONMENT_SOURCE] }]
  if (at.length === 1 && isSame(sources[0], ENVIRONMENT_SOURCE)) return []
  const first: PatchOperation = { op: "add", path: pointer(...path, 0), value: ENVIRONMENT_SOURCE }
  return [...removeAt(at, ...path), first]
}

/** One with a prefix is the user's own. */
function isOurSource(source: unknown): boolean {
  const prefix = fieldOf(source, "prefix") ?? ""
  return (
    prefix === "" && fieldOf(fieldOf(source, "configMapRef"), "name") === ENVIRONMENT_CONFIG_MAP
  )
}

function annotationOps(
  { annotations: held }: PodView,
  wanted: Readonly<Record<string, string>>,
): readonly PatchOperation[] {
  if (held === null) return [{ op: "add", path: "/metadata/annotations", value: wanted }]
  return Object.entries(wanted).flatMap(([key, value]): PatchOperation[] =>
    held[key] === value
      ? []
      : [{ op: "add", path: pointer("metadata", "annotations", key), value }],
  )
}

/** Takes away what an earlier call has added; the mesh annotations do no harm. */
function removal(pod: PodView): readonly PatchOperation[] {
  const initContainers = (pod.initContainers ?? []).flatMap(({ name }, index) =>
    name === SIDECAR ? [index] : [],
  )
  const volumes = (pod.volumes ?? []).flatMap(({ name }, index) =>
    SIDECAR_VOLUMES.some((volume) => volume.name === name) ? [index] : [],
  )
  return [
    ...environmentOps(pod, "remove"),
    ...removeAt(initContainers, "spec", "initContainers"),
    ...removeAt(volumes, "spec", "volumes"),
  ]
}

/** From the last to the first, so that positions stay true. */
function removeAt(
  indexes: readonly number[],
  ...path: readonly (string | number)[]
): readonly PatchOperation[] {
  return indexes.toReversed().map((index) => ({ op: "remove", path: pointer(...path, index) }))
}
