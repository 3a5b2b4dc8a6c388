/** How talking to the API server fails. */
export interface KubeErrorFacts {
  /** HTTP status, or the `code` of a Status object within a watch; null without an answer. */
  readonly status: number | null
  /** `reason` of the Status object, e.g. `Expired`, `AlreadyExists`. */
  readonly reason: string | null
  readonly retryAfterSeconds: number | null
}

const NO_FACTS: KubeErrorFacts = { status: null, reason: null, retryAfterSeconds: null }

/**
 * `refused`: answered with a status of 400 or more; `unreachable`: no answer, a cut or a deadline;
 * `bad-answer`: something that is no Kubernetes API said it.
 */
export class KubeError extends Error {
  readonly code: "refused" | "unreachable" | "bad-answer"
  readonly status: number | null
  readonly reason: string | null
  readonly retryAfterSeconds: number | null
  constructor(code: KubeError["code"], message: string, facts: KubeErrorFacts = NO_FACTS) {
    super(message)
    this.code = code
    this.status = facts.status
    this.reason = facts.reason
    this.retryAfterSeconds = facts.retryAfterSeconds
  }
}

/** Whether `error` is the API server's refusal with this status. */
export function isRefusal(error: unknown, status: number): boolean {
  return error instanceof KubeError && error.status === status
}
