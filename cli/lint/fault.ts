/** One complaint about one object, in the words of the API server. */
export interface Fault {
  /**
   * As kubectl prints it, e.g. `spec.rules[0].backends[1].weight`; `<nil>` for the object as a
   * whole.
   */
  readonly path: string
  /** As kubectl prints it, e.g. `Required value`. */
  readonly message: string
  /**
   * The API server runs no rules while one of these stands: they could not be evaluated. `false`
   * for a value that has its type and is merely out of bounds.
   */
  readonly isBlocking: boolean
  /** What may have been meant; the API server does not say it. */
  readonly hint?: string
}

/** `path: message`, the line that kubectl prints. */
export function formatFault({ path, message }: Pick<Fault, "path" | "message">): string {
  return `${path}: ${message}`
}
