/**
 * How long everything is measured: the whole run stays under eight minutes, the quick one under
 * 40 s.
 */

/** Many short turns: both sides of one are measured within a second and disturbed alike. */
export interface Plan {
  readonly warmUpMs: number
  readonly throughput: { readonly rounds: number; readonly durationMs: number }
  readonly latency: { readonly rounds: number; readonly durationMs: number }
  readonly streams: { readonly rounds: number; readonly durationMs: number }
  readonly coldStarts: number
  /** Turns that may be repeated because others used the machine. */
  readonly repeatsMax: number
}

export const FULL: Plan = {
  // A gateway on one core compiles its hot code for seconds: measured, the proxy's cost of a
  // request falls by half over ten of them. What is compared is the steady state of both.
  warmUpMs: 10_000,
  throughput: { rounds: 30, durationMs: 500 },
  latency: { rounds: 4, durationMs: 2000 },
  // A stream takes two seconds, and so does the start of all of them.
  streams: { rounds: 7, durationMs: 4000 },
  coldStarts: 5,
  repeatsMax: 60,
}

export const QUICK: Plan = {
  warmUpMs: 1200,
  throughput: { rounds: 5, durationMs: 400 },
  latency: { rounds: 1, durationMs: 800 },
  streams: { rounds: 1, durationMs: 500 },
  coldStarts: 2,
  repeatsMax: 0,
}

export const CONNECTIONS = 64
export const STREAMS = 100

/**
 * Sizes of the chat, and the rate at which latency is measured: about a tenth of what the floor can
 * do.
 */
export const SIZES = [
  { name: "1 KB", bodyBytes: 1024, ratePerSecond: 500 },
  { name: "16 KB", bodyBytes: 16 * 1024, ratePerSecond: 250 },
  { name: "256 KB", bodyBytes: 256 * 1024, ratePerSecond: 25 },
] as const

/**
 * Least share of the floor's throughput that the proxy must reach, by size; the goals beyond stand
 * beside.
 */
export const GATES: readonly { readonly size: string; readonly least: number; goal: number }[] = [
  { size: "1 KB", least: 0.6, goal: 0.85 },
  { size: "16 KB", least: 0.9, goal: 1.2 },
]

/** Most of the floor's CPU that the proxy may take for an event of a stream that passes. */
export const STREAM_CPU_MOST = 1.1
/** Chunks a second that one core must translate. */
export const TRANSLATED_LEAST = 20_000
