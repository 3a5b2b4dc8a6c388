/**
 * Tells of pods that run without a sidecar: one Event for each controller and reason.
 *
 * In    pods as the watch shows them, with the webhook's annotation. Out: an Event on what made the
 *       pod, or on the pod itself; the webhook has no side effects, so the operator speaks for it.
 * Pods older than ten minutes were told of by the process before this one.
 */

import { SKIP_REASONS, type SkipReason, STATUS_ANNOTATION } from "#operator/inject/inject.ts"
import { fieldOf } from "#operator/inject/pod.ts"
import type { EventSubject, EventWriter } from "#operator/kube/events.ts"
import { textAt } from "#operator/kube/json-path.ts"

export interface InjectionEventsOptions {
  readonly writer: EventWriter
  /** Whether the namespace is injected; anybody can write an annotation anywhere else. */
  readonly isInjected: (namespace: string) => boolean
  /** Wall clock, ms since the epoch. */
  readonly now: () => number
  readonly onResult: (result: "ok" | "error" | "dropped") => void
}

export interface InjectionEvents {
  /** Each time that the watch shows a pod. */
  observe(pod: unknown): void
  /** From now on this process writes; what was seen before is told now. */
  lead(): void
}

const YOUNG_MS = 10 * 60_000
/** Controllers with a reason that were told; the oldest is forgotten, and may be told again. */
const TOLD_MAX = 10_000
/** Events that wait for the API server, or for this process to lead; a further one is dropped. */
const WAITING_MAX = 1000

const EXPLANATIONS: Readonly<Record<SkipReason, string>> = {
  OptedOut: 'its label sidegate.dev/inject is "false"',
  InvalidLabel: 'its label sidegate.dev/inject must be "true" or "false"',
  Windows: "the sidecar runs on Linux only",
  HostNetwork: "with spec.hostNetwork the sidecar's ports would be the node's",
  NameInUse: "it has a container or a volume with a name of the sidecar's",
  PortInUse: "one of its containers has port 4141 or 4142",
}

interface Skipped {
  readonly subject: EventSubject
  readonly pod: string
  readonly reason: SkipReason
  readonly createdMs: number
}

export function createInjectionEvents(options: InjectionEventsOptions): InjectionEvents {
  const told = new Set<string>()
  const waiting: Skipped[] = []
  let isLeader = false
  let isWriting = false
  const write = async (): Promise<void> => {
    if (isWriting) return
    isWriting = true
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      if (options.now() - next.createdMs > YOUNG_MS) continue
      await emit(options.writer, next).then(
        () => options.onResult("ok"),
        () => options.onResult("error"),
      )
    }
    isWriting = false
  }
  return {
    observe: (pod) => {
      const skipped = readSkipped(pod)
      if (skipped === null || !options.isInjected(skipped.subject.namespace)) return
      if (options.now() - skipped.createdMs > YOUNG_MS) return
      const key = `${skipped.subject.uid} ${skipped.reason}`
      if (told.has(key)) return
      if (waiting.length >= WAITING_MAX) {
        options.onResult("dropped")
        return
      }
      told.add(key)
      const [oldest] = told
      if (told.size > TOLD_MAX && oldest !== undefined) told.delete(oldest)
      waiting.push(skipped)
      if (isLeader) void write()
    },
    lead: () => {
      isLeader = true
      void write()
    },
  }
}

function emit(writer: EventWriter, { subject, pod, reason }: Skipped): Promise<void> {
  const why = EXPLANATIONS[reason]
  return writer.emit(subject, {
    type: reason === "OptedOut" ? "Normal" : "Warning",
    reason: "InjectionSkipped",
    action: "Inject",
    note: `pod ${pod} runs without a sidecar (${reason}): ${why}`,
  })
}

/** Null for every other pod. */
function readSkipped(raw: unknown): Skipped | null {
  const metadata = fieldOf(raw, "metadata")
  const status = textAt(metadata, "annotations", STATUS_ANNOTATION)
  if (status === undefined) return null
  const reason = SKIP_REASONS.find((one) => status === `skipped: ${one}`)
  const namespace = textAt(metadata, "namespace")
  const pod = textAt(metadata, "name")
  const uid = textAt(metadata, "uid")
  if (reason === undefined || namespace === undefined || pod === undefined || uid === undefined) {
    return null
  }
  const createdMs = Date.parse(textAt(metadata, "creationTimestamp") ?? "")
  const own = { apiVersion: "v1", kind: "Pod", namespace, name: pod, uid }
  return { subject: controllerOf(metadata, namespace) ?? own, pod, reason, createdMs }
}

function controllerOf(metadata: unknown, namespace: string): EventSubject | null {
  const owners = fieldOf(metadata, "ownerReferences")
  if (!Array.isArray(owners)) return null
  const owner: unknown = owners.find((one: unknown) => fieldOf(one, "controller") === true)
  const [apiVersion, kind, name, uid] = ["apiVersion", "kind", "name", "uid"].map((field) =>
    textAt(owner, field),
  )
  if (apiVersion === undefined || kind === undefined || name === undefined || uid === undefined) {
    return null
  }
  return { apiVersion, kind, namespace, name, uid }
}
