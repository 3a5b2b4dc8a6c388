/** One line of a watch as a typed value. */
import { type JsonLimits, parseJson } from "#proxy/contract/json.ts"
import { at, textAt } from "./json-path.ts"
import { KubeError } from "./kube-error.ts"

export type WatchEvent =
  | {
      readonly type: "ADDED" | "MODIFIED" | "DELETED"
      readonly object: unknown
      readonly resourceVersion: string
    }
  | {
      readonly type: "BOOKMARK"
      readonly resourceVersion: string
      /** All objects that existed at the start have been sent. */
      readonly isInitialEnd: boolean
    }
  | { readonly type: "ERROR"; readonly failure: WatchFailure }

/** Why a watch or a list ended, whoever said so: the server, its connection or our own deadline. */
export interface WatchFailure {
  /** HTTP status or code of a Status object; null for a cut, a deadline or an unreadable answer. */
  readonly status: number | null
  readonly reason: string | null
  readonly retryAfterMs: number | null
  /** Something could not be read, so an event may be lost: only a relist is safe. */
  readonly isUnreadable: boolean
  readonly message: string
}

const LINE_LIMITS: JsonLimits = Object.freeze({
  bytesMax: 8 * 1024 * 1024,
  depthMax: 128,
  tokensMax: 4_000_000,
})

/** Throws a KubeError `bad-answer` for a line that is not an event: silence would lose a change. */
export function parseWatchEvent(line: Uint8Array): WatchEvent {
  const parsed = parseJson(line, LINE_LIMITS)
  if (!parsed.ok) throw new KubeError("bad-answer", `a watch line: ${parsed.fault.message}`)
  const type = textAt(parsed.value, "type")
  const object = at(parsed.value, "object")
  if (type === "ERROR") return { type, failure: statusFailure(object) }
  const resourceVersion = textAt(object, "metadata", "resourceVersion")
  if (resourceVersion === undefined) {
    throw new KubeError("bad-answer", "a watch line has no metadata.resourceVersion")
  }
  if (type === "ADDED" || type === "MODIFIED" || type === "DELETED") {
    return { type, object, resourceVersion }
  }
  if (type === "BOOKMARK") {
    const end = textAt(object, "metadata", "annotations", "k8s.io/initial-events-end")
    return { type, resourceVersion, isInitialEnd: end === "true" }
  }
  throw new KubeError("bad-answer", `a watch line has the unknown type ${type}`)
}

function statusFailure(status: unknown): WatchFailure {
  const code = at(status, "code")
  const seconds = at(status, "details", "retryAfterSeconds")
  return {
    status: typeof code === "number" ? code : null,
    reason: textAt(status, "reason") ?? null,
    retryAfterMs: typeof seconds === "number" ? seconds * 1000 : null,
    isUnreadable: false,
    message: textAt(status, "message") ?? "an error within the watch, without a message",
  }
}
