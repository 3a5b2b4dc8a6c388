/** A virtual environment with the Python SDKs, made once for each list of requirements. */
import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { homedir } from "node:os"
import { join } from "node:path"

const REQUIREMENTS = join(import.meta.dirname, "python/requirements.txt")
const INSTALL_MS = 300_000

/** Why there is no Python to test with; null when there is. Nothing is downloaded to find out. */
export function pythonMissing(): string | null {
  const found = spawnSync("python3", ["-c", "import venv, ensurepip"], { encoding: "utf8" })
  if (found.error !== undefined) return "python3 is not on this machine"
  return found.status === 0 ? null : "python3 has no modules venv and ensurepip here"
}

/** The interpreter; pip shows its progress while it installs, for at most five minutes. */
export function pythonWithSdks(): string {
  const { XDG_CACHE_HOME, SIDEGATE_CACHE } = process.env
  const cache = SIDEGATE_CACHE || join(XDG_CACHE_HOME || join(homedir(), ".cache"), "sidegate")
  const text = readFileSync(REQUIREMENTS)
  const key = createHash("sha256").update(text).digest("hex").slice(0, 16)
  const directory = join(cache, "python-sdks", key)
  const python = join(directory, "bin/python")
  const installed = join(directory, "installed")
  if (existsSync(installed)) return python
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory, { recursive: true })
  console.log(`installing the Python SDKs into ${directory} (about 170 MB, once)`)
  run("python3", ["-m", "venv", directory])
  run(python, ["-m", "pip", "install", "--disable-pip-version-check", "-r", REQUIREMENTS])
  writeFileSync(installed, "")
  return python
}

function run(command: string, args: readonly string[]): void {
  const made = spawnSync(command, args, { stdio: "inherit", timeout: INSTALL_MS })
  if (made.status === 0) return
  const why = made.error?.message ?? `exit ${made.status}`
  throw new Error(`${command} ${args.join(" ")}: ${why}`)
}
