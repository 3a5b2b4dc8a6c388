/**
 * The sidecar as a process: settings from the environment, the control channel over TLS, signals.
 *
 * Exit codes: 0 after a drain, 1 when it cannot start or too many invariants broke.
 */
import { RELEASE } from "#proxy/contract/release.ts"
import { createProxy, type Proxy as RunningProxy } from "./compose.ts"
import { readSidecarConfig } from "./config.ts"
import { createHttpsChannel } from "./sync/https-channel.ts"

const NODE_MAJOR_MIN = 24
/** Broken invariants within `BUGS_WITHIN_MS`; then the process is not to be trusted and ends. */
const BUGS_MAX = 10
const BUGS_WITHIN_MS = 60_000

const starting = start()
endOnSignals(starting)
endOnBugs(await starting)

async function start(): Promise<RunningProxy> {
  const major = Number(process.versions.node.split(".")[0])
  if (major < NODE_MAJOR_MIN) {
    fail(`Sidegate needs Node ${NODE_MAJOR_MIN} or newer; this is Node ${process.versions.node}`)
  }
  const read = readSidecarConfig(process.env, RELEASE)
  if (!read.ok) fail(read.message)
  try {
    return await createProxy(read.config.proxy, createHttpsChannel(read.config.operator))
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error))
  }
}

/** The first signal drains, a second one cuts; one during the start ends what has started. */
function endOnSignals(starting: Promise<RunningProxy>): void {
  let signals = 0
  const end = (): void => {
    signals += 1
    const options = signals === 1 ? {} : { drainMs: 0 }
    const closed = starting.then((running) => running.close(options))
    closed.then(
      () => process.exit(0),
      (error: unknown) => fail(error instanceof Error ? error.message : String(error)),
    )
  }
  process.on("SIGTERM", end)
  process.on("SIGINT", end)
}

/** A bug ends its own exchange and is counted; the others go on. */
function endOnBugs(running: RunningProxy): void {
  let recent: number[] = []
  const note = (error: unknown): void => {
    running.noteBug(error)
    const now = performance.now()
    recent = [...recent.filter((at) => now - at < BUGS_WITHIN_MS), now]
    if (recent.length <= BUGS_MAX) return
    const done = (): never => process.exit(1)
    running.close({ drainMs: 0 }).then(done, done)
  }
  process.on("uncaughtException", note)
  process.on("unhandledRejection", note)
}

function fail(message: string): never {
  process.stderr.write(`sidegate-proxy: ${message}\n`)
  process.exit(1)
}
