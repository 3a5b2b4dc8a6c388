/** Counting test results over several runs, and the one line that sums them up. */
import { appendFileSync } from "node:fs"
import { stripVTControlCharacters } from "node:util"

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
 * The failures of one vitest run from its JSON report, a line each: file, test, and how its message
 * begins. What scrolled by long ago is said again at the end, where a log that was cut has it.
 */
export function listFailures(report: unknown, exitCode: number, root: string): readonly string[] {
  const failures = listAt(report, "testResults").flatMap((file) => {
    const name = textAt(file, "name").replace(`${root}/`, "")
    const tests = listAt(file, "assertionResults")
    const failed = tests.filter((test) => property(test, "status") === "failed")
    if (failed.length > 0) return failed.map((test) => formatFailure(name, test))
    return isBroken(file) ? [`failed: ${name}: ${beginning(textAt(file, "message"))}`] : []
  })
  if (failures.length > 0 || exitCode === 0) return failures
  return [`failed: the run ended with code ${exitCode}, though no test failed`]
}

function formatFailure(file: string, test: unknown): string {
  const name = textAt(test, "fullName")
  return `failed: ${file} > ${name}: ${beginning(listAt(test, "failureMessages").join(" "))}`
}

/** The first 600 characters as one line, without colours. */
function beginning(message: string): string {
  const plain = stripVTControlCharacters(message)
  return plain.replaceAll(/\s+/gu, " ").slice(0, 600)
}

/**
 * Prints the failures and the sum, appends both to `resultsFile` for whoever sums up several runs,
 * and sets the exit code.
 */
export function finish(
  counts: Counts,
  failures: readonly string[],
  resultsFile: string | undefined,
): void {
  const lines = [...failures, formatCounts(counts)].join("\n")
  if (resultsFile !== undefined) appendFileSync(resultsFile, `${lines}\n`)
  console.log(lines)
  process.exitCode = counts.failed > 0 ? 1 : 0
}

function brokenFiles(report: unknown): number {
  return listAt(report, "testResults").filter(isBroken).length
}

function isBroken(file: unknown): boolean {
  const tests = property(file, "assertionResults")
  return property(file, "status") === "failed" && Array.isArray(tests) && tests.length === 0
}

function listAt(value: unknown, name: string): readonly unknown[] {
  const found = property(value, name)
  return Array.isArray(found) ? found : []
}

function textAt(value: unknown, name: string): string {
  const found = property(value, name)
  return typeof found === "string" ? found : ""
}

function numberAt(value: unknown, name: string): number {
  const found = property(value, name)
  return typeof found === "number" ? found : 0
}

function property(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined
  return Object.getOwnPropertyDescriptor(value, name)?.value
}
