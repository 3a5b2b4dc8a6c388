/**
 * Five providers as one process on loopback, each below a folder of its own, with the providers'
 * published answers.
 *
 * In: requests with the provider's key; a prompt's tag says what is wanted. Out: answers, one line
 * with the port, and at `/attempts/TAG` all that was asked with that tag. Sidegate's own key in a
 * request is a 401, as any wrong key is. It shares no code with Sidegate.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { answerOf, type ProviderAnswer, readTag } from "./provider-answers.ts"
import { UPSTREAM_SCHEMAS, WIRES } from "./provider-wires.ts"

export interface UpstreamAttempt {
  readonly path: string
  readonly body: string
  readonly status: number
}

const BODY_BYTES_MAX = 1024 * 1024
const attempts = new Map<string, UpstreamAttempt[]>()

const server = createServer({ keepAliveTimeout: 120_000 }, (request, response) => {
  const chunks: Buffer[] = []
  let size = 0
  request.on("data", (chunk: Buffer) => {
    size += chunk.length
    if (size > BODY_BYTES_MAX) request.destroy()
    else chunks.push(chunk)
  })
  request.on("error", () => undefined)
  request.once("end", () => respond(request, Buffer.concat(chunks).toString("utf8"), response))
})

function respond(request: IncomingMessage, body: string, response: ServerResponse): void {
  const url = request.url ?? "/"
  const [, asked] = /^\/attempts\/(t\d+)$/.exec(url) ?? []
  if (asked !== undefined) {
    response.end(JSON.stringify(attempts.get(asked) ?? []))
    return
  }
  const answer = play(url, request, body)
  response.writeHead(answer.status, answer.headers)
  for (const piece of answer.pieces) response.write(piece)
  response.end()
}

function play(url: string, request: IncomingMessage, body: string): ProviderAnswer {
  const [, folder = "", path = ""] = /^\/([a-z]+)(\/.*)$/.exec(url) ?? []
  const schema = UPSTREAM_SCHEMAS.find((name) => name.toLowerCase() === folder)
  if (schema === undefined) return told(404, `no provider at ${url}`)
  const [header, prefix] = WIRES[schema].key
  if (request.headers[header] !== `${prefix}key-of-${folder}`) return told(401, "wrong key")
  const tag = readTag(body)
  const known = tag === null ? [] : (attempts.get(tag.name) ?? [])
  const answer = answerOf({ schema, path, body, tag, before: known.length })
  if (tag !== null) attempts.set(tag.name, [...known, { path, body, status: answer.status }])
  return answer
}

function told(status: number, message: string): ProviderAnswer {
  const headers = { "content-type": "application/json" }
  return { status, headers, pieces: [Buffer.from(JSON.stringify({ message }))] }
}

server.listen(0, "127.0.0.1", () => {
  const address = server.address()
  console.log(`providers ${typeof address === "object" ? address?.port : ""}`)
})
