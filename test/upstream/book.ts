/**
 * The upstream's own account of what reached it: the truth that records are compared with.
 *
 * Facts of the last 500,000 attempts and whole bodies of the last 200 are kept; older ones are
 * forgotten, their counts are not.
 */

export interface Attempt {
  /** From 1, in order of arrival of the request's head. */
  readonly number: number
  readonly backend: string
  readonly model: string
  /** The body's `user`: tests give each request its own, and it is in the usage record too. */
  readonly user: string | null
  readonly isStream: boolean
  /** First 16 hex digits of the SHA-256 of the `authorization` header; null without one. */
  readonly authorizationHash: string | null
  /** `received`: its body is whole; `answered`: the last byte was handed to the kernel. */
  readonly state: "head" | "received" | "answered" | "faulted" | "client-gone"
  /** Status it was answered with; null before. */
  readonly status: number | null
}

export interface Counts {
  readonly heads: number
  readonly received: number
  readonly answered: number
  readonly faulted: number
  readonly clientGone: number
  readonly connections: number
}

export interface RecordedBody {
  readonly number: number
  readonly path: string
  /** Names and values as they came, in turn. */
  readonly rawHeaders: readonly string[]
  readonly bodyBase64: string
}

const ATTEMPTS_MAX = 500_000
const BODIES_MAX = 200

export interface Book {
  readonly open: (backend: string) => number
  readonly note: (number: number, facts: Partial<Omit<Attempt, "number">>) => void
  readonly keepBody: (body: RecordedBody) => void
  readonly connected: () => void
  readonly attempts: (from: number) => readonly Attempt[]
  readonly bodies: () => readonly RecordedBody[]
  readonly counts: () => Counts
  readonly reset: () => void
}

export function createBook(): Book {
  const attempts = new Map<number, Attempt>()
  let bodies: RecordedBody[] = []
  let last = 0
  let counts = noCounts()
  return {
    open: (backend) => {
      last += 1
      counts = { ...counts, heads: counts.heads + 1 }
      attempts.set(last, newAttempt(last, backend))
      attempts.delete(last - ATTEMPTS_MAX)
      return last
    },
    note: (number, facts) => {
      const attempt = attempts.get(number)
      if (attempt === undefined) return
      attempts.set(number, { ...attempt, ...facts })
      if (facts.state !== undefined) counts = counted(counts, facts.state)
    },
    keepBody: (body) => {
      bodies.push(body)
      if (bodies.length > BODIES_MAX) bodies.shift()
    },
    connected: () => {
      counts = { ...counts, connections: counts.connections + 1 }
    },
    attempts: (from) => [...attempts.values()].filter((attempt) => attempt.number >= from),
    bodies: () => bodies,
    counts: () => counts,
    reset: () => {
      attempts.clear()
      bodies = []
      counts = noCounts()
    },
  }
}

function newAttempt(number: number, backend: string): Attempt {
  return {
    number,
    backend,
    model: "",
    user: null,
    isStream: false,
    authorizationHash: null,
    state: "head",
    status: null,
  }
}

function noCounts(): Counts {
  return { heads: 0, received: 0, answered: 0, faulted: 0, clientGone: 0, connections: 0 }
}

function counted(counts: Counts, state: Attempt["state"]): Counts {
  switch (state) {
    case "head":
      return counts
    case "received":
      return { ...counts, received: counts.received + 1 }
    case "answered":
      return { ...counts, answered: counts.answered + 1 }
    case "faulted":
      return { ...counts, faulted: counts.faulted + 1 }
    case "client-gone":
      return { ...counts, clientGone: counts.clientGone + 1 }
    default:
      return state satisfies never
  }
}
