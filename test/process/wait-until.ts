/** Waiting for a condition with a deadline: the only way a process test lets time pass. */

export interface Deadline {
  /** What is waited for, in words for the error: `the proxy to be ready`. */
  readonly what: string
  readonly withinMs: number
  /** Between two looks, in ms. */
  readonly everyMs?: number
}

/**
 * Looks again and again until `look` gives something else than undefined, and resolves to it.
 * Rejects once `withinMs` has passed, naming what was waited for and the last error that `look`
 * threw.
 */
export async function waitUntil<T>(
  deadline: Deadline,
  look: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  const end = performance.now() + deadline.withinMs
  let last = "nothing was seen"
  for (;;) {
    try {
      const seen = await look()
      if (seen !== undefined) return seen
    } catch (error) {
      last = error instanceof Error ? error.message : String(error)
    }
    if (performance.now() >= end) {
      throw new Error(`waited ${deadline.withinMs} ms for ${deadline.what}: ${last}`)
    }
    await pause(deadline.everyMs ?? 10)
  }
}

/** Resolves when `url` answers with `status`; the deadline covers connection errors too. */
export async function waitForHttp(url: string, status: number, withinMs: number): Promise<void> {
  await waitUntil({ what: `${url} to answer ${status}`, withinMs }, async () => {
    const answer = await fetch(url, { signal: AbortSignal.timeout(withinMs) })
    await answer.body?.cancel()
    if (answer.status === status) return true
    throw new Error(`it answered ${answer.status}`)
  })
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs))
}
