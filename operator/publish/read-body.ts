/**
 * A request body within its limits: so many bytes for one, so many for all that arrive at once.
 *
 * The declared length is believed only to refuse early; what arrives is counted. A body that stalls
 * is ended by the server's request timeout.
 */
import type { IncomingMessage } from "node:http"

export type Body =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "too-large" }
  /** All bodies together are over the budget: this one has to come again. */
  | { readonly kind: "overloaded" }
  | { readonly kind: "aborted" }

/** Bytes of bodies in memory at once. */
export interface BodyBudget {
  readonly bytesMax: number
  bytesInUse: number
}

export function readBody(
  incoming: IncomingMessage,
  bytesMax: number,
  budget: BodyBudget,
): Promise<Body> {
  if (Number(incoming.headers["content-length"] ?? 0) > bytesMax)
    return Promise.resolve({ kind: "too-large" })
  return new Promise((resolve) => {
    const chunks: Uint8Array[] = []
    let size = 0
    const finish = (body: Body): void => {
      budget.bytesInUse -= size
      size = 0
      incoming.removeAllListeners("data")
      resolve(body)
    }
    incoming.on("data", (chunk: Uint8Array) => {
      size += chunk.length
      budget.bytesInUse += chunk.length
      if (size > bytesMax) finish({ kind: "too-large" })
      else if (budget.bytesInUse > budget.bytesMax) finish({ kind: "overloaded" })
      else chunks.push(chunk)
    })
    incoming.once("end", () => finish({ kind: "bytes", bytes: Buffer.concat(chunks) }))
    incoming.once("error", () => finish({ kind: "aborted" }))
    incoming.once("close", () => finish({ kind: "aborted" }))
  })
}
