/**
 * Many light sidecars in one process: each says hello, holds its own TLS stream and acknowledges
 * pushes. They link nothing and hold nothing but the version.
 *
 * In: `subscribers.ts URL CERTIFICATE_FILE TOKENS_FILE`. Out: `subscribed N` once all hold a
 * Snapshot, then for each later version `acknowledged VERSION N FIRST LAST` (epoch ms) as soon as N
 * of them had it acknowledged; VERSION counts what each subscriber has received.
 */
import { readFileSync } from "node:fs"
import { Agent, request } from "node:https"

const [, , url = "", certificateFile = "", tokensFile = ""] = process.argv
const ca = readFileSync(certificateFile, "utf8")
const tokens = JSON.parse(readFileSync(tokensFile, "utf8")) as readonly string[]
const calls = new Agent({ ca, keepAlive: true, maxSockets: 32 })
const streams = new Agent({ ca, maxSockets: Number.POSITIVE_INFINITY })

/**
 * How many subscribers have acknowledged their n-th Snapshot, and when the first and the last did.
 */
const rounds: { count: number; first: number; last: number }[] = []
const PUSH =
  /^event: snapshot\ndata: \{"version":\{"term":(\d+),"generation":(\d+)\},"hash":"([0-9a-f]{64})"/

for (const token of tokens) void subscribe(token)

async function subscribe(token: string): Promise<void> {
  const session = await hello(token)
  let received = 0
  let text = ""
  const outgoing = request(
    `${url}/v1/config?session=${session}`,
    { agent: streams, headers: { authorization: `Bearer ${token}` } },
    (response) => {
      if (response.statusCode !== 200) throw new Error(`config answered ${response.statusCode}`)
      response.setEncoding("utf8")
      response.on("data", (chunk: string) => {
        text += chunk
        if (!text.endsWith("\n\n")) return
        for (const frame of text.split("\n\n")) {
          const push = PUSH.exec(frame)
          if (push === null) continue
          received += 1
          void acknowledge(token, session, push, received)
        }
        text = ""
      })
      response.on("end", () => {
        throw new Error("the operator ended a stream")
      })
    },
  )
  outgoing.end()
}

/** A refused hello is repeated when the operator says so: it admits two hundred a second. */
async function hello(token: string): Promise<string> {
  for (;;) {
    const answer = await post("/v1/hello", token, {
      boot: token.slice(-12),
      held: null,
      credentials: null,
      journalSequence: 0,
      schemaVersion: 2,
      release: "scale",
    })
    if (answer.status === 200) return (JSON.parse(answer.text) as { session: string }).session
    if (answer.status !== 503) throw new Error(`hello answered ${answer.status}: ${answer.text}`)
    await new Promise((resolve) => setTimeout(resolve, 200 + Math.random() * 1000))
  }
}

async function acknowledge(
  token: string,
  session: string,
  [, term, generation, hash]: RegExpExecArray,
  received: number,
): Promise<void> {
  const version = { term: Number(term), generation: Number(generation) }
  const held = { ...version, hash }
  const answer = await post("/v1/status", token, { session, version, held, nack: null })
  if (answer.status !== 200) throw new Error(`status answered ${answer.status}: ${answer.text}`)
  rounds[received] ??= { count: 0, first: Date.now(), last: 0 }
  const round = rounds[received]
  if (round === undefined) return
  round.count += 1
  round.last = Date.now()
  if (round.count !== tokens.length) return
  if (received === 1) console.log(`subscribed ${round.count}`)
  else console.log(`acknowledged ${received} ${round.count} ${round.first} ${round.last}`)
}

function post(
  path: string,
  token: string,
  body: unknown,
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url + path,
      {
        agent: calls,
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      },
      (response) => {
        let text = ""
        response.setEncoding("utf8")
        response.on("data", (chunk: string) => {
          text += chunk
        })
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text }))
      },
    )
    outgoing.on("error", reject)
    outgoing.end(JSON.stringify(body))
  })
}
