/** Tables of what wires do with features, from the tables that refuse and drop. */
import { reasonOf, type Support } from "#proxy/exchange/feature-support.ts"
import { markdownTable } from "./replace-table.ts"

export interface SupportColumn<Feature extends string> {
  readonly title: string
  readonly table: Readonly<Record<Feature, Support>>
}

/** Columns of one table share it; each reason is a note below. */
export function supportTable<Feature extends string>(
  features: readonly Feature[],
  columns: readonly SupportColumn<Feature>[],
): string {
  const joined = joinEqual(columns)
  const reasons = [...new Set(joined.flatMap(({ table }) => reasonsIn(table)))]
  const cell = (support: Support) => {
    if (typeof support === "string") return CELLS[support]
    const done = "told" in support ? "in words" : "left out"
    return `${done} [${reasons.indexOf(reasonOf(support)) + 1}]`
  }
  const rows = features.map((feature) => [
    `\`${feature}\``,
    ...joined.map(({ table }) => cell(table[feature])),
  ])
  const head = ["feature", ...joined.map(({ title }) => title)]
  const notes = reasons.map((reason, at) => `${at + 1}. ${reason}`)
  return `${markdownTable(head, rows)}\n\n${notes.join("\n")}`
}

const CELLS = { yes: "yes", no: "refused" } as const

function joinEqual<Feature extends string>(
  columns: readonly SupportColumn<Feature>[],
): readonly SupportColumn<Feature>[] {
  const titles = new Map<string, string[]>()
  for (const { title, table } of columns) {
    const key = JSON.stringify(table)
    titles.set(key, [...(titles.get(key) ?? []), title])
  }
  const first = columns.filter(({ title }) => [...titles.values()].some(([one]) => one === title))
  return first.map(({ table }) => ({
    table,
    title: (titles.get(JSON.stringify(table)) ?? []).join("; "),
  }))
}

function reasonsIn(table: Readonly<Record<string, Support>>): readonly string[] {
  return Object.values(table).flatMap((support) =>
    typeof support === "string" ? [] : [reasonOf(support)],
  )
}
