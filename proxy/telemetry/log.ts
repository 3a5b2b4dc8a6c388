/**
 * The sidecar's log: JSON lines, fields from a closed list, one line for each exchange.
 *
 * In: records and events. Out: lines, batched. What is not on the list is never written, so no
 * prompt, key or header can slip into a line. Must not know where a record came from.
 */
import { pino } from "pino"
import type { ExchangeRecord } from "#proxy/exchange/exchange-record.ts"
import { exchangeLine } from "./exchange-line.ts"
import { LineWriter } from "./line-writer.ts"

export type LogLevel = "debug" | "info" | "warn" | "error" | "silent"

/** Everything an event line may say besides its message. Text is cut at `FIELD_CHARACTERS_MAX`. */
export interface LogFields {
  readonly code?: string
  readonly count?: number
  readonly error?: string
  readonly file?: string
  readonly hash?: string
  readonly host?: string
  readonly object?: string
  readonly path?: string
  readonly port?: number
  readonly reason?: string
  readonly release?: string
  readonly session?: string
  readonly version?: string
  readonly durationMs?: number
}

export interface Log {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  /** One line at `info`. */
  exchange(record: ExchangeRecord): void
  /** Resolves when what is buffered has left. */
  flush(): Promise<void>
}

export interface LogOptions {
  readonly level: LogLevel
  /** 1 or 2. */
  readonly fd: number
  /** Gets whole lines instead of `fd`. */
  readonly write?: (line: string) => void
}

const PROGRAM = "sidegate-proxy"
const FIELD_CHARACTERS_MAX = 1024
export function createLog(options: LogOptions): Log {
  const lines = openLines(options)
  const logger = pino(
    {
      level: options.level,
      base: { program: PROGRAM },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label: string) => ({ level: label }) },
    },
    lines,
  )
  const isInfo = logger.isLevelEnabled("info")
  return {
    debug: (message, fields) => logger.debug(allowed(fields), cut(message)),
    info: (message, fields) => logger.info(allowed(fields), cut(message)),
    warn: (message, fields) => logger.warn(allowed(fields), cut(message)),
    error: (message, fields) => logger.error(allowed(fields), cut(message)),
    exchange: (record) => {
      if (isInfo) lines.write(exchangeLine(record, PROGRAM, Date.now()))
    },
    flush: () => lines.flush(),
  }
}

interface Lines {
  write(line: string): void
  flush(): Promise<void>
}

function openLines(options: LogOptions): Lines {
  const { write } = options
  if (write !== undefined) return { write, flush: async () => undefined }
  const writer = new LineWriter(options.fd)
  return { write: (line) => writer.write(line), flush: () => writer.flush() }
}

const FIELDS: { readonly [K in keyof Required<LogFields>]: true } = {
  code: true,
  count: true,
  error: true,
  file: true,
  hash: true,
  host: true,
  object: true,
  path: true,
  port: true,
  reason: true,
  release: true,
  session: true,
  version: true,
  durationMs: true,
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
