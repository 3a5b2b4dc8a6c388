/**
 * What a pod on the network gets out of the webhook with AdmissionReviews of its own: a patch that
 * says what ours always say, a word why not, or a refusal. Nothing is read, written, dialled or run
 * for it. S14.
 */
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs"
import { createServer, type Server } from "node:http"
import { request } from "node:https"
import type { AddressInfo } from "node:net"
import { dirname, join } from "node:path"
import fc from "fast-check"
import { afterAll, beforeAll, expect, test } from "vitest"
import { textAt } from "#operator/kube/json-path.ts"
import { bundlePrograms } from "#test/process/bundle-programs.ts"
import { writeCertificate } from "#test/process/certificate.ts"
import { freePorts, temporaryDirectory } from "#test/process/places.ts"
import { type Program, startProgram } from "#test/process/program.ts"
import { waitForHttp } from "#test/process/wait-until.ts"

const IMAGE = "registry.example/sidegate-proxy:test"
/** Stands in everything that a review says here, and must stand in nothing that comes out. */
const MARK = "attacker"
/** All that injection changes of a pod. */
const PATHS = new RegExp(
  `^/(${[
    "metadata/annotations(/[a-z.-]+~1[a-zA-Z-]+)?",
    String.raw`spec/(initContainers|volumes)(/(\d+|-))?`,
    String.raw`spec/(initContainers|containers)/\d+/envFrom(/\d+)?`,
  ].join("|")})$`,
)

let webhook: Program
let port: number
let opsPort: number
let ca: string
/** Whoever follows an address in a review ends here. */
let trap: Server
let trapped = 0
let before: readonly string[]
let certificates: string

beforeAll(async () => {
  trap = createServer((_, response) => {
    trapped += 1
    response.end()
  })
  await new Promise<void>((resolve) => trap.listen(0, "127.0.0.1", resolve))
  const folder = temporaryDirectory("webhook-certificate")
  certificates = folder
  const { cert, key } = await writeCertificate(folder)
  for (const [name, text] of [
    ["tls.crt", cert],
    ["tls.key", key],
    ["ca.crt", cert],
  ] as const) {
    writeFileSync(join(folder, name), text, { mode: 0o600 })
  }
  ca = cert
  const [webhookPort = 0, ops = 0] = await freePorts(2)
  port = webhookPort
  opsPort = ops
  const main = bundlePrograms().operator
  // It reads its program and its certificate. Whatever else it tries throws.
  const reads = [dirname(main), folder].map((path) => `--allow-fs-read=${path}`)
  webhook = await startProgram({
    name: "webhook",
    args: ["--permission", ...reads, main],
    env: {
      SIDEGATE_ROLE: "webhook",
      SIDEGATE_LISTEN_HOST: "127.0.0.1",
      SIDEGATE_WEBHOOK_PORT: String(port),
      SIDEGATE_OPS_PORT: String(opsPort),
      SIDEGATE_WEBHOOK_CERTIFICATE_DIR: folder,
      SIDEGATE_WEBHOOK_SERVER_NAME: "localhost",
      SIDEGATE_WEBHOOK_DRAIN_MS: "0",
      SIDEGATE_PROXY_IMAGE: IMAGE,
      SIDEGATE_LOG_LEVEL: "debug",
    },
  })
  await waitForHttp(`http://127.0.0.1:${opsPort}/readyz`, 200, 60_000)
  before = openFiles()
})

afterAll(async () => {
  await webhook.stop()
  trap.close()
})

/** No answer at all. */
const CUT = 0

interface Answer {
  readonly status: number
  readonly text: string
}

function send(body: string | Buffer, path = "/inject/enabled", method = "POST"): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, servername: "localhost", ca, path, method }
    const outgoing = request({ ...options, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on("data", (chunk: Buffer) => chunks.push(chunk))
      response.on("error", reject)
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8")
        resolve({ status: response.statusCode ?? 0, text })
      })
    })
    // A body that is refused while it is written may be cut before its answer is read.
    outgoing.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE" || error.code === "ECONNRESET") resolve({ status: CUT, text: "" })
      else reject(error)
    })
    outgoing.end(body)
  })
}

function reviewOf(object: unknown, request: object = {}): string {
  return JSON.stringify({
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    request: {
      uid: "u1",
      kind: { group: "", version: "v1", kind: "Pod" },
      operation: "CREATE",
      object,
      ...request,
    },
  })
}

/** Fails unless it is one of the three things that may come out. */
function judge({ status, text }: Answer): string {
  if (status !== 200) {
    expect([400, 404, 413, CUT]).toContain(status)
    expect(text).not.toContain(MARK)
    return "refused"
  }
  const review: unknown = JSON.parse(text)
  const { response } = review as { response: Record<string, unknown> }
  const { uid, allowed, patchType, patch, warnings = [], ...more } = response
  expect([typeof uid, allowed, more]).toEqual(["string", true, {}])
  expect(JSON.stringify(warnings).length).toBeLessThan(2048)
  if (patch === undefined) return "left"
  expect(patchType).toBe("JSONPatch")
  const operations: unknown = JSON.parse(Buffer.from(String(patch), "base64").toString("utf8"))
  for (const operation of operations as readonly unknown[]) {
    expect(textAt(operation, "op")).toMatch(/^(add|replace|remove)$/)
    expect(textAt(operation, "path")).toMatch(PATHS)
    expect(JSON.stringify(operation)).not.toContain(MARK)
  }
  return JSON.stringify(operations).includes(IMAGE) ? "patched" : "marked"
}

const pod = (spec: object, metadata: object = { name: MARK }) => ({ metadata, spec })
const app = (more: object = {}) => ({ name: "app", image: MARK, ...more })

function hostile(): readonly { readonly name: string; readonly body: string | Buffer }[] {
  const { port: trapPort } = trap.address() as AddressInfo
  const url = `http://127.0.0.1:${trapPort}/${MARK}`
  const code = `\${process.mainModule.require('child_process').execSync('curl ${url}')}`
  const template = `{{ include "${MARK}" . }} <% ${code} %> $(curl ${url}) #{${code}} \u0000 ${url}`
  const everywhere = {
    name: MARK,
    labels: { [template]: template, "sidegate.dev/inject": template },
    annotations: { [template]: template, "sidegate.dev/proxy-cpu": template },
  }
  const container = {
    ...app({ image: template, command: [code], args: [url] }),
    env: [{ name: "NODE_OPTIONS", value: `--require=/proc/self/fd/0 ${code}` }],
    envFrom: [{ configMapRef: { name: template } }],
    volumeMounts: [{ name: "../../etc", mountPath: "/etc/passwd" }],
  }
  const many = <T>(count: number, one: T) => Array.from({ length: count }, () => one)
  return [
    { name: "templates, commands and addresses", body: reviewOf(pod({ containers: [container] })) },
    {
      name: "the same as labels and annotations",
      body: reviewOf(pod({ containers: [container] }, everywhere)),
    },
    {
      name: "a sidecar of its own",
      body: reviewOf(
        pod({
          initContainers: [{ name: "sidegate-proxy", image: MARK, command: [code] }],
          containers: [app()],
          volumes: [{ name: "sidegate-token", hostPath: { path: `/${MARK}` } }],
        }),
      ),
    },
    {
      name: "the prototype of every object",
      body: reviewOf(pod({ containers: [app()] })).replace(
        '"containers"',
        `"__proto__":{"hostNetwork":"${MARK}","initContainers":[{"name":"${MARK}"}]},"constructor":{"prototype":{"name":"${MARK}"}},"containers"`,
      ),
    },
    { name: "two thousand containers", body: reviewOf(pod({ containers: many(2000, app()) })) },
    {
      name: "three mebibytes in one variable",
      body: reviewOf(
        pod({ containers: [app({ env: [{ name: "X", value: MARK.repeat(400_000) }] })] }),
      ),
    },
    {
      name: "more than an API server sends",
      body: reviewOf(pod({ containers: [app({ image: MARK.repeat(600_000) })] })),
    },
    {
      name: "depth without end",
      body: reviewOf("X").replace('"X"', `${'{"a":'.repeat(5000)}1${"}".repeat(5000)}`),
    },
    { name: "keys twice", body: '{"request":{"uid":"a"},"request":{"uid":"attacker"}}' },
    { name: "a uid that is an object", body: reviewOf(pod({ containers: [] }), { uid: { a: 1 } }) },
    {
      name: "an address for the answer",
      body: reviewOf(pod({ containers: [app()] }), { webhook: url, clientConfig: { url } }),
    },
    {
      name: "lists that are none",
      body: reviewOf(pod({ containers: { length: 9e15, 0: app() } })),
    },
    { name: "bytes that are no text", body: Buffer.from([0xff, 0xfe, 0x00, 0x7b, 0x7d]) },
    { name: "nothing", body: "" },
  ]
}

const METHODS = [
  ["GET", "/inject/enabled"],
  ["PUT", "/inject/enabled"],
  ["DELETE", "/inject/enabled"],
  ["POST", "/inject/enabled/../../etc/passwd"],
  ["POST", "/inject/%2e%2e/metrics"],
  ["POST", "//inject/enabled"],
  ["POST", `/inject/enabled?url=http://${MARK}`],
  ["POST", "/v1/hello"],
  ["GET", "/metrics"],
] as const

test("hostile reviews get a patch, a word or a refusal", async () => {
  const outcomes: Record<string, string> = {}
  for (const { name, body } of hostile()) outcomes[name] = judge(await send(body))
  expect(outcomes).toEqual({
    "templates, commands and addresses": "patched",
    "the same as labels and annotations": "marked",
    "a sidecar of its own": "marked",
    "the prototype of every object": "patched",
    "two thousand containers": "patched",
    "three mebibytes in one variable": "patched",
    "more than an API server sends": "refused",
    "depth without end": "refused",
    "keys twice": "refused",
    "a uid that is an object": "refused",
    "an address for the answer": "patched",
    "lists that are none": "left",
    "bytes that are no text": "refused",
    nothing: "refused",
  })
})

test("there is nothing else to ask it for", async () => {
  const body = reviewOf(pod({ containers: [app()] }))
  for (const [method, path] of METHODS) {
    const answer = await send(/GET|DELETE/.test(method) ? "" : body, path, method)
    expect([method, path, answer.status]).toEqual([method, path, path.includes("?") ? 200 : 404])
    judge(answer)
  }
})

test("reviews of any shape do no better", async () => {
  const value = fc.oneof(fc.jsonValue({ maxDepth: 4 }), fc.constant([MARK]), fc.constant(-1))
  const shape = fc.record(
    {
      metadata: fc.oneof(value, fc.record({ name: value, labels: value, annotations: value })),
      spec: fc.oneof(
        value,
        fc.record(
          {
            containers: fc.oneof(value, fc.array(fc.record({ name: value, envFrom: value }))),
            initContainers: fc.oneof(value, fc.array(fc.record({ name: value, ports: value }))),
            volumes: value,
            hostNetwork: value,
            terminationGracePeriodSeconds: value,
          },
          { requiredKeys: [] },
        ),
      ),
    },
    { requiredKeys: [] },
  )
  const once = fc.asyncProperty(shape, async (object) => void judge(await send(reviewOf(object))))
  await fc.assert(once, { numRuns: 300 })
})

test("for all of them it read, wrote, dialled and ran nothing, and it is well", async () => {
  expect(trapped).toBe(0)
  expect(openFiles()).toEqual(before)
  expect(children()).toBe("")
  expect(dialled()).toEqual([])
  await waitForHttp(`http://127.0.0.1:${opsPort}/readyz`, 200, 60_000)
  const metrics = await (await fetch(`http://127.0.0.1:${opsPort}/metrics`)).text()
  const said = webhook.stdout() + webhook.stderr() + metrics
  expect(said).not.toContain(MARK)
  expect(said).not.toMatch(/ERR_ACCESS_DENIED|"level":"error"/)
  expect(webhook.isRunning()).toBe(true)
})

/** What the process has open besides sockets, and its certificate, which it reads now and then. */
function openFiles(): readonly string[] {
  return descriptors()
    .filter((target) => !target.startsWith("socket:") && !target.startsWith(certificates))
    .sort()
}

function descriptors(): readonly string[] {
  const folder = `/proc/${webhook.pid}/fd`
  return readdirSync(folder).flatMap((name) => {
    try {
      return [readlinkSync(join(folder, name))]
    } catch {
      return []
    }
  })
}

function children(): string {
  return readFileSync(`/proc/${webhook.pid}/task/${webhook.pid}/children`, "utf8").trim()
}

/** Connections of the process that end neither at its own ports nor at those who called it. */
function dialled(): readonly string[] {
  const inodes = new Set(
    descriptors().flatMap((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? []),
  )
  const own = [port, opsPort].map((one) => one.toString(16).toUpperCase().padStart(4, "0"))
  const table = readFileSync(`/proc/${webhook.pid}/net/tcp`, "utf8").trim().split("\n").slice(1)
  return table.filter((line) => {
    const [, local = "", remote = "", , , , , , , inode = ""] = line.trim().split(/\s+/)
    if (!inodes.has(inode)) return false
    return !own.some((one) => local.endsWith(`:${one}`) || remote.endsWith(`:${one}`))
  })
}
