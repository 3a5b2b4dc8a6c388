/**
 * A bug in one piece of work, kept from taking its neighbours with it.
 *
 * In: work whose owner is somebody else, or what it threw. Out: the error at the process's own
 * handler, which counts it, once the turn's other work is done. Must not know what the work is.
 */

export function runApart(run: () => void): void {
  try {
    run()
  } catch (error) {
    throwApart(error)
  }
}

export function throwApart(error: unknown): void {
  queueMicrotask(() => {
    throw error
  })
}
