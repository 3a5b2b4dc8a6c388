/**
 * One turn of the event loop in stages: what arrives in it is kept, and handled when all is here.
 *
 * In: work, by stage. Out: the same work, stage after stage, each in the order it came. Handled as
 * it arrives, every request walks through all code of the process alone and finds the caches cold;
 * in a row the next one finds what the one before has loaded. Measured with 64 connections: a
 * quarter less CPU a request. Nothing waits for a timer or for a later turn.
 * Must not know what the work is.
 */
import { runApart } from "./bugs/run-apart.ts"

/** Does `run` before the turn is over. What it throws reaches the process handler, alone. */
export type Defer = (run: () => void) => void

export interface Turn {
  /** First: what upstreams said. */
  readonly answers: Defer
  /** Then what clients asked. */
  readonly requests: Defer
  /** At last what both have to write. */
  readonly writes: Defer
}

/** Work that a stage gives to itself or to one before it is done in the next turn. */
export function createTurns(): Turn {
  const stages: (() => void)[][] = [[], [], []]
  let isScheduled = false
  const schedule = (): void => {
    if (isScheduled) return
    isScheduled = true
    // The check phase comes when all sockets that had something were read.
    setImmediate(runTurn)
  }
  const runTurn = (): void => {
    isScheduled = false
    for (let stage = 0; stage < stages.length; stage++) {
      const work = stages[stage] ?? []
      if (work.length === 0) continue
      stages[stage] = []
      for (const run of work) runApart(run)
    }
    if (stages.some((work) => work.length > 0)) schedule()
  }
  const deferTo =
    (stage: number): Defer =>
    (run) => {
      stages[stage]?.push(run)
      schedule()
    }
  return { answers: deferTo(0), requests: deferTo(1), writes: deferTo(2) }
}
