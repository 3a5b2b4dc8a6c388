/** Counting test results over several runs, and the one line that sums them up. */
import { appendFileSync } from "node:fs"

export interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

export const NONE: Counts = Object.freeze({ passed: 0, failed: 0, skipped: 0 })

export function addCounts(a: Counts, b: Counts): Counts {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
  }
}

export function formatCounts({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`
}

/**
 * Counts of one vitest run from its JSON report. A file that failed as a whole counts as one
 * failure, and so does a run that ended badly though no test failed: an unhandled error must not
 * look like success.
 */
export function readReport(report: unknown, exitCode: number): Counts {
  const counts = {
    passed: numberAt(report, "numPassedTests"),
    failed: numberAt(report, "numFailedTests") + brokenFiles(report),
    skipped: numberAt(report, "numPendingTests") + numberAt(report, "numTodoTests"),
  }
  return exitCode !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts
}

/**
 * Prints the line, appends it to `resultsFile` for whoever sums up several runs, and sets the exit
 * code.
 */
export function finish(counts: Counts, resultsFile: string | undefined): void {
  if (resultsFile !== undefined) appendFileSync(resultsFile, `${formatCounts(counts)}\n`)
  console.log(formatCounts(counts))
  process.exitCode = counts.failed > 0 ? 1 : 0
}

function brokenFiles(report: unknown): number {
  const files = property(report, "testResults")
  if (!Array.isArray(files)) return 0
  return files.filter((file) => {
    const tests = property(file, "assertionResults")
    return property(file, "status") === "failed" && Array.isArray(tests) && tests.length === 0
  }).length
}

function numberAt(value: unknown, name: string): number {
  const found = property(value, name)
  return typeof found === "number" ? found : 0
}

function property(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined
  return Object.getOwnPropertyDescriptor(value, name)?.value
}
