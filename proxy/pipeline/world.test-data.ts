/**
 * For tests: the pipeline's ports as values. A clock that moves by hand, upstreams that play
 * scripts, a client that remembers, a journal that checks that each intent settles once.
 */
import type { AttemptFinal, AttemptIntent } from "#proxy/contract/records.ts"
import type { ExchangeRecord } from "#proxy/exchange/exchange-record.ts"
import type {
  Client,
  HeaderList,
  Holder,
  Ports,
  RawRequest,
  UpstreamCall,
  UpstreamFailure,
  UpstreamHandler,
  UpstreamRequest,
} from "#proxy/exchange/ports.ts"
import { type Refusal, refuse } from "#proxy/exchange/refusal.ts"
import type { Runtime } from "#proxy/runtime/runtime.ts"
import { makeRuntime } from "#proxy/runtime/samples.test-data.ts"
import { SURFACES } from "#proxy/surfaces/registry.ts"
import type { Surface } from "#proxy/surfaces/surface.ts"
import { handleModelCall } from "./pipeline.ts"
import { PIPELINE_SETTINGS, type PipelineSettings } from "./settings.ts"

/** The key that the upstreams are sent. */
export const KEY = "sk-canary-7d21"

/** One thing an upstream does, at a time after the step before. */
export type Act =
  | { readonly at?: number; readonly head: number; readonly headers?: Record<string, string> }
  | { readonly at?: number; readonly data: string | Uint8Array }
  | { readonly at?: number; readonly end: true }
  | { readonly at?: number; readonly fail: UpstreamFailure }
  /** Runs within the dispatch, before it returns. */
  | { readonly sync: readonly Act[] }

export interface World {
  readonly ports: Ports
  readonly records: ExchangeRecord[]
  readonly intents: AttemptIntent[]
  readonly finals: Map<string, AttemptFinal>
  readonly requests: UpstreamRequest[]
  /** Calls that were aborted, by their place in `requests`. */
  readonly aborted: Set<number>
  readonly client: RecordedClient
  /** Whether the journal answers at once; else `releaseJournal` does. */
  releaseJournal(): void
  /** Moves the clock on, running what is due in order. */
  advance(ms: number): void
  /** Timers still set. */
  timers(): number
}

export interface RecordedClient extends Client {
  status: number | null
  headers: Readonly<Record<string, string>>
  body: string
  end_: "open" | "ended" | "destroyed"
  isBlocked: boolean
  drain(): void
  leave(): void
  /** The gateway ends. */
  cut(): void
}

interface Timer {
  readonly at: number
  readonly order: number
  readonly run: () => void
}

export function createWorld(options: {
  readonly scripts: readonly (readonly Act[])[]
  readonly holdJournal?: boolean
  readonly draw?: number
  readonly refuseStream?: Refusal
}): World {
  let now = 1_000_000
  let order = 0
  const timers = new Set<Timer>()
  const after = (delayMs: number, run: () => void): (() => void) => {
    const timer = { at: now + delayMs, order: order++, run }
    timers.add(timer)
    return () => void timers.delete(timer)
  }
  const records: ExchangeRecord[] = []
  const intents: AttemptIntent[] = []
  const finals = new Map<string, AttemptFinal>()
  const requests: UpstreamRequest[] = []
  const aborted = new Set<number>()
  const waiting: (() => void)[] = []
  const client = recordClient()

  const dispatch = (request: UpstreamRequest, handler: UpstreamHandler) => {
    const index = requests.push(request) - 1
    return playActs(options.scripts[index] ?? [], handler, after, () => void aborted.add(index))
  }
  const ports: Ports = {
    now: () => now,
    monotonic: () => now,
    draw: () => options.draw ?? 0,
    after,
    nextAttemptId: () => `boot-${intents.length + 1}`,
    dispatch,
    journal: {
      isWritable: true,
      intend(intent, then) {
        intents.push(intent)
        const entry = {
          settle(final: AttemptFinal) {
            if (finals.has(intent.id)) throw new Error(`${intent.id} is settled twice`)
            finals.set(intent.id, final)
          },
        }
        if (options.holdJournal === true) waiting.push(() => then(entry, true))
        else then(entry, true)
      },
    },
    refuseStream: () => options.refuseStream ?? null,
    observe: (record) => void records.push(record),
  }
  return {
    ports,
    records,
    intents,
    finals,
    requests,
    aborted,
    client,
    releaseJournal() {
      for (const release of waiting.splice(0)) release()
    },
    advance(ms) {
      const until = now + ms
      for (;;) {
        const due = [...timers]
          .filter((timer) => timer.at <= until)
          .sort((a, b) => a.at - b.at || a.order - b.order)[0]
        if (due === undefined) break
        timers.delete(due)
        now = Math.max(now, due.at)
        due.run()
      }
      now = until
    },
    timers: () => timers.size,
  }
}

function playActs(
  acts: readonly Act[],
  handler: UpstreamHandler,
  after: (delayMs: number, run: () => void) => () => void,
  onAbort: () => void,
): UpstreamCall {
  let isOver = false
  let isPaused = false
  let cancelAct: () => void = () => {}
  const queue = [...acts]
  const perform = (act: Act): void => {
    if (isOver) throw new Error("the upstream acts after its end")
    if ("sync" in act) throw new Error("sync acts come first")
    if ("head" in act) {
      const type = { "content-type": "application/json" }
      handler.onResponse(act.head, act.headers ?? type)
    } else if ("data" in act) {
      const bytes = typeof act.data === "string" ? new TextEncoder().encode(act.data) : act.data
      if (!handler.onData(bytes)) isPaused = true
    } else if ("fail" in act) {
      isOver = true
      handler.onFailure(act.fail)
    } else {
      isOver = true
      handler.onEnd()
    }
  }
  const next = (): void => {
    const act = queue.shift()
    if (act === undefined || "sync" in act) return
    cancelAct = after(act.at ?? 0, () => {
      perform(act)
      if (!isPaused && !isOver) next()
    })
  }
  const [first] = queue
  if (first !== undefined && "sync" in first) {
    queue.shift()
    for (const act of first.sync) if (!isOver) perform(act)
  }
  next()
  return {
    conceal: (text) => text.replaceAll(KEY, "[secret]"),
    resume() {
      if (!isPaused) return
      isPaused = false
      next()
    },
    abort() {
      isOver = true
      cancelAct()
      onAbort()
    },
  }
}

function recordClient(): RecordedClient {
  const drains: (() => void)[] = []
  const leaves: (() => void)[] = []
  let holder: Holder | null = null
  const text = (bytes: Uint8Array | string): string =>
    typeof bytes === "string" ? bytes : new TextDecoder().decode(bytes)
  const client: RecordedClient = {
    status: null,
    headers: {},
    body: "",
    end_: "open",
    isBlocked: false,
    start(status, headers) {
      if (client.status !== null) throw new Error("the answer starts twice")
      client.status = status
      client.headers = toRecord(headers)
    },
    write(bytes) {
      if (client.status === null || client.end_ !== "open") throw new Error("a write out of turn")
      client.body += text(bytes)
      return !client.isBlocked
    },
    end(bytes) {
      if (client.status === null || client.end_ !== "open") throw new Error("an end out of turn")
      if (bytes !== undefined) client.body += text(bytes)
      client.end_ = "ended"
    },
    destroy() {
      client.end_ = "destroyed"
    },
    onDrain: (listener) => void drains.push(listener),
    onGone: (listener) => void leaves.push(listener),
    heldBy: (one) => {
      holder = one
    },
    drain() {
      client.isBlocked = false
      for (const listener of drains) listener()
    },
    leave() {
      for (const listener of leaves) listener()
    },
    cut() {
      holder?.giveUp(refuse("draining", "the sidecar ended", { retryAfterSeconds: 1 }))
    },
  }
  return client
}

function toRecord(headers: HeaderList): Record<string, string> {
  const record: Record<string, string> = {}
  for (let index = 0; index < headers.length; index += 2) {
    record[headers[index] ?? ""] = headers[index + 1] ?? ""
  }
  return record
}

export function makeRaw(body: unknown, more: Partial<RawRequest> = {}): RawRequest {
  const text = typeof body === "string" ? body : JSON.stringify(body)
  return {
    method: "POST",
    path: "/v1/chat/completions",
    query: "",
    headers: {},
    body: new TextEncoder().encode(text),
    receivedAt: 1_000_000,
    id: "req-1",
    ...more,
  }
}

export const CHAT = { model: "smart", messages: [{ role: "user", content: "Hello there" }] }

/** Starts one chat in `world`; time stands still until `advance`. */
export function startChat(
  world: World,
  options: {
    readonly runtime?: Runtime
    readonly body?: unknown
    readonly raw?: Partial<RawRequest>
    readonly settings?: Partial<PipelineSettings>
    readonly surface?: Surface
  } = {},
): void {
  handleModelCall(
    options.surface ?? SURFACES["openai-chat"],
    {
      runtime: options.runtime ?? makeRuntime(),
      raw: makeRaw(options.body ?? CHAT, options.raw ?? {}),
      client: world.client,
    },
    { ports: world.ports, settings: { ...PIPELINE_SETTINGS, ...options.settings } },
  )
}
