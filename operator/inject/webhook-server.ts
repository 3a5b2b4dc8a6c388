/**
 * The injection webhook over TLS: `POST /inject/enabled` and `POST /inject/opt-in`, by the label of
 * the pod's namespace, which the selectors of the webhook configuration have looked at.
 *
 * In    AdmissionReviews, a certificate. Out: answers that allow, and what came of each for the
 *       metrics. Whatever is no AdmissionReview gets 400, which the API server treats as a failure
 *       and, by `failurePolicy: Ignore`, admits.
 * Must not know Kubernetes clients, files or secrets other than its certificate; does nothing but
 * answer.
 */
import type { IncomingMessage, ServerResponse } from "node:http"
import { createServer, type Server } from "node:https"
import type { AddressInfo } from "node:net"
import { getRequestListener } from "@hono/node-server"
import { type Context, Hono } from "hono"
import { type JsonLimits, parseJson } from "#proxy/contract/json.ts"
import type { KeyPair } from "./certificate-files.ts"
import type { InjectNamespace } from "./inject.ts"
import { type BodyBudget, readBody } from "./read-body.ts"
import { type ReviewOutcome, reviewPod } from "./review.ts"
import { SELF_CHECK_UID } from "./self-check.ts"
import type { InjectSettings } from "./sidecar.ts"

export interface WebhookServerOptions {
  readonly tls: KeyPair
  readonly settings: InjectSettings
  readonly report: (event: WebhookEvent) => void
  /** Monotonic, in ms. */
  readonly now: () => number
}

export type WebhookEvent =
  | { readonly kind: "reviewed"; readonly outcome: ReviewOutcome; readonly durationMs: number }
  | { readonly kind: "refused"; readonly reason: RefusedReview }
  /** A bug, or a socket that failed. */
  | { readonly kind: "failed"; readonly error: unknown }

export type RefusedReview = "malformed" | "too-large" | "overloaded" | "aborted"

export interface WebhookServer {
  /** Port 0 takes a free one; resolves with the one taken. Rejects when the port is in use. */
  listen(port: number, host?: string): Promise<number>
  /** For connections from now on. */
  setTls(tls: KeyPair): void
  /** From now on each answer closes its connection, so that the API server asks elsewhere. */
  drain(): void
  /** Ends when requests under way have their answer, at the latest after REQUEST_TIMEOUT_MS. */
  close(): Promise<void>
}

/** A pod has at most 1.5 MiB in etcd, and 3 MiB in a request. */
const REVIEW_LIMITS: JsonLimits = Object.freeze({
  bytesMax: 4 * 1024 * 1024,
  depthMax: 64,
  tokensMax: 400_000,
})
/** Of all bodies at once; beyond it the API server is told to go on without us. */
const BODIES_BYTES_MAX = 64 * 1024 * 1024
/** Further connections are closed on arrival. */
const CONNECTIONS_MAX = 1024
/** From the first byte of a request to its last; the API server waits two seconds. */
const REQUEST_TIMEOUT_MS = 5000
/** More than the 90 s after which the API server closes an idle connection itself. */
const IDLE_TIMEOUT_MS = 120_000
const TLS_VERSION = "TLSv1.3"

type Env = {
  readonly Bindings: { readonly incoming: IncomingMessage; readonly outgoing: ServerResponse }
}

export function createWebhookServer(options: WebhookServerOptions): WebhookServer {
  let isDraining = false
  const server = createTlsServer(options, () => isDraining)
  return {
    listen: (port, host) =>
      new Promise((resolve, reject) => {
        server.once("error", reject)
        server.listen({ port, host }, () => {
          server.off("error", reject)
          server.on("error", (error) => options.report({ kind: "failed", error }))
          resolve((server.address() as AddressInfo).port)
        })
      }),
    setTls: (tls) => server.setSecureContext(secureContext(tls)),
    drain: () => {
      isDraining = true
    },
    close: () =>
      new Promise((resolve) => {
        isDraining = true
        const cut = setTimeout(() => server.closeAllConnections(), REQUEST_TIMEOUT_MS)
        server.close(() => {
          clearTimeout(cut)
          resolve()
        })
        server.closeIdleConnections()
      }),
  }
}

function createTlsServer(options: WebhookServerOptions, isDraining: () => boolean): Server {
  const app = createApp(options, isDraining)
  const listener = getRequestListener((request, env) => app.fetch(request, env), {
    overrideGlobalObjects: false,
    autoCleanupIncoming: false,
  })
  const server = createServer(
    {
      ...secureContext(options.tls),
      handshakeTimeout: REQUEST_TIMEOUT_MS,
      headersTimeout: REQUEST_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: IDLE_TIMEOUT_MS,
      connectionsCheckingInterval: 1000,
    },
    (incoming, outgoing) => {
      listener(incoming, outgoing).catch((error: unknown) => {
        options.report({ kind: "failed", error })
        outgoing.destroy()
      })
    },
  )
  server.maxConnections = CONNECTIONS_MAX
  return server
}

function createApp(options: WebhookServerOptions, isDraining: () => boolean): Hono<Env> {
  const budget: BodyBudget = { bytesMax: BODIES_BYTES_MAX, bytesInUse: 0 }
  const app = new Hono<Env>()
  app.use(async (context, next) => {
    await next()
    if (isDraining()) context.header("connection", "close")
  })
  for (const injection of ["enabled", "opt-in"] as const) {
    app.post(`/inject/${injection}`, (context) => answer(context, { injection }, options, budget))
  }
  app.notFound((context) => context.text("POST /inject/enabled or /inject/opt-in\n", 404))
  app.onError((error, context) => {
    options.report({ kind: "failed", error })
    return context.text("internal error\n", 500)
  })
  return app
}

async function answer(
  context: Context<Env>,
  namespace: InjectNamespace,
  { settings, report, now }: WebhookServerOptions,
  budget: BodyBudget,
): Promise<Response> {
  const startedMs = now()
  const body = await readBody(context.env.incoming, REVIEW_LIMITS.bytesMax, budget)
  if (body.kind !== "bytes") {
    report({ kind: "refused", reason: body.kind })
    // What is left of the body is not read: the connection is of no use any more.
    context.header("connection", "close")
    const status = body.kind === "too-large" ? 413 : body.kind === "overloaded" ? 503 : 400
    return context.text(`the review is ${body.kind}\n`, status)
  }
  const parsed = parseJson(body.bytes, REVIEW_LIMITS)
  const review = parsed.ok
    ? reviewPod(parsed.value, namespace, settings)
    : { kind: "malformed" as const, message: `no JSON: ${parsed.fault.message}` }
  if (review.kind === "malformed") {
    report({ kind: "refused", reason: "malformed" })
    return context.text(`no AdmissionReview: ${review.message}\n`, 400)
  }
  const isOurs = review.body.response.uid === SELF_CHECK_UID
  if (!isOurs) report({ kind: "reviewed", outcome: review.outcome, durationMs: now() - startedMs })
  return context.json(review.body)
}

/** The version goes with every context: `setSecureContext` falls back to older ones otherwise. */
function secureContext({ cert, key }: KeyPair) {
  return { cert, key, minVersion: TLS_VERSION, maxVersion: TLS_VERSION } as const
}
