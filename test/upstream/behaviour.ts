/**
 * How the test upstream answers. One process plays many backends: the first path segment of the
 * request names one (`/alpha/v1/chat/completions`), and each backend, or one model of it, has a
 * behaviour.
 */

export interface Behaviour {
  /** HTTP status of the answer; other than 200 the body is an OpenAI error object. */
  readonly status: number
  /** Added to the answer's headers. */
  readonly headers: Readonly<Record<string, string>>
  /** Replaces the generated body; may be anything but JSON too. */
  readonly body: string | null
  /** Before the head goes out, in ms. */
  readonly delayMs: number
  /** Before each event of a stream, in ms; 0 sends them all in one write. */
  readonly eventDelayMs: number
  /** Content deltas of a stream, words of a whole answer. */
  readonly words: number
  /** Content is padded with this many further bytes. */
  readonly paddingBytes: number
  /**
   * `present` counts words; `absent` leaves it out; anything else stands in the answer as it is.
   */
  readonly usage: "present" | "absent" | { readonly verbatim: unknown }
  readonly fault: Fault
}

/** What goes wrong on the wire. `afterBytes` counts bytes of the answer's body. */
export type Fault =
  | { readonly kind: "none" }
  /** The connection ends there, without a proper end of the message. */
  | { readonly kind: "cut"; readonly afterBytes: number }
  /** Reset (RST) before any byte of the answer. */
  | { readonly kind: "reset" }
  /** Nothing more comes and nothing is closed. `afterBytes: null`: not even a head. */
  | { readonly kind: "silence"; readonly afterBytes: number | null }
  /** Bytes that are not HTTP. */
  | { readonly kind: "garbage" }
  | { readonly kind: "drip"; readonly bytes: number; readonly everyMs: number }

export const DEFAULT_BEHAVIOUR: Behaviour = {
  status: 200,
  headers: {},
  body: null,
  delayMs: 0,
  eventDelayMs: 0,
  words: 5,
  paddingBytes: 0,
  usage: "present",
  fault: { kind: "none" },
}

/** What a test asks over the control port: the fields that differ from the default. */
export interface BehaviourRule {
  readonly backend: string
  /** Only for this model; null for every model of the backend. */
  readonly model: string | null
  readonly behaviour: Partial<Behaviour>
  /** After this many answers the rule is gone; null keeps it. */
  readonly times: number | null
}

/**
 * The rules in force: the newest rule for (backend, model), else for the backend, else the default.
 */
export function createRuleBook(): {
  readonly set: (rule: BehaviourRule) => void
  readonly clear: () => void
  /** Uses the rule once. */
  readonly take: (backend: string, model: string) => Behaviour
} {
  const rules = new Map<string, { behaviour: Behaviour; left: number | null }>()
  return {
    set: (rule) => {
      const behaviour = { ...DEFAULT_BEHAVIOUR, ...rule.behaviour }
      rules.set(keyOf(rule.backend, rule.model), { behaviour, left: rule.times })
    },
    clear: () => rules.clear(),
    take: (backend, model) => {
      for (const key of [keyOf(backend, model), keyOf(backend, null)]) {
        const rule = rules.get(key)
        if (rule === undefined) continue
        if (rule.left !== null) {
          rule.left -= 1
          if (rule.left <= 0) rules.delete(key)
        }
        return rule.behaviour
      }
      return DEFAULT_BEHAVIOUR
    },
  }
}

function keyOf(backend: string, model: string | null): string {
  return JSON.stringify([backend, model])
}
