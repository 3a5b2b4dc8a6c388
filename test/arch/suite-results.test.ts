import { expect, test } from "vitest"
import { addCounts, formatCounts, listFailures, readReport } from "#test/suite-results.ts"

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

test("failures are listed, a line each, with how the message begins", () => {
  const report = {
    testResults: [
      {
        name: "/root/test/a.test.ts",
        status: "failed",
        assertionResults: [
          { fullName: "a passes", status: "passed" },
          {
            fullName: "b adds up",
            status: "failed",
            failureMessages: ["\u001b[31mexpected 1\u001b[39m\n  to be 2"],
          },
        ],
      },
      { name: "/root/b.test.ts", status: "failed", message: "no module", assertionResults: [] },
    ],
  }
  expect(listFailures(report, 1, "/root")).toEqual([
    "failed: test/a.test.ts > b adds up: expected 1 to be 2",
    "failed: b.test.ts: no module",
  ])
})

test("a bad end without a failed test is listed", () => {
  expect(listFailures(undefined, 134, "/root")).toEqual([
    "failed: the run ended with code 134, though no test failed",
  ])
})
