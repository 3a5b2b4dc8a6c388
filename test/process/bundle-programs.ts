/** Both programs as images carry them: one file each, made by `make images` into a place of our own. */
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
  execFileSync("make", ["--silent", "images", `DIST=${directory}`], { cwd: ROOT, stdio: "pipe" })
  made = { proxy: `${directory}/proxy/main.mjs`, operator: `${directory}/operator/main.mjs` }
  return made
}
