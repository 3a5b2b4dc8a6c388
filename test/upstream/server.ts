/** The two servers of the test upstream: the one that proxies call, and the one that tests ask. */
import { createHash } from "node:crypto"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import type { BehaviourRule } from "./behaviour.ts"
import { createRuleBook } from "./behaviour.ts"
import { createBook } from "./book.ts"
import { playAnswer } from "./play.ts"

const BODY_BYTES_MAX = 64 * 1024 * 1024

export interface Upstream {
  readonly port: number
  readonly controlPort: number
}

/** Listens on 127.0.0.1 with two free ports. */
export async function createUpstream(): Promise<Upstream> {
  const rules = createRuleBook()
  const book = createBook()
  const proxied = createServer({ keepAliveTimeout: 120_000 }, (request, response) =>
    receive(request, response, rules, book),
  )
  proxied.on("connection", () => book.connected())
  const port = await listen(proxied, 0)
  const control = createServer((request, response) => {
    void readBody(request).then(async (bytes) => {
      const target = new URL(request.url ?? "/", "http://control")
      const answer = await command(target, bytes)
      response.statusCode = answer === undefined ? 404 : 200
      response.setHeader("content-type", "application/json")
      response.end(JSON.stringify(answer ?? { error: `no command ${target.pathname}` }))
    })
  })

  async function command(target: URL, bytes: Buffer): Promise<unknown> {
    switch (target.pathname) {
      case "/rule":
        rules.set(JSON.parse(bytes.toString("utf8")) as BehaviourRule)
        return {}
      case "/clear":
        rules.clear()
        return {}
      case "/reset":
        book.reset()
        return {}
      case "/counts":
        return book.counts()
      case "/attempts":
        return book.attempts(Number(target.searchParams.get("from") ?? "1"))
      case "/bodies":
        return book.bodies()
      case "/cut":
        proxied.closeAllConnections()
        return {}
      case "/close":
        proxied.closeAllConnections()
        await new Promise<void>((resolve) => proxied.close(() => resolve()))
        return {}
      case "/open":
        await listen(proxied, port)
        return {}
      default:
        return undefined
    }
  }
  return { port, controlPort: await listen(control, 0) }
}

function receive(
  request: IncomingMessage,
  response: ServerResponse,
  rules: ReturnType<typeof createRuleBook>,
  book: ReturnType<typeof createBook>,
): void {
  const path = request.url ?? "/"
  const backend = path.split("/")[1] ?? ""
  const number = book.open(backend)
  const { authorization } = request.headers
  if (authorization !== undefined) book.note(number, { authorizationHash: hashOf(authorization) })
  request.once("close", () => {
    if (!request.complete) book.note(number, { state: "client-gone" })
  })
  request.on("error", () => undefined)
  void readBody(request).then((bytes) => {
    const said = readChat(bytes)
    book.note(number, {
      state: "received",
      model: said.model,
      user: said.user,
      isStream: said.isStream,
    })
    book.keepBody({
      number,
      path,
      rawHeaders: request.rawHeaders,
      bodyBase64: bytes.toString("base64"),
    })
    const behaviour = rules.take(backend, said.model)
    const asked = { ...said, backend, number }
    playAnswer(response, asked, behaviour, (played) =>
      book.note(number, { state: played, status: played === "faulted" ? null : behaviour.status }),
    )
  }, ignoreBrokenBody)
}

function ignoreBrokenBody(): void {
  // The client went away inside its body; the `close` listener has counted it.
}

interface Said {
  readonly model: string
  readonly user: string | null
  readonly isStream: boolean
  readonly wantsUsage: boolean
}

/** What a chat body says; a body that is no JSON object says nothing. */
function readChat(bytes: Buffer): Said {
  const body = parseObject(bytes)
  const options = body.stream_options
  return {
    model: typeof body.model === "string" ? body.model : "",
    user: typeof body.user === "string" ? body.user : null,
    isStream: body.stream === true,
    wantsUsage:
      typeof options === "object" &&
      options !== null &&
      "include_usage" in options &&
      options.include_usage === true,
  }
}

interface ChatBody {
  readonly model?: unknown
  readonly user?: unknown
  readonly stream?: unknown
  readonly stream_options?: unknown
}

function parseObject(bytes: Buffer): ChatBody {
  try {
    const value: unknown = JSON.parse(bytes.toString("utf8"))
    return typeof value === "object" && value !== null ? value : {}
  } catch {
    return {}
  }
}

function readBody(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    request.on("data", (chunk: Buffer) => {
      size += chunk.length
      if (size > BODY_BYTES_MAX) request.destroy()
      else chunks.push(chunk)
    })
    request.once("end", () => resolve(Buffer.concat(chunks)))
    request.once("error", reject)
  })
}

/** Enough to tell keys apart, not to recover one. */
export function hashOf(authorization: string): string {
  return createHash("sha256").update(authorization).digest("hex").slice(0, 16)
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject)
    server.listen(port, "127.0.0.1", () => {
      server.removeListener("error", reject)
      resolve((server.address() as AddressInfo).port)
    })
  })
}
