import { expect, test } from "vitest"
import { AttemptCall } from "./attempt-call.ts"

const DRAIN_MS = 1000
const DRAIN_BYTES = 8

type Step = "open" | "end" | "cut" | "drain" | "time" | number

const cases: readonly {
  readonly name: string
  readonly steps: readonly Step[]
  readonly aborts: number
}[] = [
  { name: "one that is left alone is not aborted", steps: ["open", "time"], aborts: 0 },
  { name: "one that is cut is aborted", steps: ["open", "cut"], aborts: 1 },
  { name: "cut twice, it is aborted once", steps: ["open", "cut", "cut"], aborts: 1 },
  {
    name: "cut within its dispatch, it is aborted when it is there",
    steps: ["cut", "open"],
    aborts: 1,
  },
  { name: "one that has ended is not aborted", steps: ["open", "end", "cut"], aborts: 0 },
  {
    name: "one that ended within its dispatch is not either",
    steps: ["end", "cut", "open"],
    aborts: 0,
  },
  {
    name: "drained to its end, its connection is kept",
    steps: ["open", "drain", 8, "end"],
    aborts: 0,
  },
  { name: "a byte too much ends the draining", steps: ["open", "drain", 8, 1], aborts: 1 },
  { name: "so does the time", steps: ["open", "drain", 8, "time"], aborts: 1 },
  { name: "both together abort once", steps: ["open", "drain", 9, "time"], aborts: 1 },
  {
    name: "an end before the draining needs none",
    steps: ["open", "end", "drain"],
    aborts: 0,
  },
  {
    name: "drained within its dispatch, it is left alone then",
    steps: ["drain", "open", "end"],
    aborts: 0,
  },
]

test.each(cases)("$name", ({ steps, aborts }) => {
  let seen = 0
  const timers = new Set<() => void>()
  const call = new AttemptCall({
    after: (delayMs, run) => {
      expect(delayMs).toBe(DRAIN_MS)
      timers.add(run)
      return () => void timers.delete(run)
    },
  })
  const upstream = { conceal: (text: string) => text, resume: () => {}, abort: () => void seen++ }
  for (const step of steps) {
    if (step === "open") call.open(upstream)
    else if (step === "end") call.noteEnd()
    else if (step === "cut") call.cut()
    else if (step === "drain") call.drain(DRAIN_MS, DRAIN_BYTES)
    else if (step === "time") for (const run of timers) run()
    else call.skip(new Uint8Array(step))
  }
  expect(seen).toBe(aborts)
  expect(timers.size).toBe(0)
})
