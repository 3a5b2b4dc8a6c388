/**
 * A review's bytes within their limits: so many for one, so many for all that arrive at once.
 *
 * The declared length is believed only to refuse early; what arrives is counted. A body that stalls
 * is ended by the server's request timeout.
 */
import type { IncomingMessage } from "node:http"

export type Body =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "too-large" }
  /** All bodies together are over the budget. */
  | { readonly kind: "overloaded" }
  | { readonly kind: "aborted" }

/** Bytes of bodies in memory at once. */
export interface BodyBudget {
  readonly bytesMax: number
  bytesInUse: number
}

export async function readBody(
  incoming: IncomingMessage,
  bytesMax: number,
  budget: BodyBudget,
): Promise<Body> {
  if (Number(incoming.headers["content-length"] ?? 0) > bytesMax) return { kind: "too-large" }
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of incoming) {
      size += chunk.length
      budget.bytesInUse += chunk.length
      if (size > bytesMax) return { kind: "too-large" }
      if (budget.bytesInUse > budget.bytesMax) return { kind: "overloaded" }
      chunks.push(chunk)
    }
    return { kind: "bytes", bytes: Buffer.concat(chunks) }
  } catch {
    return { kind: "aborted" }
  } finally {
    budget.bytesInUse -= size
  }
}
