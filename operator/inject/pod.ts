/**
 * What injection looks at in a pod, read once from the API server's JSON.
 *
 * Absent lists stay null, since a patch must know whether a list is there. Whatever is not looked
 * at stays in `raw` and is never rewritten.
 */

export interface ContainerView {
  readonly name: string
  /** Declared container ports of TCP. */
  readonly tcpPorts: readonly number[]
  /** As written; null when the container has none. */
  readonly envFrom: readonly unknown[] | null
  readonly requests: Readonly<Record<string, string>>
  readonly limits: Readonly<Record<string, string>>
  readonly raw: unknown
}

export interface VolumeView {
  readonly name: string
  readonly raw: unknown
}

export interface PodView {
  readonly labels: Readonly<Record<string, string>>
  /** Null when the pod has none. */
  readonly annotations: Readonly<Record<string, string>> | null
  readonly containers: readonly ContainerView[]
  readonly initContainers: readonly ContainerView[] | null
  readonly volumes: readonly VolumeView[] | null
  readonly usesHostNetwork: boolean
  readonly isWindows: boolean
  /** The shadow of a static pod: the kubelet runs it from a file, whatever the API server says. */
  readonly isMirror: boolean
  /** `spec.resources`: CPU and memory of the whole pod together. */
  readonly hasPodResources: boolean
  readonly terminationGraceSeconds: number
}

export type ReadPod =
  | { readonly ok: true; readonly pod: PodView }
  | { readonly ok: false; readonly message: string }

/** What the API server supplies. */
const DEFAULT_GRACE_SECONDS = 30
const MIRROR_ANNOTATION = "kubernetes.io/config.mirror"

/** Refuses what no API server sends, naming the path: a list that is none, a nameless container. */
export function readPod(raw: unknown): ReadPod {
  const metadata = fieldOf(raw, "metadata")
  const spec = fieldOf(raw, "spec")
  if (!isRecord(metadata)) return refuse("metadata is missing")
  if (!isRecord(spec)) return refuse("spec is missing")
  const containers = readContainers(spec, "containers")
  const initContainers = readContainers(spec, "initContainers")
  const volumes = readNamed(spec, "volumes")
  for (const read of [containers, initContainers, volumes]) {
    if (typeof read === "string") return refuse(read)
  }
  if (!Array.isArray(containers)) return refuse("spec.containers is missing")
  if (typeof initContainers === "string" || typeof volumes === "string") return refuse("spec")
  const annotations = fieldOf(metadata, "annotations")
  const texts = textMap(annotations)
  const grace = fieldOf(spec, "terminationGracePeriodSeconds")
  const pod: PodView = {
    labels: textMap(fieldOf(metadata, "labels")),
    annotations: isRecord(annotations) ? texts : null,
    containers,
    initContainers,
    volumes,
    usesHostNetwork: fieldOf(spec, "hostNetwork") === true,
    isWindows:
      fieldOf(fieldOf(spec, "os"), "name") === "windows" ||
      fieldOf(fieldOf(spec, "nodeSelector"), "kubernetes.io/os") === "windows",
    isMirror: Object.hasOwn(texts, MIRROR_ANNOTATION),
    hasPodResources: hasAmounts(fieldOf(spec, "resources")),
    terminationGraceSeconds: typeof grace === "number" ? grace : DEFAULT_GRACE_SECONDS,
  }
  return { ok: true, pod }
}

/** An own field of an object; undefined of anything else. */
export function fieldOf(value: unknown, name: string): unknown {
  return isRecord(value) ? Object.getOwnPropertyDescriptor(value, name)?.value : undefined
}

function refuse(message: string): ReadPod {
  return { ok: false, message }
}

/** A sentence when it is no list of named things; null when it is absent. */
function readNamed(spec: unknown, field: string): readonly VolumeView[] | string | null {
  const list = fieldOf(spec, field)
  if (list === undefined || list === null) return null
  if (!Array.isArray(list)) return `spec.${field} is no list`
  const views: VolumeView[] = []
  for (const [index, raw] of list.entries()) {
    const name = fieldOf(raw, "name")
    if (typeof name !== "string") return `spec.${field}[${index}].name is missing`
    views.push({ name, raw })
  }
  return views
}

function readContainers(spec: unknown, field: string): readonly ContainerView[] | string | null {
  const named = readNamed(spec, field)
  if (named === null || typeof named === "string") return named
  return named.map(({ name, raw }): ContainerView => {
    const envFrom = fieldOf(raw, "envFrom")
    const resources = fieldOf(raw, "resources")
    return {
      name,
      tcpPorts: tcpPortsOf(fieldOf(raw, "ports")),
      envFrom: Array.isArray(envFrom) ? envFrom : null,
      requests: textMap(fieldOf(resources, "requests")),
      limits: textMap(fieldOf(resources, "limits")),
      raw,
    }
  })
}

function tcpPortsOf(ports: unknown): readonly number[] {
  if (!Array.isArray(ports)) return []
  return ports.flatMap((port: unknown) => {
    const number = fieldOf(port, "containerPort")
    const protocol = fieldOf(port, "protocol") ?? "TCP"
    return typeof number === "number" && protocol === "TCP" ? [number] : []
  })
}

function hasAmounts(resources: unknown): boolean {
  return ["requests", "limits"].some(
    (field) => Object.keys(fieldOf(resources, field) ?? {}).length > 0,
  )
}

/** Quantities may arrive as numbers (`cpu: 1`). */
function textMap(value: unknown): Readonly<Record<string, string>> {
  if (!isRecord(value)) return {}
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]): [string, string][] =>
      typeof inner === "string" || typeof inner === "number" ? [[key, String(inner)]] : [],
    ),
  )
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}
