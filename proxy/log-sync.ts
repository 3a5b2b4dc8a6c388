/** What happened on the control channel, as lines of the log. */
import type { SyncEvent } from "./sync/sync.ts"
import type { Log } from "./telemetry/log.ts"

export function logSync(log: Log, event: SyncEvent): void {
  switch (event.kind) {
    case "connected":
      log.info("connected to the operator", { session: event.session })
      return
    case "disconnected":
      log.warn("not connected to the operator", { code: event.code, reason: event.message })
      return
    case "applied":
      log.info("configuration in force", { version: event.version, hash: event.hash })
      return
    case "refused": {
      const { reason, object, path } = event.nack
      const where = { object: object ?? "unknown", path: path ?? "unknown" }
      log.error("configuration refused", { version: event.version, reason, ...where })
      return
    }
    case "restored":
      log.info("serving the last good configuration", {
        version: event.version,
        durationMs: event.ageMs,
      })
      return
    case "unreadable":
      log.warn("a kept file could not be read and is left out", { file: event.file })
      return
    default:
      event satisfies never
  }
}
