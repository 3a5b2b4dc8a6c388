import { expect, test } from "vitest"
import { addCounts, formatCounts, readReport } from "#test/suite-results.ts"

const cases = [
  {
    name: "a good run",
    report: { numPassedTests: 3, numFailedTests: 0, numPendingTests: 1, numTodoTests: 1 },
    exitCode: 0,
    want: "3 passed, 0 failed, 2 skipped",
  },
  {
    name: "a failed test",
    report: { numPassedTests: 3, numFailedTests: 2 },
    exitCode: 1,
    want: "3 passed, 2 failed, 0 skipped",
  },
  {
    name: "a file that does not load counts as one failure",
    report: { numPassedTests: 3, testResults: [{ status: "failed", assertionResults: [] }] },
    exitCode: 1,
    want: "3 passed, 1 failed, 0 skipped",
  },
  {
    name: "a bad end without a failed test is a failure",
    report: { numPassedTests: 3 },
    exitCode: 1,
    want: "3 passed, 1 failed, 0 skipped",
  },
  {
    name: "no report at all is a failure",
    report: undefined,
    exitCode: 1,
    want: "0 passed, 1 failed, 0 skipped",
  },
] as const

test.each(cases)("the sum of a run: $name", ({ report, exitCode, want }) => {
  expect(formatCounts(readReport(report, exitCode))).toBe(want)
})

test("runs are added up", () => {
  const a = { passed: 1, failed: 2, skipped: 3 }
  expect(addCounts(a, a)).toEqual({ passed: 2, failed: 4, skipped: 6 })
})
