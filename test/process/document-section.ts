/** Generated sections of a Markdown file, between two comments that name them. */
import { existsSync, readFileSync, writeFileSync } from "node:fs"

/**
 * The text with the section's inside replaced, or the section appended when it is not there yet.
 * Pure.
 */
export function withSection(text: string, name: string, inside: string): string {
  const begin = `<!-- ${name}:begin -->`
  const end = `<!-- ${name}:end -->`
  const section = `${begin}\n${inside.trim()}\n${end}`
  const from = text.indexOf(begin)
  const to = text.indexOf(end)
  if (from < 0 || to < from) return `${text.trimEnd()}\n\n${section}\n`
  return text.slice(0, from) + section + text.slice(to + end.length)
}

export function writeSection(file: string, name: string, inside: string): void {
  const text = existsSync(file) ? readFileSync(file, "utf8") : ""
  writeFileSync(file, withSection(text, name, inside))
}
