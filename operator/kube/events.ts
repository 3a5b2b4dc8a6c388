/**
 * Events of events.k8s.io/v1 on our objects, as `kubectl describe` shows them.
 *
 * In: one call per transition. Out: an Event, or one more in the series of an equal one that is
 * less than six minutes old, as the events API wants it. Must not know why something happened.
 */
import { randomBytes } from "node:crypto"
import type { KubeClient } from "./kube-client.ts"
import { isRefusal } from "./kube-error.ts"
import { microTime } from "./micro-time.ts"

export interface EventSubject {
  readonly apiVersion: string
  readonly kind: string
  /** Empty for cluster-scoped kinds; their events live in `default`. */
  readonly namespace: string
  readonly name: string
  readonly uid: string
}

export interface EventWords {
  readonly type: "Normal" | "Warning"
  /** CamelCase, why. */
  readonly reason: string
  /** CamelCase, what we were doing, e.g. `Compile`. */
  readonly action: string
  /** A sentence without secrets; cut at 1,024 bytes, the API's limit. */
  readonly note: string
}

export interface EventWriter {
  /** Rejects with a KubeError; an event is not worth a retry. */
  emit(subject: EventSubject, words: EventWords): Promise<void>
}

export interface EventWriterOptions {
  readonly client: KubeClient
  /** Name of this pod. */
  readonly instance: string
  /** Wall clock, ms since the epoch. */
  readonly now: () => number
}

const CONTROLLER = "sidegate.dev/operator"
const NOTE_BYTES_MAX = 1024
const SERIES_MS = 6 * 60_000
/**
 * Of running series; the one that was quiet the longest is forgotten, and an equal event is a new
 * one.
 */
const SERIES_MAX = 1_000

interface Series {
  readonly path: string
  readonly count: number
  readonly lastMs: number
}

export function createEventWriter(options: EventWriterOptions): EventWriter {
  const series = new Map<string, Series>()
  const { client, now } = options
  const remember = (key: string, next: Series): void => {
    series.delete(key)
    series.set(key, next)
    const [oldest] = series.keys()
    if (series.size > SERIES_MAX && oldest !== undefined) series.delete(oldest)
  }
  return {
    emit: async (subject, words) => {
      const nowMs = now()
      const note = cutText(words.note, NOTE_BYTES_MAX)
      const key = [subject.uid, words.type, words.reason, words.action, note].join("\n")
      const running = series.get(key)
      if (running !== undefined && nowMs - running.lastMs < SERIES_MS) {
        const next = { ...running, count: running.count + 1, lastMs: nowMs }
        remember(key, next)
        if (await continueSeries(client, next)) return
      }
      const path = await createEvent(options, subject, { ...words, note }, nowMs)
      remember(key, { path, count: 1, lastMs: nowMs })
    },
  }
}

/** False when the Event has expired meanwhile. */
async function continueSeries(
  client: KubeClient,
  { path, count, lastMs }: Series,
): Promise<boolean> {
  try {
    await client.request({
      method: "PATCH",
      path,
      contentType: "application/merge-patch+json",
      body: { series: { count, lastObservedTime: microTime(lastMs) } },
    })
    return true
  } catch (error) {
    if (isRefusal(error, 404)) return false
    throw error
  }
}

/** Gives the path of the new Event. */
async function createEvent(
  { client, instance }: EventWriterOptions,
  subject: EventSubject,
  words: EventWords,
  nowMs: number,
): Promise<string> {
  const namespace = subject.namespace === "" ? "default" : subject.namespace
  const name = `${subject.name.slice(0, 200)}.${randomBytes(8).toString("hex")}`
  const collection = `/apis/events.k8s.io/v1/namespaces/${namespace}/events`
  const { apiVersion, kind, uid } = subject
  await client.request({
    method: "POST",
    path: collection,
    body: {
      apiVersion: "events.k8s.io/v1",
      kind: "Event",
      metadata: { name, namespace },
      eventTime: microTime(nowMs),
      reportingController: CONTROLLER,
      reportingInstance: instance,
      action: words.action,
      reason: words.reason,
      type: words.type,
      note: words.note,
      regarding: {
        apiVersion,
        kind,
        name: subject.name,
        uid,
        ...(subject.namespace === "" ? {} : { namespace: subject.namespace }),
      },
    },
  })
  return `${collection}/${name}`
}

function cutText(text: string, bytesMax: number): string {
  const bytes = Buffer.from(text)
  if (bytes.length <= bytesMax) return text
  // A code point that is cut in half becomes U+FFFD (3 bytes); the ellipsis takes 3 more.
  const kept = bytes
    .subarray(0, bytesMax - 6)
    .toString("utf8")
    .replace(/\uFFFD$/, "")
  return `${kept}…`
}
