/**
 * `sidegate.dev/hold`: a pod's own wish that it starts only once its sidecar has configuration, or
 * that time has passed. Without it a gateway never holds a pod.
 */
import { durationMs } from "#operator/api/v1alpha1/fields.ts"

const HOLD_ANNOTATION = "sidegate.dev/hold"
/** As in Gateway API. */
const DURATION = /^([0-9]{1,5}(h|m|s|ms)){1,4}$/
/** Shorter than a second is no hold; after five minutes a rollout has long been reported stuck. */
const LEAST_MS = 1000
const MOST_MS = 300_000

export interface Hold {
  /** 0 holds nothing. */
  readonly holdMs: number
  readonly warnings: readonly string[]
}

export function readHold(annotations: Readonly<Record<string, string>> | null): Hold {
  const text = annotations?.[HOLD_ANNOTATION]
  if (text === undefined) return { holdMs: 0, warnings: [] }
  const holdMs = DURATION.test(text) ? durationMs(text) : Number.NaN
  if (holdMs >= LEAST_MS && holdMs <= MOST_MS) return { holdMs, warnings: [] }
  const wanted = "it must be a duration from 1s to 5m, such as 30s"
  const said = `${HOLD_ANNOTATION} is "${text.slice(0, 64)}"`
  return { holdMs: 0, warnings: [`${said}, ${wanted}; the pod starts at once`] }
}
