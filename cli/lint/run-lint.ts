/** The command `sidegate lint PATH`: prints findings and one line that sums them up. */
import { join } from "node:path"
import { formatFinding, lintDirectory } from "./lint.ts"

/**
 * 0 when nothing would be refused, warnings or not; 1 otherwise. Throws when there is nothing to
 * read.
 */
export function runLint(path: string, print: (line: string) => void): 0 | 1 {
  const { base, findings, objects, files } = lintDirectory(path)
  for (const finding of findings)
    print(formatFinding({ ...finding, file: join(base, finding.file) }))
  const errors = findings.filter(({ level }) => level === "error").length
  const warnings = findings.length - errors
  const counts = [
    `${objects} objects in ${files} files`,
    `${errors} errors`,
    `${warnings} warnings`,
  ]
  print(counts.join(", "))
  return errors === 0 ? 0 : 1
}
