/**
 * The command line `sidegate`.
 *
 * In: arguments. Out: the exit code and text for a person. Each command lives in a folder of its
 * own; this file only reads arguments and ends the process.
 */
import { Command, Option } from "commander"
import { RELEASE } from "#proxy/contract/release.ts"
import {
  LOG_LEVELS,
  parseLabels,
  parseNamespace,
  parsePort,
  parseState,
  type RunOptions,
} from "./run/options.ts"

let isEnding = false
const program = new Command("sidegate")
  .description("An AI gateway for Kubernetes that runs beside the workload.")
  .version(RELEASE)
  .showHelpAfterError("(sidegate --help lists the commands)")

program
  .command("run")
  .description("Run the whole gateway in one process on manifests from a directory.")
  .argument("<dir>", "directory of manifests, folders below it included")
  .option("--namespace <name>", "namespace of the pod that is played", parseNamespace, "default")
  .addOption(
    new Option("--labels <key=value,...>", "labels of the pod that is played")
      .argParser(parseLabels)
      .default({}, "none"),
  )
  .option("--state <dir>", "where the ledger and the journal are kept", parseState, ".sidegate")
  .option("--port <port>", "port of the gateway on loopback", parsePort, 4141)
  .option("--admin-port <port>", "port of /metrics, /healthz, /readyz", parsePort, 4142)
  .addOption(
    new Option("--log-level <level>", "log lines on stderr").choices(LOG_LEVELS).default("warn"),
  )
  .action(startRun)

program
  .command("lint")
  .description("Check manifests as the API server and the operator would; exit code 1 on errors.")
  .argument("<path>", "directory of manifests, folders below it included, or one file")
  .action(startLint)

await program.parseAsync()

async function startRun(directory: string, options: RunOptions): Promise<void> {
  const { run } = await import("./run/run.ts")
  const environment = {
    release: RELEASE,
    pid: process.pid,
    variable: (name: string) => process.env[name],
    now: () => Date.now(),
    print: (text: string) => void process.stdout.write(`${text}\n`),
  }
  const starting = run(directory, options, environment)
  const stop = (): void => void end(starting)
  process.on("SIGINT", stop)
  process.on("SIGTERM", stop)
  await starting.catch(fail)
}

async function startLint(path: string): Promise<void> {
  const { runLint } = await import("./lint/run-lint.ts")
  try {
    process.exitCode = runLint(path, (line) => void process.stdout.write(`${line}\n`))
  } catch (error) {
    fail(error)
  }
}

interface Running {
  close(options?: { readonly drainMs?: number }): Promise<void>
}

/** The first signal drains, the second does not wait; during the start both wait for its end. */
async function end(starting: Promise<Running>): Promise<void> {
  try {
    if (isEnding) return await (await starting).close({ drainMs: 0 })
    isEnding = true
    process.stdout.write("ending: requests in flight may finish, Ctrl-C again cuts them\n")
    await (await starting).close()
    process.exit(0)
  } catch (error) {
    fail(error)
  }
}

function fail(error: unknown): never {
  process.stderr.write(`sidegate: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
}
