/**
 * `make soak`: the kill tests of `make test`, ten times as long.
 *
 * In: `--kills N` (default 200). Out: one line for each victim; exits 1 when an attempt has no
 * record, has two, or a record has no attempt and is not an estimated intent.
 */
import { type KillReport, runKills } from "#test/fault/kill.ts"

const at = process.argv.indexOf("--kills")
const kills = at < 0 ? 200 : Number(process.argv[at + 1])
let isRight = true
for (const victim of ["proxy", "operator"] as const) {
  const seed = Date.now() % 1_000_000
  const report = await runKills({ victim, kills, seed })
  console.log(describe(victim, seed, report))
  for (const violation of report.violations) console.log(`  wrong: ${violation}`)
  isRight &&= report.violations.length === 0
}
process.exit(isRight ? 0 : 1)

function describe(victim: string, seed: number, report: KillReport): string {
  const { kills: times, attempts, records, surplus, lost, slowestStartMs } = report
  const outcomes = Object.entries(report.outcomes).map(([outcome, count]) => `${outcome}: ${count}`)
  return (
    `${victim} killed ${times} times (seed ${seed}): ` +
    `${attempts} attempts counted by the upstream, ` +
    `${records} records, ${lost} of them lost and estimated, ` +
    `${surplus} of those beyond the attempts ` +
    `(${report.underWayAtKills} requests were under way); ` +
    `slowest start ${slowestStartMs.toFixed(0)} ms; ` +
    `clients saw ${outcomes.join(", ")}`
  )
}
