/**
 * Streams, many at a time: time to the first event, events counted, every stream checked to its
 * end.
 */
import { Agent, request } from "node:http"
import { chatBody, DONE_EVENT } from "./bodies.ts"
import type { LoadResult, LoadSpec } from "./load-spec.ts"

/** Between two events of the bench's upstream. */
const EVENT_MS = 20

export async function runStreams(
  spec: Extract<LoadSpec, { kind: "streams" }>,
): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: spec.streams })
  const body = Buffer.from(chatBody(1024, true))
  const firsts: number[] = []
  const wrong: string[] = []
  let events = 0
  let answers = 0
  const start = performance.now()
  const lane = async (at: number): Promise<void> => {
    // Spread over the life of one stream: begun together, they would wait for each other's start.
    const lifeMs = spec.eventsPerStream * EVENT_MS
    await new Promise((resolve) => setTimeout(resolve, (at * lifeMs) / spec.streams))
    while (performance.now() - start < spec.durationMs) {
      const seen = await oneStream(agent, spec, body)
      firsts.push(seen.firstMs)
      events += seen.events
      answers += 1
      if (seen.status !== 200 || seen.events !== spec.eventsPerStream || !seen.isDone) {
        if (wrong.length < 5) wrong.push(`${seen.status} with ${seen.events} events`)
      }
    }
  }
  await Promise.all(Array.from({ length: spec.streams }, (_, at) => lane(at)))
  agent.destroy()
  const sorted = firsts.sort((a, b) => a - b)
  return {
    answers,
    elapsedMs: performance.now() - start,
    wrong,
    p50Ms: sorted[Math.floor(sorted.length * 0.5)] ?? Number.NaN,
    p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN,
    events,
  }
}

interface Seen {
  readonly status: number
  readonly firstMs: number
  readonly events: number
  readonly isDone: boolean
}

function oneStream(
  agent: Agent,
  spec: Extract<LoadSpec, { kind: "streams" }>,
  body: Buffer,
): Promise<Seen> {
  return new Promise((resolve) => {
    const start = performance.now()
    let firstMs = Number.NaN
    let rest = ""
    let last = ""
    let events = 0
    const outgoing = request(
      {
        agent,
        port: spec.port,
        host: "127.0.0.1",
        method: "POST",
        path: spec.path,
        headers: { "content-type": "application/json", "content-length": body.length },
      },
      (response) => {
        const finish = (): void =>
          resolve({
            status: response.statusCode ?? 0,
            firstMs,
            events,
            isDone: `${last}\n\n` === DONE_EVENT,
          })
        response.setEncoding("latin1")
        response.on("data", (chunk: string) => {
          if (events === 0) firstMs = performance.now() - start
          // A blank line may be split over two chunks: the unfinished event is kept for the next.
          const parts = (rest + chunk).split("\n\n")
          events += parts.length - 1
          last = parts.at(-2) ?? last
          rest = parts.at(-1) ?? ""
        })
        response.on("end", finish)
        response.on("error", finish)
      },
    )
    outgoing.on("error", () => resolve({ status: 0, firstMs, events, isDone: false }))
    outgoing.end(body)
  })
}
