/** The command `sidegate lint DIR`: prints findings and one line that sums them up. */
import { formatFinding, lintDirectory } from "./lint.ts"

/**
 * 0 when nothing would be refused, warnings or not; 1 otherwise. Throws when the directory cannot
 * be read.
 */
export function runLint(directory: string, print: (line: string) => void): 0 | 1 {
  const { findings, objects, files } = lintDirectory(directory)
  for (const finding of findings) print(formatFinding(finding))
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
