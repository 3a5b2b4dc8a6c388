/** The circumstances of a measurement: what a number without them would not say. */
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { cpus } from "node:os"

/** One sentence: command, day, cores, versions, commit. */
export function conditions(command: string, packages: readonly string[] = []): string {
  const [cpu] = cpus()
  const date = new Date().toISOString().slice(0, 10)
  const versions = packages.map((name) => `, ${name} ${versionOf(name)}`).join("")
  return (
    `\`${command}\` on ${date}: ${cpus().length} cores (${cpu?.model.trim() ?? "unknown"}), ` +
    `Node ${process.versions.node}${versions}, commit ${commit()}.`
  )
}

function versionOf(name: string): string {
  const file = new URL(`../../node_modules/${name}/package.json`, import.meta.url)
  const facts = JSON.parse(readFileSync(file, "utf8")) as { readonly version: string }
  return facts.version
}

function commit(): string {
  try {
    return execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim()
  } catch {
    return "unknown"
  }
}
