/**
 * The sidecar as a process, as a test sees it: start, kill, start again on the same ports and
 * volumes.
 */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { OperatorProcess } from "#test/operator/client.ts"
import { freePorts, temporaryDirectory } from "#test/process/places.ts"
import { type Program, startProgram } from "#test/process/program.ts"
import { waitUntil } from "#test/process/wait-until.ts"

export interface ProxyProcess {
  /** What an application talks to: `http://127.0.0.1:PORT`. */
  readonly origin: string
  /** Health and metrics. */
  readonly opsOrigin: string
  readonly stateDir: string
  readonly journalDir: string
  readonly tokenFile: string
  /** The running process, or the last one. */
  readonly program: () => Program
  /** SIGKILL; resolves when it is gone. */
  readonly kill: () => Promise<void>
  /** Starts again with the same ports and directories; does not wait for readiness. */
  readonly start: () => Promise<void>
  /** Rejects when it exits first. */
  readonly ready: (withinMs?: number) => Promise<void>
  /** SIGTERM, as the kubelet does. */
  readonly stop: () => Promise<void>
  /** The value of one metric, summed over its labels; undefined when there is none. */
  readonly metric: (name: string) => Promise<number | undefined>
}

export interface ProxyOptions {
  readonly operator: Pick<OperatorProcess, "url" | "certificate">
  readonly token: string
  readonly logLevel?: string
  readonly env?: Readonly<Record<string, string>>
  readonly nodeFlags?: readonly string[]
}

const MAIN = fileURLToPath(new URL("../../proxy/main.ts", import.meta.url))

/** Starts one and waits until it is ready. */
export async function startProxy(options: ProxyOptions): Promise<ProxyProcess> {
  const directory = temporaryDirectory("proxy")
  const [port = 0, opsPort = 0] = await freePorts(2)
  const stateDir = join(directory, "state")
  const journalDir = join(directory, "journal")
  const tokenFile = join(directory, "token")
  for (const made of [stateDir, journalDir]) mkdirSync(made)
  writeFileSync(tokenFile, options.token)
  const opsOrigin = `http://127.0.0.1:${opsPort}`
  let program: Program | undefined
  const running = (): Program => {
    if (program === undefined) throw new Error("the proxy was never started")
    return program
  }
  const start = async (): Promise<void> => {
    program = await startProgram({
      name: "proxy",
      args: [...(options.nodeFlags ?? []), MAIN],
      env: {
        SIDEGATE_OPERATOR_URL: options.operator.url,
        SIDEGATE_OPERATOR_CA_FILE: options.operator.certificate.certificateFile,
        SIDEGATE_TOKEN_FILE: tokenFile,
        SIDEGATE_STATE_DIR: stateDir,
        SIDEGATE_JOURNAL_DIR: journalDir,
        SIDEGATE_PORT: String(port),
        SIDEGATE_OPS_PORT: String(opsPort),
        SIDEGATE_LOG_LEVEL: options.logLevel ?? "warn",
        ...options.env,
      },
    })
  }
  const ready = (withinMs = 10_000): Promise<void> =>
    waitUntil({ what: "the proxy to be ready", withinMs }, async () => {
      const now = running()
      if (!now.isRunning()) throw new Error(`it exited:\n${now.stdout()}\n${now.stderr()}`)
      const answer = await fetch(`${opsOrigin}/readyz`)
      await answer.text()
      if (answer.status === 200) return true
      throw new Error(`/readyz answered ${answer.status}`)
    }).then(() => undefined)
  await start()
  await ready()
  return {
    origin: `http://127.0.0.1:${port}`,
    opsOrigin,
    stateDir,
    journalDir,
    tokenFile,
    program: running,
    start,
    ready,
    kill: async () => {
      running().kill("SIGKILL")
      await running().exited
    },
    stop: async () => {
      await running().stop(30_000)
    },
    metric: async (name) => {
      const text = await (await fetch(`${opsOrigin}/metrics`)).text()
      return sumOf(text, name)
    },
  }
}

/** Prometheus text: `name{labels} value`. */
function sumOf(text: string, name: string): number | undefined {
  const values = text
    .split("\n")
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    .map((line) => Number(line.slice(line.lastIndexOf(" ") + 1)))
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0)
}
