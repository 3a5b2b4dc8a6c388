/** Who asks. The pod's identity decides; a header or body field only names the user within it. */
export interface Caller {
  readonly namespace: string
  readonly team: string
  readonly application: string
  /** At most 256 characters; null when the request names nobody. */
  readonly user: string | null
}
