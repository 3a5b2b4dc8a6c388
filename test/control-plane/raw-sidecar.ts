/**
 * A sidecar reduced to its calls: plain HTTPS with a pod-bound token, for tests of the operator's
 * channel.
 */
import type { IncomingHttpHeaders } from "node:http"
import { request } from "node:https"
import type { ConfigEvent, HeldVersion, HelloAnswer } from "#proxy/contract/push.ts"
import { waitUntil } from "#test/process/wait-until.ts"

export interface SidecarAddress {
  readonly port: number
  readonly serverName: string
  /** PEM of the roots, as in the ConfigMap `sidegate-ca`. */
  readonly ca: string
  readonly token: string
}

export interface Answer {
  readonly status: number
  readonly body: unknown
}

export interface ConfigStream {
  readonly events: readonly ConfigEvent[]
  /** Resolves when the operator ends it. */
  readonly ended: Promise<void>
  close(): void
}

export async function call(
  address: SidecarAddress,
  method: string,
  path: string,
  body?: unknown,
): Promise<Answer> {
  const { status, body: answered } = await callForHead(address, method, path, body)
  return { status, body: answered }
}

/** As `call`, with the headers of the answer. */
export function callForHead(
  address: SidecarAddress,
  method: string,
  path: string,
  body?: unknown,
): Promise<Answer & { readonly headers: IncomingHttpHeaders }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(options(address, method, path), (response) => {
      const chunks: Buffer[] = []
      response.on("data", (chunk: Buffer) => chunks.push(chunk))
      response.on("error", reject)
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8")
        const { statusCode = 0, headers } = response
        resolve({ status: statusCode, headers, body: text === "" ? null : JSON.parse(text) })
      })
    })
    outgoing.on("error", reject)
    outgoing.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

/** Says hello as a sidecar that holds `held`, and gives its session. */
export async function hello(
  address: SidecarAddress,
  held: HeldVersion | null = null,
  credentials: string | null = null,
): Promise<HelloAnswer> {
  const { status, body } = await call(address, "POST", "/v1/hello", {
    boot: "boot-1",
    held,
    credentials,
    journalSequence: 0,
    schemaVersion: 2,
    release: "test",
  })
  if (status !== 200) throw new Error(`hello was answered with ${status} ${JSON.stringify(body)}`)
  return body as HelloAnswer
}

/** Opens the config stream; every Snapshot is acknowledged unless `refuse` gives a reason. */
export function subscribe(
  address: SidecarAddress,
  session: string,
  refuse: () => string | null = () => null,
): Promise<ConfigStream> {
  return new Promise((resolve, reject) => {
    const events: ConfigEvent[] = []
    const ended = Promise.withResolvers<void>()
    let held: HeldVersion | null = null
    let isOver = false
    void ended.promise.then(() => {
      isOver = true
    })
    const take = (event: ConfigEvent): void => {
      events.push(event)
      if (event.event !== "snapshot") return
      const { version, hash } = event.data
      const reason = refuse()
      if (reason === null) held = { ...version, hash }
      const nack = reason === null ? null : { reason, object: null, path: null }
      void answer({ session, version, held, nack })
    }
    /** Until it is taken, as a real sidecar does: an answer that is lost is waited for a minute. */
    const answer = async (report: object): Promise<void> => {
      const send = async () =>
        isOver || (await call(address, "POST", "/v1/status", report)).status === 200 || undefined
      await waitUntil({ what: "an answer taken", withinMs: 60_000, everyMs: 50 }, send).catch(
        () => undefined,
      )
    }
    const outgoing = request(
      options(address, "GET", `/v1/config?session=${session}`),
      (response) => {
        if (response.statusCode !== 200) {
          reject(new Error(`the stream was answered with ${response.statusCode}`))
          return
        }
        let text = ""
        response.setEncoding("utf8").on("data", (chunk: string) => {
          const frames = (text + chunk).split("\n\n")
          text = frames.pop() ?? ""
          for (const frame of frames) {
            const event = parseFrame(frame)
            if (event !== null) take(event)
          }
        })
        response.on("close", () => ended.resolve())
        response.on("error", () => ended.resolve())
        resolve({ events, ended: ended.promise, close: () => outgoing.destroy() })
      },
    )
    outgoing.on("error", reject)
    outgoing.end()
  })
}

function parseFrame(frame: string): ConfigEvent | null {
  const field = (name: string) =>
    frame
      .split("\n")
      .filter((line) => line.startsWith(`${name}: `))
      .map((line) => line.slice(name.length + 2))
      .join("\n")
  const [event, data] = [field("event"), field("data")]
  return data === "" ? null : ({ event, data: JSON.parse(data) } as ConfigEvent)
}

function options({ port, serverName, ca, token }: SidecarAddress, method: string, path: string) {
  return {
    host: "127.0.0.1",
    port,
    servername: serverName,
    ca,
    method,
    path,
    agent: false as const,
    headers: {
      authorization: `Bearer ${token}`,
      ...(method === "POST" ? { "content-type": "application/json" } : {}),
    },
  }
}
