/** The table of faults: every row is there, and every test that it names exists. */
import type { Violation } from "./source-file.ts"

const PAGE = "docs/faults.md"

const numbered = (letter: string, numbers: readonly number[]) =>
  numbers.map((number) => `${letter}${number}`)
const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1)

/** Of `reliability.md`, sections 2.2 and 4.2 to 4.4. F18 and F19 are PostgreSQL's; no C15 exists. */
export const FAULT_ROWS: readonly string[] = [
  ...numbered("F", [...upTo(17), 20]),
  ...numbered(
    "C",
    upTo(19).filter((number) => number !== 15),
  ),
  ...numbered("K", upTo(6)),
  ...numbered("P", upTo(6)),
  ...numbered("U", upTo(7)),
]

/** `textOf` gives a file of the checkout, undefined when there is none. */
export function checkFaultRows(
  document: string,
  textOf: (path: string) => string | undefined,
  rows: readonly string[] = FAULT_ROWS,
): readonly Violation[] {
  const found = new Map(
    document
      .split("\n")
      .filter((line) => /^\| [A-Z]\d+ \|/.test(line))
      .map((line) => {
        const [, row = "", , , proof = "", state = ""] = line.split("|").map((cell) => cell.trim())
        return [row, { proof, state }] as const
      }),
  )
  const said = (row: string, message: string) => ({
    path: PAGE,
    line: 1,
    message: `${row}: ${message}`,
  })
  const missing = rows.filter((row) => !found.has(row)).map((row) => said(row, "has no row"))
  const stray = [...found.keys()].filter((row) => !rows.includes(row))
  return [
    ...missing,
    ...stray.map((row) => said(row, "is no row of the catalogue")),
    ...[...found].flatMap(([row, { proof, state }]) =>
      [...judgeState(proof, state), ...judgeProof(proof, textOf)].map((text) => said(row, text)),
    ),
  ]
}

function judgeState(proof: string, state: string): readonly string[] {
  if (!/^(shown\b|(partly|not yet): \S)/.test(state)) {
    return [`"${state}" is not "shown", "partly: why" or "not yet: why"`]
  }
  const isNamed = proof.includes("`")
  return !state.startsWith("not yet") && !isNamed ? ["names no test"] : []
}

function judgeProof(
  proof: string,
  textOf: (path: string) => string | undefined,
): readonly string[] {
  return [...proof.matchAll(/`([^`]+)`((?:[:,] "[^"]+")*)/g)].flatMap(
    ([, path = "", titles = ""]) => {
      const text = textOf(path)
      if (text === undefined) return [`${path} does not exist`]
      return [...titles.matchAll(/"([^"]+)"/g)].flatMap(([, title = ""]) =>
        text.includes(title) ? [] : [`${path} has no test "${title}"`],
      )
    },
  )
}
