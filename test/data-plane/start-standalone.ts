/** Starts `sidegate run` as a person would, on a directory of its own. */
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { temporaryDirectory } from "#test/process/places.ts"
import { type Program, startProgram } from "#test/process/program.ts"

export const ENTRY = join(import.meta.dirname, "../../cli/sidegate.mjs")

export interface Standalone {
  readonly program: Program
  readonly directory: string
  /** `http://127.0.0.1:PORT` of the gateway, and of its second port. */
  readonly origin: string
  readonly adminOrigin: string
  readonly write: (path: string, text: string) => void
  readonly remove: (path: string) => void
}

export interface StandaloneOptions {
  /** Path to text. */
  readonly files: Readonly<Record<string, string>>
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Default: a new one. */
  readonly stateDir?: string
}

/** Ready, with its first configuration in force, when it resolves. */
export async function startStandalone(options: StandaloneOptions): Promise<Standalone> {
  const directory = temporaryDirectory("manifests")
  const drafts = temporaryDirectory("drafts")
  const write = (path: string, text: string): void => {
    const file = join(directory, path)
    mkdirSync(dirname(file), { recursive: true })
    // Whole at once, as many editors do: a look in between would find an empty file.
    writeFileSync(join(drafts, "draft"), text)
    renameSync(join(drafts, "draft"), file)
  }
  for (const [path, text] of Object.entries(options.files)) write(path, text)
  const program = await runSidegate(
    [
      ...["run", directory, "--port", "0", "--admin-port", "0"],
      ...["--state", options.stateDir ?? temporaryDirectory("state"), ...(options.args ?? [])],
    ],
    options.env,
  )
  const [, port] = await program.waitForLine(/^gateway +http:\/\/127\.0\.0\.1:(\d+)\/v1$/, 60_000)
  const [, admin] = await program.waitForLine(/^metrics +http:\/\/127\.0\.0\.1:(\d+)\//, 60_000)
  return {
    program,
    directory,
    origin: `http://127.0.0.1:${port}`,
    adminOrigin: `http://127.0.0.1:${admin}`,
    write,
    remove: (path) => rmSync(join(directory, path)),
  }
}

/** `sidegate ...` with a bare environment. */
export async function runSidegate(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Program> {
  return startProgram({ name: "sidegate", args: [ENTRY, ...args], env })
}
