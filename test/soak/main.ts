/**
 * `make soak`: the kill test of `make test`, ten times as long.
 *
 * In: `--kills N` of each (default 200). Out: one sentence on stdout and, at the default, in
 * `docs/performance.md`; exits 1 when an attempt has no record, has two, or a record has no attempt
 * and is not an estimated intent.
 */
import { fileURLToPath } from "node:url"
import { describeKills, runKills } from "#test/fault/kill-story.ts"
import { pickSeed } from "#test/fault/seeded.ts"
import { conditions } from "#test/process/conditions.ts"
import { writeSection } from "#test/process/document-section.ts"

const KILLS = 200

const at = process.argv.indexOf("--kills")
const kills = at < 0 ? KILLS : Number(process.argv[at + 1])
const report = await runKills({ kills, seed: pickSeed() })
const sentence = describeKills(report)
console.log(sentence)
for (const violation of report.violations) console.log(`wrong: ${violation}`)
if (kills === KILLS) {
  const file = fileURLToPath(new URL("../../docs/performance.md", import.meta.url))
  writeSection(file, "soak", `${conditions("make soak")}\n\n${sentence}.`)
}
process.exit(report.violations.length === 0 ? 0 : 1)
