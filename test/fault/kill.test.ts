import { expect, test } from "vitest"
import { runKills } from "./kill.ts"

const cases = [
  { name: "after 20 kills of the proxy every attempt has one record", victim: "proxy", seed: 1 },
  {
    name: "after 20 kills of the operator every attempt has one record",
    victim: "operator",
    seed: 2,
  },
] as const
test.each(cases)(
  "$name",
  async ({ victim, seed }) => {
    const report = await runKills({ victim, kills: 20, seed })
    expect(report.violations).toEqual([])
    expect(report.attempts).toBeGreaterThan(100)
  },
  300_000,
)
