/**
 * The routes of the control channel, behind one authentication that denies by default.
 *
 * In    raw Node requests (Hono only routes), the publisher, the authenticator, the usage intake.
 * Out   answers and event streams written to the raw response.
 * Must not know how tokens are checked, how usage is stored, or what a Snapshot says.
 */
import type { IncomingMessage, ServerResponse } from "node:http"
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response"
import { type Context, Hono } from "hono"
import { CONTROL_JSON, parseJson } from "#proxy/contract/json.ts"
import type { EpochMs } from "#proxy/contract/money.ts"
import { CONTROL_LIMITS, type PodIdentity, type UsageAnswer } from "#proxy/contract/push.ts"
import type { Authenticator, AuthOutage, AuthRejection, AuthResult } from "./authenticator.ts"
import {
  badMessage,
  CONTROL_ERRORS,
  type ControlError,
  type ControlErrorCode,
  FORBIDDEN,
  fromPublishError,
  INTERNAL,
  NOT_FOUND,
  TOO_MANY_REPORTS,
  UNAUTHORIZED,
} from "./control-errors.ts"
import { type EventStream, openEventStream } from "./event-stream.ts"
import { type Parsed, parseHello, parseStatus } from "./parse-messages.ts"
import { PublishError, type Publisher } from "./publisher.ts"
import { type BodyBudget, readBody } from "./read-body.ts"
import type { CallGate } from "./token-bucket.ts"

/** Usage goes to somebody who knows the ledger: what `operator/intake` offers fits. */
export type UsageHandler = (
  identity: PodIdentity,
  body: unknown,
) => Promise<
  | { readonly kind: "acknowledged"; readonly answer: UsageAnswer }
  | {
      readonly kind: "refused"
      readonly code: ControlErrorCode
      readonly message: string
      readonly retryAfterSeconds: number | null
    }
>

/** For metrics and the log. */
export type ControlEvent =
  | { readonly kind: "rejected"; readonly reason: AuthRejection | AuthOutage }
  | { readonly kind: "slow-reader"; readonly identity: PodIdentity }
  /** A bug: the caller got 500. */
  | { readonly kind: "failed"; readonly error: unknown }

export interface ControlAppOptions {
  readonly publisher: Publisher
  readonly authenticator: Authenticator
  readonly usage: UsageHandler
  readonly hellos: CallGate
  readonly usages: CallGate
  readonly now: () => EpochMs
  /** In [0, 1): spreads the times at which refused callers come back. */
  readonly draw: () => number
  readonly report: (event: ControlEvent) => void
  readonly bodies: BodyBudget
  readonly streamBufferBytesMax: number
  /** Open streams; the server sends keep-alives to them and ends those whose token has expired. */
  readonly streams: Set<EventStream>
}

/** Greetings and answers are small; only usage may be as large as the channel allows. */
export const SMALL_BODY_BYTES_MAX = 64 * 1024

type Bindings = { readonly incoming: IncomingMessage; readonly outgoing: ServerResponse }
type Env = { Bindings: Bindings; Variables: { identity: PodIdentity; untilMs: EpochMs } }
type Handler = (c: Context<Env>) => Promise<Response> | Response

/** What there is. A pod that shuts down may still deliver its last usage. */
const ROUTES: Readonly<Record<string, { readonly mayTerminate: boolean }>> = Object.freeze({
  "POST /v1/hello": { mayTerminate: false },
  "GET /v1/config": { mayTerminate: false },
  "POST /v1/status": { mayTerminate: false },
  "POST /v1/usage": { mayTerminate: true },
})

export function createControlApp(options: ControlAppOptions): Hono<Env> {
  const app = new Hono<Env>()
  app.use("*", async (c, next) => {
    const { incoming } = c.env
    const [path] = (incoming.url ?? "").split("?")
    const route = ROUTES[`${incoming.method} ${path}`]
    const mayTerminate = route?.mayTerminate ?? false
    const { authorization } = incoming.headers
    const caller = await options.authenticator.authenticate(authorization, { mayTerminate })
    if (caller.kind !== "pod") return refuseCaller(c, options, caller)
    if (route === undefined) return refuse(c, options, NOT_FOUND)
    if (options.publisher.term() === null)
      return refuse(c, options, fromPublishError("not_leader", "this operator does not lead"))
    c.set("identity", caller.identity)
    c.set("untilMs", caller.untilMs)
    return next()
  })
  app.post(
    "/v1/hello",
    guarded(options, (c) => hello(c, options)),
  )
  app.get(
    "/v1/config",
    guarded(options, (c) => config(c, options)),
  )
  app.post(
    "/v1/status",
    guarded(options, (c) => status(c, options)),
  )
  app.post(
    "/v1/usage",
    guarded(options, (c) => usage(c, options)),
  )
  app.notFound((c) => refuse(c, options, NOT_FOUND))
  app.onError((error, c) => {
    options.report({ kind: "failed", error })
    return refuse(c, options, INTERNAL)
  })
  return app
}

/** Turns the publisher's refusals into answers; anything else is a bug and goes on to `onError`. */
function guarded(options: ControlAppOptions, handler: Handler): Handler {
  return async (c) => {
    try {
      return await handler(c)
    } catch (error) {
      if (!(error instanceof PublishError)) throw error
      return refuse(c, options, fromPublishError(error.code, error.message))
    }
  }
}

async function hello(c: Context<Env>, options: ControlAppOptions): Promise<Response> {
  const identity = c.get("identity")
  if (!options.hellos.admit(identity.podUid, options.now()))
    return refuse(c, options, fromPublishError("overloaded", "too many sidecars at once"))
  const message = await readMessage(c, options, SMALL_BODY_BYTES_MAX, parseHello)
  if (!message.ok) return refuse(c, options, message.error)
  return answer(c, options.publisher.hello(identity, message.value))
}

async function status(c: Context<Env>, options: ControlAppOptions): Promise<Response> {
  const message = await readMessage(c, options, SMALL_BODY_BYTES_MAX, parseStatus)
  if (!message.ok) return refuse(c, options, message.error)
  options.publisher.status(c.get("identity"), message.value)
  return answer(c, {})
}

async function usage(c: Context<Env>, options: ControlAppOptions): Promise<Response> {
  const { messageBytesMax } = CONTROL_LIMITS
  if (!options.usages.admit(c.get("identity").podUid, options.now()))
    return refuse(c, options, TOO_MANY_REPORTS)
  const message = await readMessage(c, options, messageBytesMax, (value) => ({ ok: true, value }))
  if (!message.ok) return refuse(c, options, message.error)
  const reply = await options.usage(c.get("identity"), message.value)
  return reply.kind === "acknowledged" ? answer(c, reply.answer) : refuse(c, options, reply)
}

function config(c: Context<Env>, options: ControlAppOptions): Response {
  const { outgoing } = c.env
  const identity = c.get("identity")
  const session = c.req.query("session")
  if (session === undefined) return refuse(c, options, badMessage("?session: is required"))
  if (outgoing.destroyed) return RESPONSE_ALREADY_SENT
  let stream: EventStream | undefined
  let unsubscribe: (() => void) | undefined
  const open = (): EventStream => {
    stream ??= openEventStream(outgoing, {
      untilMs: c.get("untilMs"),
      bufferBytesMax: options.streamBufferBytesMax,
      onOverflow: () => options.report({ kind: "slow-reader", identity }),
      onClose: () => {
        unsubscribe?.()
        if (stream !== undefined) options.streams.delete(stream)
      },
    })
    return stream
  }
  // The head goes out with the first event, so that a refusal of `subscribe` can still be an
  // answer.
  unsubscribe = options.publisher.subscribe(identity, session, {
    send: (_event, frame) => open().write(frame()),
    end: () => open().end(),
  })
  options.streams.add(open())
  return RESPONSE_ALREADY_SENT
}

type Message<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: ControlError }

async function readMessage<T>(
  c: Context<Env>,
  options: ControlAppOptions,
  bytesMax: number,
  parse: (value: unknown) => Parsed<T>,
): Promise<Message<T>> {
  const { incoming, outgoing } = c.env
  const fail = (error: ControlError): Message<T> => ({ ok: false, error })
  const { "content-type": type = "", "content-encoding": encoding } = incoming.headers
  if (!/^application\/json\s*(;|$)/i.test(type) || encoding !== undefined)
    return fail(error("unsupported_media_type", "application/json without an encoding, please"))
  const body = await readBody(incoming, bytesMax, options.bodies)
  switch (body.kind) {
    case "too-large":
      outgoing.setHeader("connection", "close")
      return fail(error("message_too_large", `the body is over ${bytesMax} bytes`))
    case "overloaded":
      outgoing.setHeader("connection", "close")
      return fail(fromPublishError("overloaded", "too many messages at once"))
    case "aborted":
      return fail(badMessage("the body was cut short"))
    case "bytes":
      break
    default:
      return body satisfies never
  }
  const json = parseJson(body.bytes, { ...CONTROL_JSON, bytesMax })
  if (!json.ok) {
    const { code, message, offset, path } = json.fault
    return fail(badMessage(`${path}: ${code} at byte ${offset}: ${message}`))
  }
  const parsed = parse(json.value)
  return parsed.ok ? parsed : fail(badMessage(parsed.message))
}

function refuseCaller(
  c: Context<Env>,
  options: ControlAppOptions,
  caller: Exclude<AuthResult, { kind: "pod" }>,
): Response {
  const { reason } = caller
  options.report({ kind: "rejected", reason })
  if (caller.kind === "unavailable")
    return refuse(c, options, fromPublishError("overloaded", "the caller cannot be checked now"))
  const isToken = ["missing", "malformed", "unauthenticated", "wrong-audience"].includes(reason)
  if (!isToken) return refuse(c, options, FORBIDDEN)
  c.env.outgoing.setHeader("www-authenticate", "Bearer")
  return refuse(c, options, UNAUTHORIZED)
}

function refuse(c: Context<Env>, options: ControlAppOptions, refusal: ControlError): Response {
  const { code, message, retryAfterSeconds } = refusal
  const { outgoing } = c.env
  if (retryAfterSeconds !== null) {
    const seconds = Math.ceil(retryAfterSeconds * (0.5 + options.draw()))
    outgoing.setHeader("retry-after", String(seconds))
  }
  return send(outgoing, CONTROL_ERRORS[code], { error: { code, message } })
}

function answer(c: Context<Env>, value: unknown): Response {
  return send(c.env.outgoing, 200, value)
}

function send(outgoing: ServerResponse, status: number, value: unknown): Response {
  const body = Buffer.from(JSON.stringify(value))
  outgoing.writeHead(status, {
    "content-type": "application/json",
    "content-length": body.length,
    "cache-control": "no-store",
  })
  outgoing.end(body)
  return RESPONSE_ALREADY_SENT
}

function error(code: ControlErrorCode, message: string): ControlError {
  return { code, message, retryAfterSeconds: null }
}
