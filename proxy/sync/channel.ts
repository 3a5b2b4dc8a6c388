/**
 * The sidecar's end of the control channel as an interface: HTTPS in a pod, an in-memory pair in
 * `sidegate run`. Both ends speak the same messages and run the same reducers.
 */
import type {
  ConfigEvent,
  Hello,
  HelloAnswer,
  StatusReport,
  UsageAnswer,
} from "#proxy/contract/push.ts"

export interface ControlChannel {
  /** Rejects with a ChannelError. */
  hello(hello: Hello): Promise<HelloAnswer>
  /**
   * Calls `onEvent` for each event until the stream ends or `signal` aborts; resolves at a clean
   * end.
   */
  config(session: string, onEvent: (event: ConfigEvent) => void, signal: AbortSignal): Promise<void>
  status(report: StatusReport): Promise<void>
  /** A `UsageBatch` as JSON, which is how the journal keeps it. */
  usage(batch: string): Promise<UsageAnswer>
  close(): Promise<void>
}

/** `code` is the operator's (`not_leader`, `unauthorized`, ...) or `unreachable`. */
export class ChannelError extends Error {
  readonly code: string
  readonly retryAfterSeconds: number | null
  constructor(code: string, message: string, retryAfterSeconds: number | null = null) {
    super(message)
    this.code = code
    this.retryAfterSeconds = retryAfterSeconds
  }
}
