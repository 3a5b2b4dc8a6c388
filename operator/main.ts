/**
 * The operator's process: settings in, a running operator, an orderly end. `SIDEGATE_ROLE=webhook`
 * makes it the injection webhook instead, and `check-rollback` a question that is answered by the
 * exit code.
 *
 * SIGTERM and SIGINT end it with code 0; a second one, or an end that takes too long, with code 1.
 * Whatever nothing caught is a bug after which no state can be trusted: it is logged, and the
 * process ends with code 1, to be started again. Sidecars go on with what they have.
 */
import { isMainThread } from "node:worker_threads"
import { RELEASE } from "#proxy/contract/release.ts"
import { checkRollback } from "./check-rollback.ts"
import { readOperatorConfig } from "./config.ts"
import { type RunningOperator, startOperator } from "./start.ts"
import { startWebhook } from "./start-webhook.ts"
import { createLog, errorText, type Log, type LogLevel } from "./telemetry/log.ts"
import { createMetrics } from "./telemetry/metrics.ts"
import { createWebhookMetrics } from "./telemetry/webhook-metrics.ts"
import { readWebhookConfig } from "./webhook-config.ts"

/** An end that takes longer is cut: the pod's grace is 30 s. */
const END_WITHIN_MS = 15_000

let isEnding = false

// In the bundle of an image the ledger's thread is started on this very file.
if (isMainThread) await run()
else await import("./ledger/store/sqlite/worker.ts")

async function run(): Promise<void> {
  if (process.env["SIDEGATE_ROLE"] === "check-rollback") {
    process.exitCode = await checkRollback()
    return
  }
  const role = prepare()
  if (role.ok) {
    await main(role)
    return
  }
  for (const problem of role.problems) process.stderr.write(`${problem}\n`)
  process.exitCode = 1
}

interface Role {
  readonly ok: true
  readonly name: string
  readonly logLevel: LogLevel
  readonly start: (log: Log, onFatal: (reason: string) => void) => RunningOperator
}

/** The role that `SIDEGATE_ROLE` names, with its settings; `operator` when it names none. */
function prepare(): Role | { readonly ok: false; readonly problems: readonly string[] } {
  const name = process.env["SIDEGATE_ROLE"] || "operator"
  if (name === "webhook") {
    const read = readWebhookConfig(process.env, RELEASE)
    if (!read.ok) return read
    const { config } = read
    const start = (log: Log) =>
      startWebhook({ config, log, metrics: createWebhookMetrics(), now: () => performance.now() })
    return { ok: true, name, logLevel: config.logLevel, start }
  }
  if (name !== "operator") {
    const known = "operator, webhook or check-rollback"
    const problem = `SIDEGATE_ROLE is "${name.slice(0, 64)}"; it must be ${known}`
    return { ok: false, problems: [problem] }
  }
  const read = readOperatorConfig(process.env, RELEASE)
  if (!read.ok) return read
  const { config } = read
  const start = (log: Log, onFatal: (reason: string) => void) =>
    startOperator({ config, log, metrics: createMetrics(), now: Date.now, onFatal })
  return { ok: true, name, logLevel: config.logLevel, start }
}

async function main({ name, logLevel, start }: Role): Promise<void> {
  const log = createLog(logLevel)
  const fatal = (reason: string): never => {
    log.error(`the ${name} ends`, { reason })
    process.exit(1)
  }
  process.on("uncaughtException", (error) =>
    fatal(`an error that nothing caught: ${bugText(error)}`),
  )
  process.on("unhandledRejection", (error) =>
    fatal(`a rejection that nothing caught: ${bugText(error)}`),
  )
  log.info(`the ${name} starts`, { release: RELEASE })
  const running = start(log, fatal)
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => end(signal, name, running, log))
  }
  try {
    await running.started
  } catch (error) {
    fatal(errorText(error))
  }
}

function end(signal: string, name: string, running: RunningOperator, log: Log): void {
  if (isEnding) process.exit(1)
  isEnding = true
  log.info(`the ${name} shuts down`, { reason: signal })
  setTimeout(() => process.exit(1), END_WITHIN_MS).unref()
  running.close().then(
    () => process.exit(0),
    (error: unknown) => {
      log.error("the end was not orderly", { error: errorText(error) })
      process.exit(1)
    },
  )
}

/** Where it happened, not only what: the first lines of the stack, without values. */
function bugText(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
