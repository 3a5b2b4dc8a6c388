/** Documents that must keep up with the code: the error list, decision records, first lines of generated files. */
import type { GrantedEdge } from "./import-directions.ts"
import type { SourceFile, Violation } from "./source-file.ts"

const ERRORS = "docs/errors.md"

/** Every refusal code has one row with its status, and no row names a code that is gone. */
export function checkErrorRows(
  refusals: Readonly<Record<string, { readonly status: number }>>,
  document: string,
): readonly Violation[] {
  const rows = new Map(
    [...document.matchAll(/^\| `([a-z_]+)` \| (\d{3}) \|/gm)].map((row) => [
      row[1],
      Number(row[2]),
    ]),
  )
  const missing = Object.entries(refusals).flatMap(([code, { status }]) =>
    rows.get(code) === status ? [] : [`no row "| \`${code}\` | ${status} | ..."`],
  )
  const stale = [...rows.keys()]
    .filter((code) => code !== undefined && !(code in refusals))
    .map((code) => `the row of ${code} names a code that does not exist`)
  return [...missing, ...stale].map((message) => ({ path: ERRORS, line: 1, message }))
}

/** A granted edge without its record is a suppression. */
export function checkDecisionRecords(
  granted: readonly GrantedEdge[],
  records: readonly string[],
): readonly Violation[] {
  return granted
    .filter((edge) => !records.includes(edge.record))
    .map((edge) => ({
      path: `docs/decisions/${edge.record}`,
      line: 1,
      message: `missing, and ${edge.from} imports ${edge.to} on its account`,
    }))
}

/** A record says context, decision, cost and when to look again (`style.md` section 2). */
export function checkRecordShape(records: readonly SourceFile[]): readonly Violation[] {
  const parts = ["## Context", "## Decision", "## What it costs", "## Revisit when"]
  return records.flatMap(({ path, text }) =>
    parts
      .filter((part) => !text.includes(`\n${part}\n`))
      .map((part) => ({ path, line: 1, message: `no section "${part}"` })),
  )
}

/** Generated files begin with the command that makes them. JSON cannot: its key `generatedBy` does. */
export function checkGeneratedMarks(files: readonly SourceFile[]): readonly Violation[] {
  return files.flatMap(({ path, text }) => {
    const head = text.slice(0, 400)
    return /make generate|node \S+generate\S*\.(ts|mjs)/.test(head)
      ? []
      : [{ path, line: 1, message: "does not begin with the command that generates it" }]
  })
}

/** Registry hosts and paths of one machine do not belong in the checkout. */
export function checkLockfile(text: string): readonly Violation[] {
  return text.split("\n").flatMap((line, index) => {
    const isHost = /"resolved": "https?:/.test(line)
    const message = "a registry host: npm's own settings decide where packages come from"
    return isHost ? [{ path: "package-lock.json", line: index + 1, message }] : []
  })
}
