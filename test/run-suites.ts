/**
 * Runs every test suite that needs no cluster, one after the other, and sums them up.
 *
 * The suites are the vitest configurations of the checkout: the one at the top (unit, golden,
 * conformance, architecture, simulation) and one in each folder of `test/` whose suites need more
 * (a real API server, real processes). `node test/run-suites.ts data-plane` runs those named. The
 * failures are said again at the end; the last line is the sum.
 */
import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import {
  addCounts,
  type Counts,
  finish,
  formatCounts,
  listFailures,
  NONE,
  readReport,
} from "./suite-results.ts"

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
  const failures: string[] = []
  for (const suite of suites) {
    const { counts, failed } = runSuite(suite)
    console.log(`${suite.name}: ${formatCounts(counts)}\n`)
    sum = addCounts(sum, counts)
    failures.push(...failed)
  }
  const counts = suites.length === 0 ? { ...NONE, failed: 1 } : sum
  finish(counts, failures, process.env["SIDEGATE_RESULTS"])
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

interface SuiteResult {
  readonly counts: Counts
  /** A line each. */
  readonly failed: readonly string[]
}

function runSuite({ name, config }: Suite): SuiteResult {
  const file = join(reports, `${name}.json`)
  console.log(`--- ${name} (vitest run -c ${config})`)
  const vitest = join(ROOT, "node_modules/vitest/vitest.mjs")
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`]
  const run = spawnSync(process.execPath, [vitest, "run", "-c", config, ...reporters], {
    cwd: ROOT,
    stdio: "inherit",
  })
  const report = existsSync(file) ? readJson(file) : undefined
  const exitCode = run.status ?? 1
  return { counts: readReport(report, exitCode), failed: listFailures(report, exitCode, ROOT) }
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, "utf8"))
}
