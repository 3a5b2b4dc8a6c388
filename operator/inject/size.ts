/**
 * How much CPU and memory the sidecar asks for: `api.md` section 2, "its size".
 *
 * In    the other containers, the pod's annotations, what the sidecar has if it is there already.
 * Out   its `resources`, and a warning for each annotation that could not be honoured.
 *
 * A pod that says how much the whole of it may use (`spec.resources`) must cover the sum of its
 * containers: ours then asks for nothing of its own and shares, or the API server would refuse the
 * pod. What a LimitRange gave our container is kept: the API server applies those defaults between
 * our two calls and then insists on them.
 */
import type { ContainerView, PodView } from "./pod.ts"
import { parseQuantity } from "./quantity.ts"

export interface SizeSettings {
  readonly cpuRequest: string
  readonly memoryRequest: string
  readonly memoryLimit: string
  /**
   * Request and limit in a Guaranteed pod, where a limit cannot be left out: with `cpuRequest` as a
   * limit the sidecar would need seconds to start.
   */
  readonly guaranteedCpu: string
  /** Bounds of the two annotations. */
  readonly cpuMin: string
  readonly cpuMax: string
  readonly memoryMin: string
  readonly memoryMax: string
}

export const SIZE_DEFAULTS: SizeSettings = Object.freeze({
  cpuRequest: "20m",
  memoryRequest: "128Mi",
  memoryLimit: "384Mi",
  guaranteedCpu: "500m",
  cpuMin: "10m",
  cpuMax: "4",
  memoryMin: "256Mi",
  memoryMax: "2Gi",
})

/** CPU to request, in a Guaranteed pod its limit as well. */
export const CPU_ANNOTATION = "sidegate.dev/proxy-cpu"
/** Memory limit; in a Guaranteed pod the request as well. */
export const MEMORY_ANNOTATION = "sidegate.dev/proxy-memory"

export interface Resources {
  readonly requests?: Readonly<Record<string, string>>
  readonly limits?: Readonly<Record<string, string>>
}

export interface Sized {
  readonly resources: Resources
  readonly warnings: readonly string[]
}

/** What LimitRange may have set on our container and we do not. */
const KEPT = ["cpu", "ephemeral-storage"] as const

export function sizeSidecar(
  pod: PodView,
  others: readonly ContainerView[],
  held: ContainerView | null,
  settings: SizeSettings,
): Sized {
  if (pod.hasPodResources) return { resources: {}, warnings: [] }
  const warnings: string[] = []
  const read = (annotation: string, least: string, most: string, otherwise: string): string => {
    const text = pod.annotations?.[annotation]
    if (text === undefined) return otherwise
    if (isWithin(text, least, most)) return text
    const wanted = `must be a quantity from ${least} to ${most}`
    warnings.push(`${annotation} is "${text.slice(0, 64)}", it ${wanted}; ${otherwise} is used`)
    return otherwise
  }
  const isGuaranteed = others.length > 0 && others.every(hasEqualAmounts)
  const { cpuMin, cpuMax, memoryMin, memoryMax } = settings
  const cpu = isGuaranteed ? settings.guaranteedCpu : settings.cpuRequest
  const cpuRequest = read(CPU_ANNOTATION, cpuMin, cpuMax, cpu)
  const memoryLimit = read(MEMORY_ANNOTATION, memoryMin, memoryMax, settings.memoryLimit)
  const memoryRequest = isGuaranteed ? memoryLimit : lesser(settings.memoryRequest, memoryLimit)
  return {
    resources: {
      requests: { ...kept("requests", held), cpu: cpuRequest, memory: memoryRequest },
      limits: {
        ...kept("limits", held),
        ...(isGuaranteed ? { cpu: cpuRequest } : {}),
        memory: memoryLimit,
      },
    },
    warnings,
  }
}

/** Guaranteed by the kubelet's rule: limits for both, requests the same or left to default. */
function hasEqualAmounts({ requests, limits }: ContainerView): boolean {
  return (["cpu", "memory"] as const).every((name) => {
    const limit = parseQuantity(limits[name] ?? "")
    const request = parseQuantity(requests[name] ?? limits[name] ?? "")
    return limit !== null && limit > 0 && limit === request
  })
}

/**
 * A CPU limit that equals the request is our own, from a call when the pod looked Guaranteed; any
 * other is a LimitRange's.
 */
function kept(
  field: "requests" | "limits",
  held: ContainerView | null,
): Readonly<Record<string, string>> {
  const amounts = held?.[field] ?? {}
  return Object.fromEntries(
    KEPT.flatMap((name): [string, string][] => {
      const amount = amounts[name]
      const isOurs = name === "cpu" && field === "limits" && amount === held?.requests["cpu"]
      return amount === undefined || isOurs ? [] : [[name, amount]]
    }),
  )
}

function isWithin(text: string, least: string, most: string): boolean {
  const value = parseQuantity(text)
  return value !== null && value >= amountOf(least) && value <= amountOf(most)
}

function lesser(one: string, other: string): string {
  return amountOf(one) <= amountOf(other) ? one : other
}

/** Of a setting, which was checked when it was read. */
function amountOf(text: string): number {
  return parseQuantity(text) ?? Number.NaN
}
