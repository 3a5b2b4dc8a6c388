/** Both programs as images carry them: one file each, made as `make images` makes them. */
import { execFileSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { temporaryDirectory } from "./places.ts"

export interface Bundles {
  readonly proxy: string
  readonly operator: string
}

const ROOT = fileURLToPath(new URL("../..", import.meta.url))
let made: Bundles | undefined

/** Made once in each process. */
export function bundlePrograms(): Bundles {
  if (made !== undefined) return made
  const directory = temporaryDirectory("bundles")
  const args = ["images/build.ts", "--bundles", "--out", directory]
  execFileSync(process.execPath, args, { cwd: ROOT, stdio: "pipe" })
  const of = (name: string) => `${directory}/sidegate-${name}/main.mjs`
  made = { proxy: of("proxy"), operator: of("operator") }
  return made
}
