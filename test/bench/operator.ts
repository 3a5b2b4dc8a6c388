/**
 * The bench's end of the control channel, as its own process: one Snapshot, usage taken and
 * acknowledged.
 *
 * It speaks the channel as `proxy/contract/push.ts` says, over TLS, and does nothing else, so that
 * it takes little from the core that the load shares with it. In: `operator.ts UPSTREAM_ORIGIN
 * CERTIFICATE KEY`. Out: one line `listening PORT`.
 */
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import type { IncomingMessage, ServerResponse } from "node:http"
import { createServer } from "node:https"
import { canonicalJson } from "#proxy/contract/json.ts"
import type { CredentialsPush, HelloAnswer, SnapshotPush } from "#proxy/contract/push.ts"
import { benchSnapshot } from "./snapshot.ts"

const [, , upstreamOrigin = "", certificateFile = "", keyFile = ""] = process.argv
const snapshot = benchSnapshot(upstreamOrigin)
const push: SnapshotPush = {
  version: { term: 1, generation: 1 },
  hash: createHash("sha256").update(canonicalJson(snapshot)).digest("hex"),
  snapshot,
}
const credentials: CredentialsPush = {
  revision: "1",
  entries: [
    { kind: "key", provider: "stream", origin: upstreamOrigin, value: "bench" },
    { kind: "key", provider: "whole", origin: upstreamOrigin, value: "bench" },
  ],
  temporary: [],
  pending: [],
}
const hello: HelloAnswer = {
  session: "bench",
  identity: {
    namespace: "bench",
    pod: "bench-0",
    podUid: "00000000-0000-4000-8000-000000000001",
    application: "bench",
    labels: { app: "bench" },
  },
}

const server = createServer(
  { cert: readFileSync(certificateFile), key: readFileSync(keyFile), minVersion: "TLSv1.3" },
  (request, response) => {
    const { pathname } = new URL(request.url ?? "/", "https://operator")
    if (pathname === "/v1/config") stream(response)
    else void answer(pathname, request, response)
  },
)
server.listen(0, "127.0.0.1", () => {
  const address = server.address()
  if (address !== null && typeof address === "object") console.log(`listening ${address.port}`)
})

async function answer(
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  response.setHeader("content-type", "application/json")
  if (path === "/v1/hello") response.end(JSON.stringify(hello))
  else if (path === "/v1/usage") response.end(JSON.stringify({ acknowledged: lastOf(chunks) }))
  else response.end("{}")
}

/** The highest sequence of the batch: its records are in order. */
function lastOf(chunks: readonly Buffer[]): number {
  const text = Buffer.concat(chunks).toString("latin1")
  const at = text.lastIndexOf('"sequence":')
  return at < 0 ? 0 : Number.parseInt(text.slice(at + '"sequence":'.length), 10)
}

function stream(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/event-stream" })
  response.write(`event: credentials\ndata: ${JSON.stringify(credentials)}\n\n`)
  response.write(`event: snapshot\ndata: ${JSON.stringify(push)}\n\n`)
  const timer = setInterval(() => response.write(": keep-alive\n\n"), 5000)
  response.on("close", () => clearInterval(timer))
}
