/**
 * The one way to the API server: JSON requests and watch streams over HTTPS with keep-alive.
 *
 * In: where the cluster is and who we are, from a kubeconfig file or the pod (client-node's
 * KubeConfig does both, token refresh included). Out: parsed answers, watch lines, or a KubeError.
 * Client-node's own requests are not used: each makes a new connection pool, and its Watch swallows
 * errors (docs/dependencies.md). Must not know which kinds there are.
 */
import http from "node:http"
import https from "node:https"
import { KubeConfig } from "@kubernetes/client-node"
import { type JsonLimits, parseJson } from "#proxy/contract/json.ts"
import { at, textAt } from "./json-path.ts"
import { KubeError } from "./kube-error.ts"
import { createLineSplitter } from "./split-lines.ts"

export interface KubeRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE"
  /** Absolute path on the API server, e.g. `/api/v1/pods`. */
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  readonly body?: unknown
  /** `application/json` when left out. */
  readonly contentType?: string
  readonly signal?: AbortSignal
}

export interface WatchRequest {
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  /** One complete line without its end. */
  readonly onLine: (line: Uint8Array) => void
  /** The head of the answer is there, with status 200. */
  readonly onAnswer?: () => void
  /** Any byte has arrived. */
  readonly onBytes: () => void
  readonly signal: AbortSignal
}

export interface KubeClient {
  /** The parsed answer; rejects with a KubeError, also for every status of 400 and more. */
  request(request: KubeRequest): Promise<unknown>
  /** Resolves when the server ends the stream cleanly; rejects with a KubeError. */
  watch(request: WatchRequest): Promise<void>
  /** Cuts every connection; what is on its way fails with `unreachable`. */
  close(): void
}

/**
 * A request that is not answered in full by then is `unreachable`. Watches have the reflector's
 * watchdog.
 */
const REQUEST_DEADLINE_MS = 30_000
/** A page of 500 objects; an answer beyond it is `bad-answer`. */
const ANSWER_LIMITS: JsonLimits = Object.freeze({
  bytesMax: 256 * 1024 * 1024,
  depthMax: 128,
  tokensMax: 100_000_000,
})
/** The API server refuses objects over 3 MiB; a longer line is `bad-answer`. */
export const LINE_BYTES_MAX = 8 * 1024 * 1024

/** From the text of a kubeconfig, which has no relative paths. */
export function parseKubeConfig(text: string): KubeConfig {
  const config = new KubeConfig()
  config.loadFromString(text)
  return config
}

/** From `path`; null means `KUBECONFIG`, `~/.kube/config` or the pod's own service account. */
export function loadKubeConfig(path: string | null): KubeConfig {
  const config = new KubeConfig()
  if (path === null) config.loadFromDefault()
  else config.loadFromFile(path)
  return config
}

export function createKubeClient(config: KubeConfig): KubeClient {
  const server = config.getCurrentCluster()?.server
  if (server === undefined) throw new Error("the kubeconfig has no current cluster")
  const base = new URL(server)
  const agent =
    base.protocol === "http:"
      ? new http.Agent({ keepAlive: true })
      : new https.Agent({ keepAlive: true, maxCachedSessions: 100 })
  const open = (request: OpenRequest): Promise<http.IncomingMessage> =>
    openRequest({ config, base, agent }, request)
  return {
    request: async (request) => {
      const deadline = AbortSignal.timeout(REQUEST_DEADLINE_MS)
      const signal = request.signal ? AbortSignal.any([request.signal, deadline]) : deadline
      const response = await open({ ...request, signal })
      return await readAnswer(response)
    },
    watch: async (request) => {
      const query = { ...request.query, watch: "true" }
      const response = await open({ ...request, method: "GET", query })
      if (response.statusCode !== 200) {
        await readAnswer(response)
        throw new KubeError("bad-answer", `a watch was answered with ${response.statusCode}`)
      }
      request.onAnswer?.()
      await readLines(response, request)
    },
    close: () => agent.destroy(),
  }
}

interface Connection {
  readonly config: KubeConfig
  readonly base: URL
  readonly agent: http.Agent | https.Agent
}

interface OpenRequest extends Omit<KubeRequest, "signal"> {
  readonly signal: AbortSignal
}

/** Sends a request; resolves with the head of the answer. */
async function openRequest(
  { config, base, agent }: Connection,
  request: OpenRequest,
): Promise<http.IncomingMessage> {
  const url = new URL(base.pathname.replace(/\/$/, "") + request.path, base)
  for (const [key, value] of Object.entries(request.query ?? {})) url.searchParams.set(key, value)
  const options: https.RequestOptions = {}
  // Reads token and CA files, which rotate and may be missing for a moment.
  await config.applyToHTTPSOptions(options).catch((error) => Promise.reject(unreachable(error)))
  // Client-node's agent has no keep-alive; it is needed only to go through a proxy.
  if (config.getCurrentCluster()?.proxyUrl === undefined) options.agent = agent
  const body = request.body === undefined ? null : Buffer.from(JSON.stringify(request.body))
  const headers: http.OutgoingHttpHeaders = {
    ...headerObject(options.headers),
    accept: "application/json",
    "user-agent": "sidegate",
  }
  if (body !== null) {
    headers["content-type"] = request.contentType ?? "application/json"
    headers["content-length"] = body.length
  }
  if (request.signal.aborted) throw unreachable(request.signal.reason)
  const send = url.protocol === "http:" ? http.request : https.request
  return await new Promise((resolve, reject) => {
    const outgoing = send(url, { ...options, method: request.method, headers })
    // Not by the option `signal`: it destroys the socket with an error, and between the end of an
    // answer and the socket's return to the agent nobody listens for one, so the process would die.
    const abort = (): void => {
      outgoing.destroy()
    }
    request.signal.addEventListener("abort", abort, { once: true })
    outgoing.on("close", () => request.signal.removeEventListener("abort", abort))
    outgoing.on("response", resolve)
    outgoing.on("error", (error) => reject(unreachable(request.signal.reason ?? error)))
    outgoing.end(body ?? undefined)
  })
}

/** The whole body as JSON; a KubeError for a status of 400 and more. */
async function readAnswer(response: http.IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of response) {
      size += chunk.length
      if (size > ANSWER_LIMITS.bytesMax) throw new KubeError("bad-answer", "the answer is too long")
      chunks.push(chunk)
    }
  } catch (error) {
    throw error instanceof KubeError ? error : unreachable(error)
  }
  const status = response.statusCode ?? 0
  const parsed = parseJson(Buffer.concat(chunks), ANSWER_LIMITS)
  if (status >= 400) throw refusal(status, response, parsed.ok ? parsed.value : null)
  if (!parsed.ok)
    throw new KubeError("bad-answer", `the answer is no JSON: ${parsed.fault.message}`)
  return parsed.value
}

function readLines(response: http.IncomingMessage, request: WatchRequest): Promise<void> {
  return new Promise((resolve, reject) => {
    const split = createLineSplitter(LINE_BYTES_MAX)
    const fail = (error: unknown): void => {
      response.destroy()
      reject(error)
    }
    response.on("data", (chunk: Buffer) => {
      request.onBytes()
      try {
        for (const line of split.push(chunk)) request.onLine(line)
      } catch (error) {
        fail(error)
      }
    })
    response.on("end", () => {
      if (split.rest() === 0) resolve()
      else fail(new KubeError("bad-answer", "the stream ended within a line"))
    })
    response.on("error", (error) => fail(unreachable(error)))
    response.on("close", () => fail(new KubeError("unreachable", "the connection was closed")))
  })
}

function refusal(status: number, response: http.IncomingMessage, body: unknown): KubeError {
  const message = textAt(body, "message") ?? `HTTP ${status}`
  const header = Number(response.headers["retry-after"])
  const details = at(body, "details", "retryAfterSeconds")
  const seconds = Number.isFinite(header) ? header : typeof details === "number" ? details : null
  return new KubeError("refused", message, {
    status,
    reason: textAt(body, "reason") ?? null,
    retryAfterSeconds: seconds,
  })
}

function unreachable(error: unknown): KubeError {
  const message = error instanceof Error ? error.message : String(error)
  return new KubeError("unreachable", `the API server did not answer: ${message}`)
}

function headerObject(headers: https.RequestOptions["headers"]): http.OutgoingHttpHeaders {
  return headers === undefined || Array.isArray(headers)
    ? {}
    : Object.fromEntries(Object.entries(headers))
}
