/**
 * What the policies of a namespace bound of a request's parameters, each with the policy that
 * decided: the least of all that select it. Nothing here is clamped: who asks for more is refused,
 * who asks for nothing is given it.
 */

export interface ParameterLimits {
  readonly maxOutputTokens: OutputLimit
}

/** Of one answer, thoughts included. */
export interface OutputLimit {
  /** 1 to `OUTPUT_LIMIT_MAX`. */
  readonly tokens: number
  /** Name of the ModelPolicy. */
  readonly policy: string
}

export const OUTPUT_LIMIT_MAX = 10_000_000
