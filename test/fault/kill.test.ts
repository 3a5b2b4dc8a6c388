import { expect, test } from "vitest"
import { describeKills, runKills } from "./kill-story.ts"
import { pickSeed } from "./seeded.ts"

test("after 20 kills of proxy and operator each, every attempt has one record", async () => {
  const report = await runKills({ kills: 20, seed: pickSeed() })
  console.log(describeKills(report))
  expect({ seed: report.seed, violations: report.violations }).toEqual({
    seed: report.seed,
    violations: [],
  })
  expect(report.attempts).toBeGreaterThan(100)
  expect(report.lost).toBeGreaterThan(0)
}, 1_200_000)
