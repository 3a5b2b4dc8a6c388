/** A generated table in a page of words: between two comments, which stay. */

/** The page with `table` where `name` is marked; throws where it is marked nowhere or twice. */
export function replaceTable(page: string, name: string, table: string): string {
  const begin = `<!-- ${name}: made by node cli/docs/generate-providers.ts. Do not edit. -->`
  const end = `<!-- end of ${name} -->`
  const [before, rest, ...more] = page.split(begin)
  const after = rest?.split(end)[1]
  if (before === undefined || after === undefined || more.length > 0) {
    throw new Error(`the page needs the markers once: ${begin} and ${end}`)
  }
  return `${before}${begin}\n\n${table.trim()}\n\n${end}${after}`
}

/** A table in Markdown; a bar in a cell is escaped. */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`
  return [line(head), `|${"---|".repeat(head.length)}`, ...rows.map(line)].join("\n")
}
