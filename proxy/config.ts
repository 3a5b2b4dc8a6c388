/**
 * The settings of a sidecar, read once from the environment into one frozen value.
 *
 * In: environment variables as text. Out: a ProxyConfig, or one sentence that names the variable,
 * what was wrong with it and what it may be. Nothing here says who the sidecar is: identity is the
 * operator's word.
 */

export const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export interface ListenAddress {
  readonly host: string
  /** 0 picks a free one; the further addresses of a surface take the port of its first. */
  readonly port: number
}

export interface ProxyConfig {
  readonly release: string
  /**
   * Last good Snapshot and keys, on memory; null keeps nothing, so a restart waits for the
   * operator.
   */
  readonly stateDir: string | null
  readonly journalDir: string
  /** For applications: loopback only. An address family that the host lacks is left out. */
  readonly app: readonly ListenAddress[]
  /** `/healthz`, `/startupz`, `/readyz`, `/metrics`. */
  readonly ops: readonly ListenAddress[]
  /** PEM file of further roots for upstreams; null trusts the public ones alone. */
  readonly upstreamCaFile: string | null
  readonly logLevel: LogLevel
  /** 1 is stdout, 2 is stderr. */
  readonly logFd: 1 | 2
  readonly limits: ProxyLimits
}

/** Every bound of the shell. What happens at it stands beside it. */
export interface ProxyLimits {
  /** Whole request body; 413. */
  readonly bodyBytesMax: number
  /** All bodies being received or served together; 503 `overloaded`. */
  readonly bodiesBytesMax: number
  /** Request line and headers; 431. */
  readonly headerBytesMax: number
  /** Header lines; 431. */
  readonly headersMax: number
  /** From the first byte of a request to the end of its headers; 408. */
  readonly headersTimeoutMs: number
  /** Between two pieces of a body; 408. */
  readonly bodyStallMs: number
  /** From the first byte of a request to its last; 408. */
  readonly requestTimeoutMs: number
  /** An idle connection is closed. */
  readonly keepAliveMs: number
  /** Connections of the application; the next one gets 503 `overloaded`. */
  readonly connectionsMax: number
  /** Exchanges at once; 503 `overloaded`. */
  readonly exchangesMax: number
  /** How long streams may run on after SIGTERM; then they are cut. */
  readonly drainMs: number
  /**
   * How long after its start it says on `/startupz` that configuration is missing; then it says
   * that it has started all the same. 0 never does.
   */
  readonly holdMs: number
  /** Connections to one provider; further requests wait for one within their deadline. */
  readonly upstreamConnectionsMax: number
  /** Headers of an answer; the attempt fails as `too-large`. */
  readonly upstreamHeaderBytesMax: number
  /** Body of an answer or whole stream; the attempt fails as `too-large`. */
  readonly upstreamBodyBytesMax: number
  /** One look-up, all families and search domains; the attempt fails as `dns`. */
  readonly dnsTimeoutMs: number
  /**
   * All segments of the journal; further intents are kept in memory and the journal is degraded.
   */
  readonly journalBytesMax: number
  /** One segment; then the next is begun. */
  readonly journalSegmentBytes: number
  /**
   * Records held in memory while the journal cannot be written; the next is dropped and counted.
   */
  readonly journalMemoryRecordsMax: number
}

export const DEFAULT_LIMITS: ProxyLimits = Object.freeze({
  bodyBytesMax: 16 * 1024 * 1024,
  bodiesBytesMax: 48 * 1024 * 1024,
  headerBytesMax: 16 * 1024,
  headersMax: 128,
  headersTimeoutMs: 10_000,
  bodyStallMs: 10_000,
  requestTimeoutMs: 60_000,
  keepAliveMs: 75_000,
  connectionsMax: 1024,
  exchangesMax: 1024,
  drainMs: 25_000,
  holdMs: 0,
  upstreamConnectionsMax: 512,
  upstreamHeaderBytesMax: 16 * 1024,
  upstreamBodyBytesMax: 64 * 1024 * 1024,
  dnsTimeoutMs: 3_000,
  journalBytesMax: 48 * 1024 * 1024,
  journalSegmentBytes: 1024 * 1024,
  journalMemoryRecordsMax: 10_000,
})

/** Where a sidecar in a pod listens. */
export const POD_LISTEN = Object.freeze({
  app: Object.freeze([
    { host: "127.0.0.1", port: 4141 },
    { host: "::1", port: 4141 },
  ]),
  ops: Object.freeze([
    { host: "0.0.0.0", port: 4142 },
    { host: "::", port: 4142 },
  ]),
})

/**
 * Where the operator is and how the sidecar proves itself to it; only a sidecar in a pod has this.
 */
export interface OperatorAccess {
  /** Origin, `https:` only. */
  readonly url: string
  readonly caFile: string
  readonly tokenFile: string
  /** Name the operator's certificate must carry; null takes the host of `url`. */
  readonly serverName: string | null
}

export interface SidecarConfig {
  readonly proxy: ProxyConfig
  readonly operator: OperatorAccess
}

export type ConfigResult<T> =
  | { readonly ok: true; readonly config: T }
  | { readonly ok: false; readonly message: string }

type Environment = Readonly<Record<string, string | undefined>>

/** Settings of a sidecar in a pod: `architecture.md` section 4. */
export function readSidecarConfig(env: Environment, release: string): ConfigResult<SidecarConfig> {
  const problems: string[] = []
  const reader = readerOf(env, problems)
  const operator: OperatorAccess = {
    url: reader.operatorUrl("SIDEGATE_OPERATOR_URL"),
    caFile: reader.required("SIDEGATE_OPERATOR_CA_FILE"),
    tokenFile: reader.required("SIDEGATE_TOKEN_FILE"),
    serverName: reader.optional("SIDEGATE_OPERATOR_SERVER_NAME"),
  }
  const proxy: ProxyConfig = {
    release,
    stateDir: reader.required("SIDEGATE_STATE_DIR"),
    journalDir: reader.required("SIDEGATE_JOURNAL_DIR"),
    app: listenOn(POD_LISTEN.app, reader.number("SIDEGATE_PORT", 4141, 0, 65_535)),
    ops: listenOn(POD_LISTEN.ops, reader.number("SIDEGATE_OPS_PORT", 4142, 0, 65_535)),
    upstreamCaFile: reader.optional("SIDEGATE_UPSTREAM_CA_FILE"),
    logLevel: reader.logLevel("SIDEGATE_LOG_LEVEL"),
    logFd: 1,
    limits: limitsFrom(reader),
  }
  const [first] = problems
  if (first !== undefined) return { ok: false, message: first }
  return { ok: true, config: Object.freeze({ proxy: Object.freeze(proxy), operator }) }
}

function limitsFrom(reader: Reader): ProxyLimits {
  const limits = DEFAULT_LIMITS
  return Object.freeze({
    ...limits,
    bodyBytesMax: reader.number(
      "SIDEGATE_BODY_BYTES_MAX",
      limits.bodyBytesMax,
      1024,
      64 * 1024 * 1024,
    ),
    connectionsMax: reader.number(
      "SIDEGATE_CONNECTIONS_MAX",
      limits.connectionsMax,
      1,
      limits.connectionsMax * 16,
    ),
    drainMs: reader.number("SIDEGATE_DRAIN_MS", limits.drainMs, 0, 3_600_000),
    holdMs: reader.number("SIDEGATE_HOLD_MS", limits.holdMs, 0, 3_600_000),
    journalBytesMax: reader.number(
      "SIDEGATE_JOURNAL_BYTES_MAX",
      limits.journalBytesMax,
      1024 * 1024,
      1024 * 1024 * 1024,
    ),
  })
}

function listenOn(addresses: readonly ListenAddress[], port: number): readonly ListenAddress[] {
  return Object.freeze(addresses.map(({ host }) => ({ host, port })))
}

interface Reader {
  readonly required: (name: string) => string
  readonly optional: (name: string) => string | null
  readonly number: (name: string, otherwise: number, least: number, most: number) => number
  readonly logLevel: (name: string) => LogLevel
  readonly operatorUrl: (name: string) => string
}

function readerOf(env: Environment, problems: string[]): Reader {
  const optional = (name: string): string | null => {
    const value = env[name]
    return value === undefined || value === "" ? null : value
  }
  const required = (name: string): string => {
    const value = optional(name)
    if (value === null) problems.push(`${name} is not set; the sidecar needs it to start`)
    return value ?? ""
  }
  return {
    optional,
    required,
    number: (name, otherwise, least, most) => {
      const text = optional(name)
      if (text === null) return otherwise
      const value = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN
      if (value >= least && value <= most) return value
      problems.push(`${name} must be a whole number from ${least} to ${most}, not "${cut(text)}"`)
      return otherwise
    },
    logLevel: (name) => {
      const text = optional(name) ?? "info"
      const level = LOG_LEVELS.find((one) => one === text)
      if (level !== undefined) return level
      problems.push(`${name} must be one of ${LOG_LEVELS.join(", ")}, not "${cut(text)}"`)
      return "info"
    },
    operatorUrl: (name) => {
      const text = required(name)
      if (text === "") return ""
      const url = URL.canParse(text) ? new URL(text) : null
      const isOrigin = url !== null && url.pathname === "/" && url.search === "" && url.hash === ""
      if (isOrigin && url.protocol === "https:" && url.username === "") return url.origin
      problems.push(`${name} must be an https origin such as https://sidegate.example:8443`)
      return ""
    },
  }
}

function cut(text: string): string {
  return text.length > 64 ? `${text.slice(0, 64)}…` : text
}
