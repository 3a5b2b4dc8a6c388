/**
 * The operator's process: settings in, a running operator, an orderly end.
 *
 * SIGTERM and SIGINT end it with code 0; a second one, or an end that takes too long, with code 1.
 * Whatever nothing caught is a bug after which no state can be trusted: it is logged, and the
 * process ends with code 1, to be started again. Sidecars go on with what they have.
 */
import { readFileSync } from "node:fs"
import { parseJson } from "#proxy/contract/json.ts"
import { readOperatorConfig } from "./config.ts"
import { type RunningOperator, startOperator } from "./start.ts"
import { createLog, errorText, type Log } from "./telemetry/log.ts"
import { createMetrics } from "./telemetry/metrics.ts"

/** An end that takes longer is cut: the pod's grace is 30 s. */
const END_WITHIN_MS = 15_000

let isEnding = false

const read = readOperatorConfig(process.env, readRelease())
if (read.ok) {
  await main(read.config)
} else {
  for (const problem of read.problems) process.stderr.write(`${problem}\n`)
  process.exitCode = 1
}

async function main(config: Parameters<typeof startOperator>[0]["config"]): Promise<void> {
  const log = createLog(config.logLevel)
  const fatal = (reason: string): never => {
    log.error("the operator ends", { reason })
    process.exit(1)
  }
  process.on("uncaughtException", (error) =>
    fatal(`an error that nothing caught: ${bugText(error)}`),
  )
  process.on("unhandledRejection", (error) =>
    fatal(`a rejection that nothing caught: ${bugText(error)}`),
  )
  log.info("the operator starts", { release: config.release, namespace: config.operatorNamespace })
  const operator = startOperator({
    config,
    log,
    metrics: createMetrics(),
    now: Date.now,
    onFatal: fatal,
  })
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => end(signal, operator, log))
  }
  try {
    await operator.started
  } catch (error) {
    fatal(errorText(error))
  }
}

function end(signal: string, operator: RunningOperator, log: Log): void {
  if (isEnding) process.exit(1)
  isEnding = true
  log.info("the operator shuts down", { reason: signal })
  setTimeout(() => process.exit(1), END_WITHIN_MS).unref()
  operator.close().then(
    () => process.exit(0),
    (error: unknown) => {
      log.error("the end was not orderly", { error: errorText(error) })
      process.exit(1)
    },
  )
}

function readRelease(): string {
  const bytes = readFileSync(new URL("../package.json", import.meta.url))
  const parsed = parseJson(bytes, { bytesMax: 65_536, depthMax: 8, tokensMax: 10_000 })
  const file = parsed.ok ? parsed.value : null
  const isNamed = typeof file === "object" && file !== null && "version" in file
  return isNamed && typeof file.version === "string" ? file.version : "unknown"
}

/** Where it happened, not only what: the first lines of the stack, without values. */
function bugText(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
