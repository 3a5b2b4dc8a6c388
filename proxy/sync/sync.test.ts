import { createHash } from "node:crypto"
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { canonicalJson } from "#proxy/contract/json.ts"
import type {
  ConfigEvent,
  Hello,
  PodIdentity,
  SnapshotPush,
  StatusReport,
} from "#proxy/contract/push.ts"
import { backoffMs } from "./backoff.ts"
import { ChannelError, type ControlChannel } from "./channel.ts"
import { openLastGood } from "./last-good.ts"
import type { Link } from "./receive.ts"
import { type Sync, type SyncEvent, type SyncOptions, startSync } from "./sync.ts"

const NOW = 1_800_000_000_000
const CANARY = "sk-canary-5f0c1d"
let directory = ""
const closing: (() => Promise<unknown>)[] = []

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "sidegate-sync-"))
})
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
  rmSync(directory, { recursive: true, force: true })
})

const IDENTITY: PodIdentity = {
  namespace: "search",
  pod: "api-0",
  podUid: "uid-1",
  application: "api",
  labels: { app: "api" },
}

function makePush(term: number, generation: number, models: readonly string[] = []): SnapshotPush {
  const snapshot = {
    schemaVersion: 2,
    namespace: "search",
    team: { kind: "unassigned" },
    access: { kind: "none" },
    providers: {},
    routes: [],
    models: { exact: Object.fromEntries(models.map((model) => [model, 0])), prefixes: [] },
    prices: {},
  } as const
  const hash = createHash("sha256").update(canonicalJson(snapshot)).digest("hex")
  return { version: { term, generation }, hash, snapshot }
}

/** An operator as a value: the test says what it does, and sees what it was told. */
interface Operator extends ControlChannel {
  readonly hellos: Hello[]
  readonly statuses: StatusReport[]
  /** What the next hellos are answered with; the pod's identity when empty. */
  readonly answers: (PodIdentity | ChannelError)[]
  readonly send: (event: ConfigEvent) => void
  readonly endStream: (error?: ChannelError) => void
  readonly isStreaming: () => boolean
  failStatus: ChannelError | null
}

function makeOperator(): Operator {
  let stream: {
    onEvent: (event: ConfigEvent) => void
    end: (error?: ChannelError) => void
  } | null = null
  const operator: Operator = {
    hellos: [],
    statuses: [],
    answers: [],
    failStatus: null,
    send: (event) => stream?.onEvent(event),
    endStream: (error) => stream?.end(error),
    isStreaming: () => stream !== null,
    hello: async (hello) => {
      operator.hellos.push(hello)
      const answer = operator.answers.shift() ?? IDENTITY
      if (answer instanceof ChannelError) throw answer
      return { session: `session-${operator.hellos.length}`, identity: answer }
    },
    config: (_session, onEvent, signal) =>
      new Promise((resolve, reject) => {
        const end = (error?: ChannelError): void => {
          stream = null
          if (error === undefined) resolve()
          else reject(error)
        }
        stream = { onEvent, end }
        signal.addEventListener("abort", () => end())
      }),
    status: async (report) => {
      operator.statuses.push(report)
      if (operator.failStatus !== null) throw operator.failStatus
    },
    usage: async () => ({ acknowledged: 0 }),
    close: async () => undefined,
  }
  return operator
}

const link: Link<string> = (push, identity) => ({
  ok: true,
  runtime: `${push.version.term}.${push.version.generation} ${identity.labels["app"]}`,
})

interface Started {
  readonly sync: Sync
  /** In the order they came: Runtimes, and `keys` for credentials. */
  readonly seen: (string | null)[]
  readonly events: SyncEvent[]
}

function start(operator: Operator, more: Partial<SyncOptions<string>> = {}): Started {
  const seen: (string | null)[] = []
  const events: SyncEvent[] = []
  const sync = startSync<string>({
    channel: operator,
    boot: "boot-1",
    release: "1.2.3",
    journalSequence: () => 7,
    link,
    onRuntime: (runtime) => seen.push(runtime),
    onCredentials: ({ entries }) => seen.push(`keys of ${entries.map((one) => one.provider)}`),
    lastGood: openLastGood(directory, () => undefined),
    report: (event) => events.push(event),
    now: () => NOW,
    draw: () => 0,
    backoff: { leastMs: 1, mostMs: 5 },
    ...more,
  })
  closing.push(() => sync.close())
  return { sync, seen, events }
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 15_000
  while (!condition()) {
    if (Date.now() > deadline) throw new Error("the condition did not come true within 15 s")
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

describe("a session", () => {
  test("begins with what is held, and every push is answered in order", async () => {
    const operator = makeOperator()
    const { sync, seen } = start(operator)
    await until(() => operator.isStreaming())
    expect(operator.hellos).toEqual([
      {
        boot: "boot-1",
        held: null,
        credentials: null,
        journalSequence: 7,
        schemaVersion: 2,
        release: "1.2.3",
      },
    ])
    const first = makePush(1, 1)
    const second = makePush(1, 2, ["a"])
    operator.send({
      event: "credentials",
      data: {
        revision: "r1",
        entries: [{ kind: "key", provider: "openai", origin: "https://a.example", value: "k" }],
        temporary: [],
        pending: [],
      },
    })
    operator.send({ event: "snapshot", data: first })
    operator.send({ event: "snapshot", data: second })
    operator.send({ event: "snapshot", data: first })
    await until(() => operator.statuses.length === 3)
    expect(seen).toEqual(["keys of openai", "1.1 api", "1.2 api"])
    expect(
      operator.statuses.map(({ session, held, nack }) => [session, held?.generation, nack?.reason]),
    ).toEqual([
      ["session-1", 1, undefined],
      ["session-1", 2, undefined],
      ["session-1", 2, "stale_version: 1.1 is older than 1.2"],
    ])
    expect(sync.state()).toEqual({
      isConnected: true,
      version: "1.2",
      hash: second.hash,
      appliedAt: NOW,
      nacks: 1,
    })
  })

  test("takes keys also without a state directory, as `sidegate run` has none", async () => {
    const operator = makeOperator()
    const { seen } = start(operator, { lastGood: null })
    await until(() => operator.isStreaming())
    const entry = { kind: "key", provider: "openai", origin: "http://a", value: "k" } as const
    operator.send({
      event: "credentials",
      data: { revision: "r1", entries: [entry], temporary: [], pending: [] },
    })
    expect(seen).toEqual(["keys of openai"])
  })

  test("that ends is followed by another, which says what is held", async () => {
    const operator = makeOperator()
    const { sync, events } = start(operator)
    await until(() => operator.isStreaming())
    const push = makePush(1, 1)
    operator.send({
      event: "credentials",
      data: { revision: "r1", entries: [], temporary: [], pending: [] },
    })
    operator.send({ event: "snapshot", data: push })
    operator.endStream()
    await until(() => operator.hellos.length === 2 && operator.isStreaming())
    expect(operator.hellos[1]).toMatchObject({
      held: { term: 1, generation: 1, hash: push.hash },
      credentials: "r1",
    })
    operator.endStream(new ChannelError("unreachable", "cut"))
    await until(() => operator.hellos.length === 3)
    expect(events.filter(({ kind }) => kind === "disconnected")).toEqual([
      { kind: "disconnected", code: "stream_ended", message: "the operator ended the stream" },
      { kind: "disconnected", code: "unreachable", message: "cut" },
    ])
    await until(() => sync.state().isConnected)
  })

  test("is tried again until the operator takes it", async () => {
    const operator = makeOperator()
    for (const code of ["unreachable", "not_leader", "unauthorized"]) {
      operator.answers.push(new ChannelError(code, code))
    }
    start(operator)
    await until(() => operator.isStreaming())
    expect(operator.hellos).toHaveLength(4)
  })

  test("whose answer cannot be delivered ends, and the next one begins", async () => {
    const operator = makeOperator()
    const { seen } = start(operator)
    await until(() => operator.isStreaming())
    operator.failStatus = new ChannelError("unknown_session", "gone")
    operator.send({ event: "snapshot", data: makePush(1, 1) })
    await until(() => operator.hellos.length === 2)
    expect(seen).toEqual(["1.1 api"])
  })

  test("links again when the pod's identity changes", async () => {
    const operator = makeOperator()
    const { seen } = start(operator)
    await until(() => operator.isStreaming())
    operator.send({ event: "snapshot", data: makePush(1, 1) })
    operator.send({ event: "identity", data: { ...IDENTITY, labels: { app: "web" } } })
    operator.send({ event: "identity", data: { ...IDENTITY, labels: { app: "web" } } })
    expect(seen).toEqual(["1.1 api", "1.1 web"])
  })

  test("refuses what its link throws on, and the bug reaches the process", async () => {
    const listeners = process.listeners("uncaughtException")
    process.removeAllListeners("uncaughtException")
    const caught = new Promise((resolve) => process.once("uncaughtException", resolve))
    const operator = makeOperator()
    const { seen } = start(operator, {
      link: () => {
        throw new Error("a bug")
      },
    })
    await until(() => operator.isStreaming())
    operator.send({ event: "snapshot", data: makePush(1, 1) })
    await until(() => operator.statuses.length === 1)
    expect(operator.statuses[0]?.nack?.reason).toBe("internal_error: linking failed: a bug")
    expect(seen).toEqual([])
    expect(await caught).toMatchObject({ message: "a bug" })
    for (const listener of listeners) process.on("uncaughtException", listener)
  })

  test("ends with the process, also while it waits to come back", async () => {
    const operator = makeOperator()
    for (let index = 0; index < 100; index++) {
      operator.answers.push(new ChannelError("unreachable", "away", 3600))
    }
    const { sync } = start(operator)
    await until(() => operator.hellos.length === 1)
    await sync.close()
    expect(sync.state().isConnected).toBe(false)
  })
})

describe("a restart", () => {
  async function serveOnce(): Promise<SnapshotPush> {
    const operator = makeOperator()
    const { sync } = start(operator)
    await until(() => operator.isStreaming())
    const push = makePush(3, 17, ["smart"])
    operator.send({
      event: "credentials",
      data: {
        revision: "r9",
        entries: [{ kind: "key", provider: "openai", origin: "https://a.example", value: CANARY }],
        temporary: [],
        pending: [],
      },
    })
    operator.send({ event: "snapshot", data: push })
    await sync.close()
    return push
  }

  const away = (): Operator => {
    const operator = makeOperator()
    for (let index = 0; index < 1000; index++) {
      operator.answers.push(new ChannelError("unreachable", "away"))
    }
    return operator
  }

  test("serves what was last good, keys included, before anybody answers", async () => {
    const push = await serveOnce()
    const operator = away()
    const { sync, seen, events } = start(operator, { now: () => NOW + 5_000 })
    expect(seen).toEqual(["keys of openai", "3.17 api"])
    expect(events[0]).toEqual({ kind: "restored", version: "3.17", ageMs: 5_000 })
    expect(sync.state()).toMatchObject({ version: "3.17", hash: push.hash, appliedAt: NOW })
    await until(() => operator.hellos.length > 0)
    expect(operator.hellos[0]).toMatchObject({
      held: { term: 3, generation: 17, hash: push.hash },
      credentials: "r9",
    })
  })

  test("keeps keys in one file that only this user can read", async () => {
    await serveOnce()
    const holding = readdirSync(directory).filter((name) =>
      readFileSync(join(directory, name), "utf8").includes(CANARY),
    )
    expect(holding).toEqual(["credentials.json"])
    expect(statSync(join(directory, "credentials.json")).mode & 0o777).toBe(0o600)
  })

  const damages = [
    { name: "empty", bytes: "" },
    { name: "cut", bytes: `{"push":{"version":{"term":1` },
    { name: "of another shape", bytes: `{"push":[],"identity":{},"savedAt":1}` },
    { name: "not JSON", bytes: "\u0000\u0001" },
  ]
  test.each(damages)("with a file that is $name starts without it", async ({ bytes }) => {
    await serveOnce()
    writeFileSync(join(directory, "last-good.json"), bytes)
    const { seen, events } = start(away())
    expect(seen).toEqual(["keys of openai"])
    expect(events[0]).toEqual({ kind: "unreadable", file: "last-good.json" })
  })

  test("does not serve a Snapshot that was changed on the volume", async () => {
    await serveOnce()
    const path = join(directory, "last-good.json")
    writeFileSync(path, readFileSync(path, "utf8").replace('"smart"', '"smurf"'))
    const { seen, events } = start(away())
    expect(seen).toEqual(["keys of openai"])
    expect(events[0]).toMatchObject({ kind: "refused", version: "3.17" })
  })

  test("in another namespace lets it go as soon as the operator says so", async () => {
    await serveOnce()
    const operator = makeOperator()
    operator.answers.push({ ...IDENTITY, namespace: "billing" })
    const { seen } = start(operator)
    await until(() => operator.isStreaming())
    expect(seen).toEqual(["keys of openai", "3.17 api", null])
  })

  test("without a state directory waits for the operator", async () => {
    await serveOnce()
    const { seen } = start(away(), { lastGood: null })
    expect(seen).toEqual([])
  })
})

test("a volume that cannot be written is told, and what is in force stays", async () => {
  const failures: string[] = []
  const store = openLastGood(join(directory, "state"), (file) => failures.push(file))
  rmSync(join(directory, "state"), { recursive: true })
  store.saveConfig({ push: makePush(1, 1), identity: IDENTITY, savedAt: NOW })
  await store.flush()
  expect(failures).toEqual([join(directory, "state", "last-good.json")])
  expect(existsSync(join(directory, "state"))).toBe(false)
})

describe("the wait before coming back", () => {
  const limits = { leastMs: 100, mostMs: 10_000 }
  const cases = [
    { name: "is short at first", failures: 1, draw: 0.99, after: null, want: 198 },
    { name: "is never nothing", failures: 1, draw: 0, after: null, want: 100 },
    { name: "grows with every failure", failures: 4, draw: 0.5, after: null, want: 800 },
    { name: "stops growing at ten seconds", failures: 60, draw: 0.999, after: null, want: 9990 },
    { name: "spreads over the whole range", failures: 60, draw: 0.1, after: null, want: 1000 },
    { name: "is at least what the operator asks for", failures: 1, draw: 0, after: 3, want: 3000 },
  ]
  test.each(cases)("$name", ({ failures, draw, after, want }) => {
    expect(backoffMs(failures, draw, after, limits)).toBe(want)
  })
})
