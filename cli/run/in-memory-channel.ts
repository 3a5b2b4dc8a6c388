/**
 * The control channel of `sidegate run`: the sidecar's calls go straight to the publisher and the
 * intake of the same process. The messages and the reducers at both ends are those of a cluster;
 * only TLS and tokens are missing, since there is no one else in the process to be told apart from.
 */
import type { ControlPlane } from "#operator/control-plane.ts"
import { PublishError } from "#operator/publish/publisher.ts"
import { CONTROL_JSON, parseJson } from "#proxy/contract/json.ts"
import type { ConfigEvent, PodIdentity } from "#proxy/contract/push.ts"
import { ChannelError, type ControlChannel } from "#proxy/sync/channel.ts"

/** `identity` is what a token would have proved. */
export function createInMemoryChannel(
  plane: Pick<ControlPlane, "publisher" | "intake">,
  identity: PodIdentity,
): ControlChannel {
  const { publisher, intake } = plane
  return {
    hello: async (hello) => answer(() => publisher.hello(identity, hello)),
    config: (session, onEvent, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return resolve()
        try {
          const end = publisher.subscribe(identity, session, {
            send: (event) => deliver(event, onEvent, signal),
            end: () => resolve(),
          })
          const stop = (): void => {
            end()
            resolve()
          }
          signal.addEventListener("abort", stop, { once: true })
        } catch (error) {
          reject(toChannelError(error))
        }
      }),
    status: async (report) => answer(() => publisher.status(identity, report)),
    usage: async (batch) => {
      const parsed = parseJson(new TextEncoder().encode(batch), CONTROL_JSON)
      if (!parsed.ok) throw new ChannelError("bad_request", parsed.fault.message)
      const reply = await intake.accept(identity, parsed.value)
      if (reply.kind === "acknowledged") return reply.answer
      throw new ChannelError(reply.code, reply.message, reply.retryAfterSeconds)
    },
    close: async () => undefined,
  }
}

/** Not within the publisher's own turn: the sidecar answers a push with a call to the publisher. */
function deliver(
  event: ConfigEvent,
  onEvent: (event: ConfigEvent) => void,
  signal: AbortSignal,
): void {
  queueMicrotask(() => {
    if (!signal.aborted) onEvent(event)
  })
}

function answer<T>(call: () => T): T {
  try {
    return call()
  } catch (error) {
    throw toChannelError(error)
  }
}

function toChannelError(error: unknown): unknown {
  return error instanceof PublishError ? new ChannelError(error.code, error.message, 1) : error
}
