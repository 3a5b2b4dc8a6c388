/**
 * Many light sidecars in one process that come back when their stream ends, as real ones do: hello
 * with what they hold, a TLS stream and a second connection for calls each, every push
 * acknowledged, full jitter between attempts. They link nothing and keep nothing but the version.
 *
 * In: `fleet.ts FILE`, a FleetFile. Out: one line `fleet PORT`; `GET /?since=EPOCH_MS` there answers
 * with a FleetState.
 */
import { readFileSync } from "node:fs"
import { createServer } from "node:http"
import { Agent, type RequestOptions, request } from "node:https"
import type { HeldVersion } from "#proxy/contract/push.ts"
import { backoffMs } from "#proxy/sync/backoff.ts"

export interface FleetFile {
  readonly port: number
  readonly serverName: string
  readonly ca: string
  readonly tokens: readonly string[]
}

export interface FleetState {
  /** Sidecars with an open stream. */
  readonly open: number
  /** When the last of them opened its stream, epoch ms. */
  readonly openedAt: number
  /** Sidecars whose last Snapshot was acknowledged at or after `since`. */
  readonly acknowledged: number
  /** When the first and the last of those had its answer, epoch ms. */
  readonly firstAt: number
  readonly lastAt: number
  /** Calls and streams that failed so far. */
  readonly failures: number
}

interface Sidecar {
  readonly token: string
  readonly agent: Agent
  held: HeldVersion | null
  isOpen: boolean
  openedAt: number
  acknowledgedAt: number
}

/** As `proxy/sync` waits. */
const BACKOFF = { leastMs: 100, mostMs: 10_000 }
const VERSION = /"version":\{"term":(\d+),"generation":(\d+)\},"hash":"([0-9a-f]{64})"/
const SNAPSHOT = Buffer.from("event: snapshot\n")
const END = Buffer.from("\n\n")

const fleet = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as FleetFile
const { ca, port, serverName } = fleet
let failures = 0
const sidecars = fleet.tokens.map((token): Sidecar => {
  const agent = new Agent({ ca, keepAlive: true, maxSockets: 2, servername: serverName })
  return { token, agent, held: null, isOpen: false, openedAt: 0, acknowledgedAt: 0 }
})
for (const sidecar of sidecars) void live(sidecar)

createServer((incoming, outgoing) => {
  const since = Number(new URL(incoming.url ?? "/", "http://fleet").searchParams.get("since"))
  outgoing.end(JSON.stringify(stateSince(since)))
}).listen(0, "127.0.0.1", function listening(this: ReturnType<typeof createServer>) {
  const address = this.address()
  console.log(`fleet ${address !== null && typeof address === "object" ? address.port : 0}`)
})

function stateSince(since: number): FleetState {
  const open = sidecars.filter(({ isOpen }) => isOpen)
  const times = sidecars.map(({ acknowledgedAt }) => acknowledgedAt).filter((at) => at >= since)
  return {
    open: open.length,
    openedAt: Math.max(0, ...open.map(({ openedAt }) => openedAt)),
    acknowledged: times.length,
    firstAt: Math.min(Number.MAX_SAFE_INTEGER, ...times),
    lastAt: Math.max(0, ...times),
    failures,
  }
}

async function live(sidecar: Sidecar): Promise<void> {
  for (let tries = 0; ; ) {
    let retryAfterSeconds: number | null = null
    try {
      const { held } = sidecar
      const answer = await post(sidecar, "/v1/hello", {
        boot: sidecar.token.slice(-12),
        held,
        credentials: null,
        journalSequence: 0,
        schemaVersion: 2,
        release: "scale",
      })
      retryAfterSeconds = answer.retryAfterSeconds
      if (answer.status === 200) {
        const { session } = JSON.parse(answer.text) as { readonly session: string }
        if (await stream(sidecar, session)) tries = 0
      }
    } catch {
      // The operator is away.
    }
    failures += 1
    tries += 1
    const waitMs = backoffMs(tries, Math.random(), retryAfterSeconds, BACKOFF)
    await new Promise((resolve) => setTimeout(resolve, waitMs))
  }
}

/** Resolves when the stream has ended: true when it had begun. */
function stream(sidecar: Sidecar, session: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const options = optionsOf(sidecar, "GET", `/v1/config?session=${session}`)
    const outgoing = request(options, (response) => {
      if (response.statusCode !== 200) {
        response.resume()
        resolve(false)
        return
      }
      sidecar.isOpen = true
      sidecar.openedAt = Date.now()
      let chunks: Buffer[] = []
      response.on("data", (chunk: Buffer) => {
        chunks.push(chunk)
        if (!chunk.subarray(-2).equals(END)) return
        const bytes = chunks.length === 1 ? chunk : Buffer.concat(chunks)
        chunks = []
        takeFrames(sidecar, session, bytes)
      })
      response.on("error", () => undefined)
      response.on("close", () => {
        sidecar.isOpen = false
        resolve(true)
      })
    })
    outgoing.on("error", reject)
    outgoing.end()
  })
}

/** Only the newest Snapshot of what came together. */
function takeFrames(sidecar: Sidecar, session: string, bytes: Buffer): void {
  const from = bytes.lastIndexOf(SNAPSHOT)
  if (from < 0) return
  const [, term, generation, hash = ""] =
    VERSION.exec(bytes.toString("latin1", from, from + 256)) ?? []
  const version = { term: Number(term), generation: Number(generation) }
  const held = { ...version, hash }
  post(sidecar, "/v1/status", { session, version, held, nack: null }).then(
    ({ status }) => {
      if (status !== 200) failures += 1
      else {
        sidecar.held = held
        sidecar.acknowledgedAt = Date.now()
      }
    },
    () => {
      failures += 1
    },
  )
}

interface Answer {
  readonly status: number
  readonly text: string
  readonly retryAfterSeconds: number | null
}

function post(sidecar: Sidecar, path: string, body: unknown): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(optionsOf(sidecar, "POST", path), (response) => {
      let text = ""
      response.setEncoding("utf8")
      response.on("data", (chunk: string) => {
        text += chunk
      })
      response.on("error", reject)
      response.on("end", () => {
        const wait = Number(response.headers["retry-after"])
        const retryAfterSeconds = Number.isFinite(wait) ? wait : null
        resolve({ status: response.statusCode ?? 0, text, retryAfterSeconds })
      })
    })
    outgoing.on("error", reject)
    outgoing.end(JSON.stringify(body))
  })
}

function optionsOf({ agent, token }: Sidecar, method: string, path: string): RequestOptions {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" }
  return { host: "127.0.0.1", port, servername: serverName, agent, method, path, headers }
}
