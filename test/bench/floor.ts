/**
 * floor2: the least a gateway on Node can do, and what the proxy is measured against.
 *
 * `node:http` in, undici `Pool.dispatch` out, the body through JSON.parse, the model rewritten,
 * JSON.stringify, the usage read from the answer. No identity, route, policy, journal, metric, log
 * or limit. In: `floor.ts UPSTREAM_ORIGIN`. Out: one line `listening PORT`.
 */
import { createServer, type ServerResponse } from "node:http"
import { Pool } from "undici"
import { UPSTREAM_MODEL } from "./bodies.ts"

const [, , origin = ""] = process.argv
const pool = new Pool(origin, { connections: 256, pipelining: 1 })
const requestHeaders = ["content-type", "application/json", "authorization", "Bearer bench"]
const USAGE = Buffer.from('"usage":{')
/** Read by nobody; keeps the usage from being optimised away. */
export const seen = { inputTokens: 0, usageEvents: 0 }

interface Chat {
  model: string
  readonly stream?: boolean
}
interface Answer {
  readonly usage?: { readonly prompt_tokens: number }
}

const server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
  const chunks: Buffer[] = []
  request.on("data", (chunk: Buffer) => chunks.push(chunk))
  request.on("end", () => {
    const chat = JSON.parse(Buffer.concat(chunks).toString("utf8")) as Chat
    chat.model = UPSTREAM_MODEL
    forward(chat, response)
  })
})
server.listen(0, "127.0.0.1", () => {
  const address = server.address()
  if (address !== null && typeof address === "object") console.log(`listening ${address.port}`)
})

function forward(chat: Chat, response: ServerResponse): void {
  const isStream = chat.stream === true
  const chunks: Buffer[] = []
  pool.dispatch(
    {
      path: isStream ? "/stream/v1/chat/completions" : "/whole/v1/chat/completions",
      method: "POST",
      headers: requestHeaders,
      body: JSON.stringify(chat),
    },
    {
      onRequestStart() {},
      onResponseStart(_controller, status, headers) {
        if (!isStream) return
        response.writeHead(status, ["content-type", String(headers["content-type"])])
      },
      onResponseData(_controller, chunk) {
        if (!isStream) {
          chunks.push(chunk)
          return
        }
        if (chunk.indexOf(USAGE) >= 0) seen.usageEvents += 1
        response.write(chunk)
      },
      onResponseEnd() {
        if (isStream) {
          response.end()
          return
        }
        const [first] = chunks
        const body = chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks)
        const answer = JSON.parse(body.toString("utf8")) as Answer
        seen.inputTokens += answer.usage?.prompt_tokens ?? 0
        response.writeHead(200, [
          "content-type",
          "application/json",
          "content-length",
          String(body.length),
        ])
        response.end(body)
      },
      onResponseError() {
        response.destroy()
      },
    },
  )
}
