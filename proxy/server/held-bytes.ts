/** What the exchanges of a surface hold, and the end of the one that holds most. */
import type { ResponseClient } from "./client.ts"
import type { Held } from "./memory-guard.ts"

/** `open`: the exchanges of each connection. */
export function holdersIn(open: {
  readonly count: () => number
  readonly clients: () => Iterable<readonly ResponseClient[]>
}): Held {
  return {
    get count() {
      return open.count()
    },
    bytes: () => {
      let sum = 0
      for (const clients of open.clients()) for (const client of clients) sum += client.heldBytes
      return sum
    },
    endLargest: (refusal) => {
      let largest: ResponseClient | null = null
      let most = 0
      for (const clients of open.clients()) {
        for (const client of clients) {
          const bytes = client.isGivenUp ? 0 : client.heldBytes
          if (bytes <= most) continue
          largest = client
          most = bytes
        }
      }
      largest?.giveUp(refusal)
      return most
    },
  }
}
