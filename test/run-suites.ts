/**
 * Runs every test suite that needs no cluster, one after the other, and sums them up.
 *
 * The suites are the vitest configurations of the checkout: the one at the top (unit, golden,
 * conformance, architecture, simulation) and one in each folder of `test/` whose suites need more
 * (a real API server, real processes). `node test/run-suites.ts data-plane` runs those named. The
 * last line is the sum.
 */
import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { addCounts, type Counts, finish, formatCounts, NONE, readReport } from "./suite-results.ts"

const ROOT = join(import.meta.dirname, "..")
/** The cheap ones first: what is broken at the root shows early. */
const ORDER = [
  "unit",
  "upstream",
  "control-plane",
  "chart",
  "control-faults",
  "data-plane",
  "fault",
]

const wanted = process.argv.slice(2)
const suites = listSuites().filter(({ name }) => wanted.length === 0 || wanted.includes(name))
const reports = mkdtempSync(join(tmpdir(), "sidegate-suites-"))
try {
  let sum = NONE
  for (const suite of suites) {
    const counts = runSuite(suite)
    console.log(`${suite.name}: ${formatCounts(counts)}\n`)
    sum = addCounts(sum, counts)
  }
  finish(suites.length === 0 ? { ...NONE, failed: 1 } : sum, process.env["SIDEGATE_RESULTS"])
} finally {
  rmSync(reports, { recursive: true, force: true })
}

interface Suite {
  readonly name: string
  readonly config: string
}

function listSuites(): readonly Suite[] {
  const folders = readdirSync(join(ROOT, "test"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => ({ name, config: `test/${name}/vitest.config.ts` }))
    .filter(({ config }) => existsSync(join(ROOT, config)))
  return [{ name: "unit", config: "vitest.config.ts" }, ...folders].sort(
    (a, b) => rank(a.name) - rank(b.name),
  )
}

function rank(name: string): number {
  const at = ORDER.indexOf(name)
  return at < 0 ? ORDER.length : at
}

function runSuite({ name, config }: Suite): Counts {
  const file = join(reports, `${name}.json`)
  console.log(`--- ${name} (vitest run -c ${config})`)
  const vitest = join(ROOT, "node_modules/vitest/vitest.mjs")
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`]
  const run = spawnSync(process.execPath, [vitest, "run", "-c", config, ...reporters], {
    cwd: ROOT,
    stdio: "inherit",
  })
  const report = existsSync(file) ? readJson(file) : undefined
  return readReport(report, run.status ?? 1)
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, "utf8"))
}
