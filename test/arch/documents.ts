/**
 * Documents that must keep up with the code: the error list, decision records, first lines of
 * generated files.
 */
import { dirname, join } from "node:path"
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

/**
 * Links from one file of the checkout to another that does not exist, or to a heading that a page
 * does not have. `exists` gets a path from the root.
 */
export function checkLinks(
  pages: readonly SourceFile[],
  exists: (path: string) => boolean,
): readonly Violation[] {
  const headings = new Map(pages.map(({ path, text }) => [path, headingsOf(text)]))
  return pages.flatMap(({ path, text }) =>
    [...text.matchAll(/\]\(([^)#\s]*)(?:#([^)\s]*))?\)/g)].flatMap(([, target = "", part]) => {
      if (/^[a-z]+:/.test(target)) return []
      const page = target === "" ? path : join(dirname(path), target)
      if (target !== "" && !exists(page))
        return [{ path, line: 1, message: `links to ${target}, which does not exist` }]
      if (part === undefined || headings.get(page)?.has(part) !== false) return []
      return [{ path, line: 1, message: `links to ${target}#${part}, which is no heading there` }]
    }),
  )
}

/** As GitHub names them in links. */
function headingsOf(text: string): ReadonlySet<string> {
  const titles = [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) => title)
  return new Set(
    titles.map((title) =>
      title
        .toLowerCase()
        .replaceAll(/[^a-z0-9 _-]/g, "")
        .replaceAll(" ", "-"),
    ),
  )
}

/**
 * Generated files begin with the command that makes them. JSON cannot: its key `generatedBy` does.
 */
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

/**
 * Every platform's package has its entry, also those that the machine that wrote the file could not
 * install: `npm ci` refuses a lockfile that lacks one, on every machine.
 */
export function checkLockedPlatforms(lockfile: unknown): readonly Violation[] {
  const packages = fieldsOf(fieldsOf(lockfile)["packages"])
  return Object.entries(packages).flatMap(([place, entry]) =>
    Object.entries(fieldsOf(fieldsOf(entry)["optionalDependencies"])).flatMap(([name, version]) => {
      const locked = fieldsOf(findLocked(packages, place, name))["version"]
      const isExact = typeof version === "string" && /^\d/.test(version)
      if (locked !== undefined && (!isExact || locked === version)) return []
      const message = `no entry for ${name}@${String(version)}, an optional dependency of ${place}`
      return [{ path: "package-lock.json", line: 1, message }]
    }),
  )
}

/** As Node looks for it: in the package itself, then in each package around it. */
function findLocked(packages: Fields, place: string, name: string): unknown {
  for (let at = place; ; at = at.slice(0, Math.max(0, at.lastIndexOf("node_modules/") - 1))) {
    const found = packages[`${at === "" ? "" : `${at}/`}node_modules/${name}`]
    if (found !== undefined || at === "") return found
  }
}

type Fields = Readonly<Record<string, unknown>>

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null
    ? Object.fromEntries(Object.entries(value))
    : {}
}
