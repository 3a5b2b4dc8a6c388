/**
 * The operator's log: JSON lines on stdout, fields from a closed list.
 *
 * In: an event sentence and known fields. Out: one line. A field that is not on the list is not
 * written, so no object, token or key can slip into a line by being spread into it. Must not know
 * what is logged.
 */
import { pino } from "pino"

export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** Everything a line may say besides its message. Text is cut at `FIELD_CHARACTERS_MAX`. */
export interface LogFields {
  readonly namespace?: string
  /** As `formatRef` writes it. */
  readonly object?: string
  readonly kind?: string
  readonly pod?: string
  readonly podUid?: string
  readonly session?: string
  readonly team?: string
  readonly reason?: string
  readonly code?: string
  readonly status?: number
  readonly version?: string
  readonly hash?: string
  readonly term?: number
  readonly count?: number
  readonly port?: number
  readonly file?: string
  readonly url?: string
  readonly release?: string
  readonly durationMs?: number
  /** The message of an error, never its stack. */
  readonly error?: string
}

export interface Log {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
}

/** Longer text is cut and ends in an ellipsis. */
export const FIELD_CHARACTERS_MAX = 1024

const FIELDS: { readonly [K in keyof Required<LogFields>]: true } = {
  namespace: true,
  object: true,
  kind: true,
  pod: true,
  podUid: true,
  session: true,
  team: true,
  reason: true,
  code: true,
  status: true,
  version: true,
  hash: true,
  term: true,
  count: true,
  port: true,
  file: true,
  url: true,
  release: true,
  durationMs: true,
  error: true,
}

/**
 * Lines go to `destination`, stdout when absent; written synchronously so that the last one is not
 * lost.
 */
export function createLog(
  level: LogLevel,
  destination?: { readonly write: (line: string) => void },
): Log {
  const options = {
    level,
    base: { program: "sidegate-operator" },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
  }
  const logger = destination === undefined ? pino(options) : pino(options, destination)
  return {
    debug: (message, fields) => logger.debug(allowed(fields), cut(message)),
    info: (message, fields) => logger.info(allowed(fields), cut(message)),
    warn: (message, fields) => logger.warn(allowed(fields), cut(message)),
    error: (message, fields) => logger.error(allowed(fields), cut(message)),
  }
}

/** The text of whatever was thrown, without its stack. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function allowed(fields: LogFields | undefined): Record<string, string | number> {
  const line: Record<string, string | number> = {}
  for (const [name, value] of Object.entries(fields ?? {})) {
    if (!Object.hasOwn(FIELDS, name)) continue
    if (typeof value === "string") line[name] = cut(value)
    else if (typeof value === "number") line[name] = value
  }
  return line
}

function cut(text: string): string {
  return text.length <= FIELD_CHARACTERS_MAX ? text : `${text.slice(0, FIELD_CHARACTERS_MAX)}…`
}
