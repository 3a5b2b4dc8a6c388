/**
 * The control channel over TLS, as a sidecar in a pod speaks it.
 *
 * In: the operator's origin, the mounted root and token. Out: a ControlChannel. Root and token are
 * read again and again, because the kubelet replaces both under a running process. Nothing is
 * sent before the operator's certificate has proved its name. Must not know what a Snapshot says.
 */
import { readFile } from "node:fs/promises"
import type { Readable } from "node:stream"
import { Pool } from "undici"
import { CONTROL_JSON, parseJson } from "#proxy/contract/json.ts"
import {
  CONTROL_LIMITS,
  type ConfigEvent,
  type Hello,
  type HelloAnswer,
  type StatusReport,
  type UsageAnswer,
} from "#proxy/contract/push.ts"
import { decodeEventStream } from "#proxy/wire/event-stream.ts"
import { ChannelError, type ControlChannel } from "./channel.ts"
import { readConfigEvent, readHelloAnswer, readUsageAnswer } from "./read-messages.ts"

export interface HttpsChannelOptions {
  /** Origin, `https:`. */
  readonly url: string
  readonly caFile: string
  readonly tokenFile: string
  /** Name the certificate must carry; null takes the host of `url`. */
  readonly serverName: string | null
  readonly connectTimeoutMs?: number
  readonly keepAliveMs?: number
  /** `FILES_AGAIN_MS` when left out. */
  readonly filesAgainMs?: number
}

const CONNECT_TIMEOUT_MS = 5_000
/** For the head of an answer. */
const ANSWER_TIMEOUT_MS = 10_000
/** One stream, and calls beside it. */
const CONNECTIONS_MAX = 4
/** Keep-alives that may be missed before a stream counts as dead. */
const KEEP_ALIVES_MISSED_MAX = 3
/** So long root and token count as read; under load there are many reports a second. */
const FILES_AGAIN_MS = 1_000
/** A token of the kubelet has about 1 KiB. */
const FILE_BYTES_MAX = 256 * 1024
/** Longer waits that the operator asks for are cut to this, in seconds. */
const RETRY_AFTER_MAX = 60

export function createHttpsChannel(options: HttpsChannelOptions): ControlChannel {
  return new HttpsChannel(options)
}

interface Files {
  readonly ca: string
  readonly token: string
  /** Monotonic ms. */
  readonly readAt: number
}

interface Reached {
  readonly pool: Pool
  readonly headers: Record<string, string>
}

class HttpsChannel implements ControlChannel {
  readonly #options: HttpsChannelOptions
  #pool: { readonly pool: Pool; readonly ca: string } | null = null
  #files: Files | null = null

  constructor(options: HttpsChannelOptions) {
    this.#options = options
  }

  async hello(hello: Hello): Promise<HelloAnswer> {
    const answer = readHelloAnswer(await this.#post("/v1/hello", JSON.stringify(hello)))
    if (answer === undefined) throw badAnswer("/v1/hello")
    return answer
  }

  async status(report: StatusReport): Promise<void> {
    await this.#post("/v1/status", JSON.stringify(report))
  }

  async usage(batch: string): Promise<UsageAnswer> {
    const answer = readUsageAnswer(await this.#post("/v1/usage", batch))
    if (answer === undefined) throw badAnswer("/v1/usage")
    return answer
  }

  async config(
    session: string,
    onEvent: (event: ConfigEvent) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { pool, headers } = await this.#reach()
    const keepAliveMs = this.#options.keepAliveMs ?? CONTROL_LIMITS.keepAliveMs
    try {
      const {
        statusCode,
        headers: said,
        body,
      } = await pool.request({
        method: "GET",
        path: `/v1/config?session=${encodeURIComponent(session)}`,
        headers: { ...headers, accept: "text/event-stream" },
        signal,
        headersTimeout: ANSWER_TIMEOUT_MS,
        bodyTimeout: keepAliveMs * KEEP_ALIVES_MISSED_MAX,
      })
      if (statusCode !== 200) throw refusalOf(statusCode, said, await readBytes(body))
      const decoder = decodeEventStream({
        onEvent: ({ event, data }) => onEvent(readEvent(event, data)),
        eventCharsMax: CONTROL_LIMITS.messageBytesMax,
      })
      for await (const chunk of body) decoder.push(chunk)
    } catch (error) {
      if (signal.aborted) return
      this.#files = null
      throw asChannelError(error)
    }
  }

  async close(): Promise<void> {
    const held = this.#pool
    this.#pool = null
    await held?.pool.destroy()
  }

  async #post(path: string, body: string): Promise<unknown> {
    const { pool, headers } = await this.#reach()
    try {
      const {
        statusCode,
        headers: said,
        body: answer,
      } = await pool.request({
        method: "POST",
        path,
        headers: { ...headers, "content-type": "application/json" },
        body,
        headersTimeout: ANSWER_TIMEOUT_MS,
        bodyTimeout: ANSWER_TIMEOUT_MS,
      })
      const bytes = await readBytes(answer)
      if (statusCode !== 200) throw refusalOf(statusCode, said, bytes)
      const parsed = parseJson(bytes, CONTROL_JSON)
      if (!parsed.ok) throw badAnswer(path)
      return parsed.value
    } catch (error) {
      // It may be the token or the root that was refused.
      this.#files = null
      throw asChannelError(error)
    }
  }

  async #reach(): Promise<Reached> {
    const { ca, token } = await this.#read()
    return {
      pool: this.#poolFor(ca),
      headers: { authorization: `Bearer ${token.trim()}`, "accept-encoding": "identity" },
    }
  }

  async #read(): Promise<Files> {
    const { caFile, tokenFile, filesAgainMs = FILES_AGAIN_MS } = this.#options
    const held = this.#files
    if (held !== null && performance.now() - held.readAt < filesAgainMs) return held
    const readAt = performance.now()
    const [ca, token] = await Promise.all([
      readSmall(caFile, "root certificate"),
      readSmall(tokenFile, "token"),
    ])
    this.#files = { ca, token, readAt }
    return this.#files
  }

  /** A changed root takes effect when it is read; calls under way keep their connections. */
  #poolFor(ca: string): Pool {
    if (this.#pool?.ca === ca) return this.#pool.pool
    const { url, serverName, connectTimeoutMs } = this.#options
    const before = this.#pool
    const pool = new Pool(url, {
      connections: CONNECTIONS_MAX,
      pipelining: 1,
      connect: {
        ca,
        allowH2: false,
        rejectUnauthorized: true,
        minVersion: "TLSv1.3",
        timeout: connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
        ...(serverName === null ? {} : { servername: serverName }),
      },
    })
    this.#pool = { pool, ca }
    before?.pool.close().catch(() => undefined)
    return pool
  }
}

function readEvent(event: string, data: string): ConfigEvent {
  const parsed = parseJson(new TextEncoder().encode(data), CONTROL_JSON)
  const read = parsed.ok ? readConfigEvent(event, parsed.value) : undefined
  // Nothing of the event itself is repeated: it may hold keys.
  if (read === undefined) throw new ChannelError("bad_event", "an event could not be read")
  return read
}

async function readBytes(body: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of body) {
    if (!Buffer.isBuffer(chunk)) continue
    bytes += chunk.length
    if (bytes > CONTROL_LIMITS.messageBytesMax) {
      throw new ChannelError(
        "bad_answer",
        `an answer is over ${CONTROL_LIMITS.messageBytesMax} bytes`,
      )
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

async function readSmall(path: string, what: string): Promise<string> {
  try {
    const bytes = await readFile(path)
    if (bytes.length > 0 && bytes.length <= FILE_BYTES_MAX) return bytes.toString("utf8")
    throw new Error(`it has ${bytes.length} bytes`)
  } catch (error) {
    throw new ChannelError("unreachable", `the ${what} in ${path} cannot be used: ${text(error)}`)
  }
}

type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>

function refusalOf(status: number, headers: AnswerHeaders, bytes: Uint8Array): ChannelError {
  const parsed = parseJson(bytes, CONTROL_JSON)
  const error = at(parsed.ok ? parsed.value : undefined, "error")
  const code = at(error, "code")
  const message = at(error, "message")
  const seconds = Number(headers["retry-after"])
  return new ChannelError(
    typeof code === "string" ? code.slice(0, 64) : `http_${status}`,
    typeof message === "string" ? message.slice(0, 256) : `the operator answered ${status}`,
    Number.isInteger(seconds) && seconds >= 0 ? Math.min(seconds, RETRY_AFTER_MAX) : null,
  )
}

function at(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined
  return Object.getOwnPropertyDescriptor(value, name)?.value
}

function badAnswer(path: string): ChannelError {
  return new ChannelError("bad_answer", `the operator's answer to ${path} could not be read`)
}

function asChannelError(error: unknown): ChannelError {
  if (error instanceof ChannelError) return error
  return new ChannelError("unreachable", `the operator cannot be reached: ${text(error)}`)
}

function text(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.message !== "") return error.message
  return "code" in error && typeof error.code === "string" ? error.code : error.name
}
