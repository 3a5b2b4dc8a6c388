/** The counting test upstream, as a test sees it. */
import { fileURLToPath } from "node:url"
import { type Program, startProgram } from "#test/process/program.ts"
import type { Behaviour, BehaviourRule } from "./behaviour.ts"
import type { Attempt, Counts, RecordedBody } from "./book.ts"

export interface TestUpstream {
  readonly program: Program
  /** `http://127.0.0.1:PORT`, the same for every backend. */
  readonly origin: string
  /** What an AIProvider names as its endpoint: `http://127.0.0.1:PORT/alpha/v1`. */
  readonly endpoint: (backend: string) => string
  /** From now on; `times` counts answers, after which the default holds again. */
  readonly behave: (
    backend: string,
    behaviour: Partial<Behaviour>,
    only?: { readonly model?: string; readonly times?: number },
  ) => Promise<void>
  /** Every backend answers well again. */
  readonly behaveWell: () => Promise<void>
  readonly counts: () => Promise<Counts>
  /** Attempts whose number is at least `from` (default: all). */
  readonly attempts: (from?: number) => Promise<readonly Attempt[]>
  /** The last 200 requests as they came. */
  readonly bodies: () => Promise<readonly RecordedBody[]>
  /** Forgets attempts and counts; numbers go on. */
  readonly reset: () => Promise<void>
  /** Cuts every connection, also those with an answer under way. */
  readonly cutConnections: () => Promise<void>
  /** Connections are refused until `open`. */
  readonly close: () => Promise<void>
  readonly open: () => Promise<void>
  readonly stop: () => Promise<void>
}

/** Starts one; ready when it resolves. `core` pins it. */
export async function startUpstream(
  options: { readonly core?: number } = {},
): Promise<TestUpstream> {
  const program = await startProgram({
    name: "upstream",
    args: [fileURLToPath(new URL("./main.ts", import.meta.url))],
    ...(options.core === undefined ? {} : { core: options.core }),
  })
  const [, port, controlPort] = await program.waitForLine(/^upstream (\d+) (\d+)$/, 60_000)
  const origin = `http://127.0.0.1:${port}`
  const ask = async (path: string, body?: unknown): Promise<unknown> => {
    const answer = await fetch(`http://127.0.0.1:${controlPort}${path}`, {
      method: "POST",
      body: body === undefined ? null : JSON.stringify(body),
    })
    if (answer.status !== 200)
      throw new Error(`the upstream's control port answered ${answer.status}`)
    return answer.json()
  }
  const tell = async (path: string, body?: unknown): Promise<void> => {
    await ask(path, body)
  }
  return {
    program,
    origin,
    endpoint: (backend) => `${origin}/${backend}/v1`,
    behave: (backend, behaviour, only = {}) => {
      const rule: BehaviourRule = {
        backend,
        model: only.model ?? null,
        behaviour,
        times: only.times ?? null,
      }
      return tell("/rule", rule)
    },
    behaveWell: () => tell("/clear"),
    counts: async () => (await ask("/counts")) as Counts,
    attempts: async (from = 1) => (await ask(`/attempts?from=${from}`)) as readonly Attempt[],
    bodies: async () => (await ask("/bodies")) as readonly RecordedBody[],
    reset: () => tell("/reset"),
    cutConnections: () => tell("/cut"),
    close: () => tell("/close"),
    open: () => tell("/open"),
    stop: async () => {
      await program.stop()
    },
  }
}
