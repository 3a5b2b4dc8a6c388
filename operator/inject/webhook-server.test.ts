import { writeFileSync } from "node:fs"
import { request } from "node:https"
import { join } from "node:path"
import { connect } from "node:tls"
import { afterEach, expect, test } from "vitest"
import { SETTINGS } from "#test/golden/inject/settings.test-data.ts"
import { writeCertificate } from "#test/process/certificate.ts"
import { temporaryDirectory } from "#test/process/places.ts"
import { readCertificate } from "./certificate-files.ts"
import { checkSelf } from "./self-check.ts"
import { createWebhookServer, type WebhookEvent, type WebhookServer } from "./webhook-server.ts"

const servers: WebhookServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

const PAIR = await writeCertificate(temporaryDirectory("webhook"))
const OTHER = await writeCertificate(temporaryDirectory("webhook"))

async function start() {
  const events: WebhookEvent[] = []
  const server = createWebhookServer({
    tls: PAIR,
    settings: SETTINGS,
    report: (event) => void events.push(event),
    now: () => 0,
  })
  servers.push(server)
  const port = await server.listen(0, "127.0.0.1")
  return { server, port, events }
}

interface Answer {
  readonly status: number
  readonly text: string
  readonly connection: string | undefined
}

function post(port: number, path: string, body: string | Buffer, headers = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { port, host: "127.0.0.1", path, method: "POST", ca: PAIR.cert, headers }
    const outgoing = request({ ...options, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on("data", (chunk: Buffer) => chunks.push(chunk))
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          text: Buffer.concat(chunks).toString("utf8"),
          connection: response.headers.connection,
        }),
      )
    })
    outgoing.on("error", reject)
    outgoing.end(body)
  })
}

function reviewOf(metadata: object): string {
  return JSON.stringify({
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    request: {
      uid: "u1",
      kind: { group: "", version: "v1", kind: "Pod" },
      operation: "CREATE",
      object: { metadata, spec: { containers: [{ name: "app" }] } },
    },
  })
}

const paths = [
  { path: "/inject/enabled", metadata: {}, outcome: "injected" },
  { path: "/inject/opt-in", metadata: {}, outcome: "left" },
  {
    path: "/inject/opt-in",
    metadata: { labels: { "sidegate.dev/inject": "true" } },
    outcome: "injected",
  },
]
test.each(paths)("the path $path says what the namespace asks for: $outcome", async (row) => {
  const { port, events } = await start()
  const { status, text } = await post(port, row.path, reviewOf(row.metadata))
  expect([status, text.includes(`"patchType":"JSONPatch"`)]).toEqual([
    200,
    row.outcome === "injected",
  ])
  expect(events).toEqual([{ kind: "reviewed", outcome: row.outcome, durationMs: 0 }])
})

const refused = [
  { name: "no JSON", body: "{", status: 400, reason: "malformed" },
  { name: "no review", body: "{}", status: 400, reason: "malformed" },
  {
    name: "deeper than any pod",
    body: `${"[".repeat(100)}${"]".repeat(100)}`,
    status: 400,
    reason: "malformed",
  },
  {
    name: "larger than the API server takes",
    body: Buffer.alloc(5 * 1024 * 1024, 32),
    status: 413,
    reason: "too-large",
  },
]
test.each(refused)("a body that is $name gets $status", async ({ body, status, reason }) => {
  const { port, events } = await start()
  const length = String(Buffer.byteLength(body))
  const answer = await post(port, "/inject/enabled", body, { "content-length": length })
  expect(answer.status).toBe(status)
  expect(events).toEqual([{ kind: "refused", reason }])
})

test("a chunked body is counted as it arrives", async () => {
  const { port, events } = await start()
  const answer = await post(port, "/inject/enabled", Buffer.alloc(5 * 1024 * 1024, 32), {
    "transfer-encoding": "chunked",
  }).catch(() => null)
  // The connection may be cut while the body is still being written.
  expect([413, undefined]).toContain(answer?.status)
  expect(events).toEqual([{ kind: "refused", reason: "too-large" }])
})

test("any other page is none", async () => {
  const { port } = await start()
  const answers = await Promise.all([post(port, "/inject", "{}"), post(port, "/metrics", "")])
  expect(answers.map(({ status }) => status)).toEqual([404, 404])
})

test("while it drains, each answer closes its connection", async () => {
  const { server, port } = await start()
  server.drain()
  const { status, connection } = await post(port, "/inject/enabled", reviewOf({}))
  expect([status, connection]).toEqual([200, "close"])
})

test("TLS 1.2 is refused", async () => {
  const { port } = await start()
  const failed = await new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", ca: PAIR.cert, maxVersion: "TLSv1.2" })
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code))
    socket.on("secureConnect", () => resolve("connected"))
  })
  expect(failed).toBe("ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION")
})

test("asked by itself it answers, and its own questions are not counted", async () => {
  const { port, events } = await start()
  const target = { host: "127.0.0.1", port, serverName: "localhost", roots: PAIR.cert }
  expect(await checkSelf(target)).toBeNull()
  expect(events).toEqual([])
})

test("a certificate of another name or root is no good, whoever listens", async () => {
  const { server, port } = await start()
  const target = { host: "127.0.0.1", port, serverName: "localhost", roots: PAIR.cert }
  expect(await checkSelf({ ...target, serverName: "other.example" })).toMatch(/altnames/)
  expect(await checkSelf({ ...target, roots: OTHER.cert })).toMatch(/cannot be asked/)
  server.setTls(OTHER)
  expect(await checkSelf(target)).toMatch(/cannot be asked/)
  expect(await checkSelf({ ...target, roots: OTHER.cert })).toBeNull()
})

test("nobody there is not ready", async () => {
  const target = { host: "127.0.0.1", port: 1, serverName: "localhost", roots: PAIR.cert }
  expect(await checkSelf(target)).toMatch(/^the webhook cannot be asked: /)
})

const files: readonly { name: string; texts: Record<string, string>; says: string }[] = [
  { name: "no files", texts: {}, says: "tls.crt cannot be read" },
  {
    name: "garbage",
    texts: { "tls.crt": "x", "tls.key": PAIR.key, "ca.crt": PAIR.cert },
    says: "tls.crt is not a certificate in PEM form",
  },
  {
    name: "no roots",
    texts: { "tls.crt": PAIR.cert, "tls.key": PAIR.key, "ca.crt": "" },
    says: "ca.crt is not a certificate in PEM form",
  },
  {
    name: "the key of another",
    texts: { "tls.crt": PAIR.cert, "tls.key": OTHER.key, "ca.crt": PAIR.cert },
    says: "tls.key is not the key of tls.crt",
  },
]
test.each(files)("certificate files: $name is told by file", async ({ texts, says }) => {
  const folder = temporaryDirectory("webhook")
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(folder, name), text)
  const read = await readCertificate(folder)
  expect(read).toEqual({ ok: false, message: expect.stringContaining(says) })
})
