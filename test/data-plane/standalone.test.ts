/**
 * `sidegate run` as a real process: a request with the vendor's own client, a change of the
 * manifests, and everything that can be wrong with how it was started.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import OpenAI from "openai"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { temporaryDirectory } from "#test/process/places.ts"
import { waitUntil } from "#test/process/wait-until.ts"
import { runSidegate, type Standalone, startStandalone } from "./start-standalone.ts"

/** Of what takes a second at most. */
const WITHIN_MS = 60_000

const provider = (name: string, more = "") => `
apiVersion: sidegate.dev/v1alpha1
kind: AIProvider
metadata: {name: ${name}}
spec:
  schema: Simulated
  allowedNamespaces: {from: All}
${more}
`
const route = (name: string, model: string, to: string) => `
apiVersion: sidegate.dev/v1alpha1
kind: AIRoute
metadata: {name: ${name}}
spec:
  models: [${model}]
  rules:
  - name: default
    backends: [{provider: ${to}, model: gpt-4o}]
`
const FILES = {
  "a.yaml": provider("one"),
  "b.yaml": provider("two"),
  "chat.yaml": route("chat", "smart", "one"),
  "other.yaml": route("other", "steady", "two"),
}

async function ask(standalone: Standalone, model: string) {
  const answer = await fetch(`${standalone.origin}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model, messages: [{ role: "user", content: "Hello" }] }),
  })
  const body = await answer.text()
  return { status: answer.status, provider: answer.headers.get("x-sidegate-provider"), body }
}

async function untilAnsweredBy(standalone: Standalone, model: string, name: string): Promise<void> {
  await waitUntil({ what: `${model} to be answered by ${name}`, withinMs: WITHIN_MS }, async () => {
    const { provider: by } = await ask(standalone, model)
    return by === name ? true : undefined
  })
}

describe("a running gateway", () => {
  let standalone: Standalone
  beforeAll(async () => {
    standalone = await startStandalone({ files: FILES })
  })
  afterAll(async () => {
    expect(await standalone.program.stop()).toEqual({ code: 0, signal: null })
  })
  const client = () =>
    new OpenAI({ baseURL: `${standalone.origin}/v1`, apiKey: "sidegate-placeholder" })

  test("answers the official client, not streamed", async () => {
    const answer = await client().chat.completions.create({
      model: "smart",
      messages: [{ role: "user", content: "Hello" }],
    })
    expect(answer.choices[0]?.message.content).toMatch(/./)
    expect(answer.usage?.completion_tokens).toBeGreaterThan(0)
  })

  test("answers the official client, streamed, with usage when it asks", async () => {
    const stream = await client().chat.completions.create({
      model: "smart",
      messages: [{ role: "user", content: "Hello" }],
      stream: true,
      stream_options: { include_usage: true },
    })
    let text = ""
    let total = 0
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? ""
      total = chunk.usage?.total_tokens ?? total
    }
    expect(text).toMatch(/./)
    expect(total).toBeGreaterThan(0)
  })

  test("lists the models to the official client", async () => {
    const models = await client().models.list()
    expect(models.data.map(({ id }) => id).sort()).toEqual(["smart", "steady"])
  })

  test("refuses an unknown model in the client's own error", async () => {
    const failed = client().chat.completions.create({
      model: "nobody",
      messages: [{ role: "user", content: "Hello" }],
    })
    await expect(failed).rejects.toMatchObject({ status: 404, code: "model_not_found" })
  })

  test("a saved manifest changes the answering backend, and back", async () => {
    await untilAnsweredBy(standalone, "smart", "one")
    standalone.write("chat.yaml", route("chat", "smart", "two"))
    await untilAnsweredBy(standalone, "smart", "two")
    await standalone.program.waitForLine(/^reloaded: changed AIRoute default\/chat$/, WITHIN_MS)
    standalone.write("chat.yaml", route("chat", "smart", "one"))
    await untilAnsweredBy(standalone, "smart", "one")
  })

  test("a broken manifest is told with its place, and everything keeps answering", async () => {
    standalone.write("chat.yaml", "kind: [")
    await standalone.program.waitForLine(/^chat\.yaml:1: /, WITHIN_MS)
    await untilAnsweredBy(standalone, "smart", "one")
    await untilAnsweredBy(standalone, "steady", "two")
    standalone.write("chat.yaml", route("chat", "smart", "one"))
  })

  test("an object that the schema refuses is told with its field; the others answer", async () => {
    standalone.write("new.yaml", `${route("new", "fresh", "one")}  extra: 1\n`)
    await standalone.program.waitForLine(
      /^new\.yaml:\d+: AIRoute default\/new: Accepted=False .*spec\.extra/,
      WITHIN_MS,
    )
    expect((await ask(standalone, "fresh")).status).toBe(404)
    await untilAnsweredBy(standalone, "smart", "one")
    standalone.write("new.yaml", route("new", "fresh", "two"))
    await standalone.program.waitForLine(/^AIRoute default\/new: in order again$/, WITHIN_MS)
    await untilAnsweredBy(standalone, "fresh", "two")
  })

  test("a second route for one model is told who won", async () => {
    standalone.write("z.yaml", route("later", "smart", "two"))
    await standalone.program.waitForLine(
      /^z\.yaml:\d+: AIRoute default\/later: Accepted=False Conflicted: .*default\/chat/,
      WITHIN_MS,
    )
    await untilAnsweredBy(standalone, "smart", "one")
    standalone.remove("z.yaml")
    await standalone.program.waitForLine(/^reloaded: removed AIRoute default\/later$/, WITHIN_MS)
  })

  test("health, readiness and metrics are on the second port", async () => {
    for (const path of ["healthz", "readyz", "metrics"]) {
      const answer = await fetch(`${standalone.adminOrigin}/${path}`)
      await answer.text()
      expect([path, answer.status]).toEqual([path, 200])
    }
  })
})

test("failover: a provider that fails is left for the next priority", async () => {
  const standalone = await startStandalone({
    files: {
      "one.yaml": provider("one", "  simulated: {errorPercent: 100}"),
      "two.yaml": provider("two"),
      "chat.yaml": `${route("chat", "smart", "one").replace(
        "backends: [",
        "backends: [{provider: two, model: gpt-4o, priority: 1}, ",
      )}`,
    },
  })
  expect(await ask(standalone, "smart")).toMatchObject({ status: 200, provider: "two" })
  await standalone.program.stop()
})

describe("keys from the environment", () => {
  const files = {
    ...FILES,
    "openai.yaml": `
apiVersion: v1
kind: Secret
metadata:
  name: openai-key
  annotations: {sidegate.dev/allowed-hosts: api.openai.com}
type: sidegate.dev/provider-credential
stringData: {api-key: "\${OPENAI_API_KEY}"}
---
apiVersion: sidegate.dev/v1alpha1
kind: AIProvider
metadata: {name: openai}
spec:
  schema: OpenAI
  endpoint: https://api.openai.com/v1
  credentials: {type: Secret, secret: {name: openai-key, key: api-key}}
  allowedNamespaces: {from: All}
`,
  }

  test("an unset variable is named, and the others answer", async () => {
    const standalone = await startStandalone({ files })
    await standalone.program.waitForLine(
      /^openai\.yaml:\d+: AIProvider openai: ResolvedRefs=False .*OPENAI_API_KEY is not set/,
      WITHIN_MS,
    )
    await untilAnsweredBy(standalone, "smart", "one")
    await standalone.program.stop()
  })

  test("a set one is used, and is found neither in the output nor on the disk", async () => {
    const canary = "sk-canary-7f3a91"
    const stateDir = temporaryDirectory("state")
    const standalone = await startStandalone({
      files,
      stateDir,
      args: ["--log-level", "debug"],
      env: { OPENAI_API_KEY: canary },
    })
    await untilAnsweredBy(standalone, "smart", "one")
    await standalone.program.stop()
    const { stdout, stderr } = standalone.program
    const disk = readdirSync(stateDir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"))
    expect(stdout()).not.toContain("SecretKeyNotFound")
    for (const text of [stdout(), stderr(), ...disk]) {
      expect(text.includes(canary)).toBe(false)
      expect(text.includes(Buffer.from(canary).toString("base64"))).toBe(false)
    }
  })
})

describe("what start-up refuses, in a sentence", () => {
  test("a taken port, with the option that chooses another", async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    const address = server.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    const state = temporaryDirectory("state")
    const directory = temporaryDirectory("manifests")
    for (const [flag, other] of [
      ["--port", "--admin-port"],
      ["--admin-port", "--port"],
    ] as const) {
      const args = ["run", directory, flag, String(port), other, "0", "--state", state]
      const program = await runSidegate(args)
      expect(await program.exited).toEqual({ code: 1, signal: null })
      expect(program.stderr()).toBe(
        `sidegate: port ${port} is taken: end what listens there, ` +
          `or choose another one with ${flag}\n`,
      )
    }
    await new Promise<void>((resolve) => server.close(() => resolve()))
  })

  test("a state directory that another run holds", async () => {
    const stateDir = temporaryDirectory("state")
    const first = await startStandalone({ files: FILES, stateDir })
    const second = await runSidegate([
      "run",
      first.directory,
      "--port",
      "0",
      "--admin-port",
      "0",
      "--state",
      stateDir,
    ])
    expect(await second.exited).toEqual({ code: 1, signal: null })
    expect(second.stderr()).toContain(
      `is in use by another sidegate run (process ${first.program.pid})`,
    )
    await untilAnsweredBy(first, "smart", "one")
    await first.program.stop()
  })

  test("a directory that is none", async () => {
    const state = temporaryDirectory("state")
    const program = await runSidegate(["run", "/nowhere", "--state", state])
    expect(await program.exited).toEqual({ code: 1, signal: null })
    expect(program.stderr()).toBe("sidegate: /nowhere does not exist\n")
  })

  test("an option that is none", async () => {
    const program = await runSidegate(["run", ".", "--port", "http"])
    expect(await program.exited).toEqual({ code: 1, signal: null })
    expect(program.stderr()).toContain("A port is a whole number from 0 to 65535.")
  })
})

test("usage of every request is in the ledger once, also after a restart", async () => {
  const stateDir = temporaryDirectory("state")
  const want = Array.from({ length: 5 }, () => "unassigned one")
  for (const requests of [3, 2]) {
    const standalone = await startStandalone({ files: FILES, stateDir })
    for (let count = 0; count < requests; count++) await ask(standalone, "smart")
    expect((await standalone.program.stop()).code).toBe(0)
  }
  // What a stop had no time to deliver is in the journal: the next start does.
  const last = await startStandalone({ files: FILES, stateDir })
  await waitUntil({ what: "five records", withinMs: WITHIN_MS, everyMs: 100 }, async () =>
    recordsIn(stateDir).length >= want.length ? true : undefined,
  )
  expect((await last.program.stop()).code).toBe(0)
  expect(recordsIn(stateDir)).toEqual(want)
})

test("a signal during the start ends what has started, in order", async () => {
  const stateDir = temporaryDirectory("state")
  const directory = temporaryDirectory("manifests")
  writeFileSync(join(directory, "all.yaml"), Object.values(FILES).join("\n---\n"))
  const ports = ["--port", "0", "--admin-port", "0"]
  const program = await runSidegate(["run", directory, ...ports, "--state", stateDir])
  await waitUntil({ what: "the ledger", withinMs: WITHIN_MS, everyMs: 1 }, () =>
    existsSync(join(stateDir, "ledger.db")) ? true : undefined,
  )
  expect(await program.stop(30_000)).toEqual({ code: 0, signal: null })
})

function recordsIn(stateDir: string): readonly string[] {
  const ledger = new DatabaseSync(join(stateDir, "ledger.db"), { readOnly: true, timeout: 10_000 })
  const rows = ledger.prepare("SELECT team, provider FROM usage_record").all()
  ledger.close()
  return rows.map(({ team, provider: by }) => `${team} ${by}`)
}
