import { createServer } from "node:net"
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { freePort } from "#test/process/places.ts"
import { waitUntil } from "#test/process/wait-until.ts"
import type { Behaviour } from "./behaviour.ts"
import { startUpstream, type TestUpstream } from "./client.ts"
import { hashOf } from "./server.ts"

let upstream: TestUpstream
beforeAll(async () => {
  upstream = await startUpstream()
})
afterAll(() => upstream.stop())
beforeEach(async () => {
  await upstream.behaveWell()
  await upstream.reset()
})

function chat(
  backend: string,
  body: object,
  headers: Record<string, string> = {},
  withinMs = 20_000,
): Promise<Response> {
  return fetch(`${upstream.endpoint(backend)}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(withinMs),
  })
}

/** `200 text`, or the failure in words: what a plain client sees. */
async function seen(backend: string, body: object, withinMs?: number): Promise<string> {
  try {
    const answer = await chat(backend, body, {}, withinMs)
    try {
      return `${answer.status} ${await answer.text()}`
    } catch {
      return `${answer.status} cut`
    }
  } catch (error) {
    return error instanceof Error && error.name === "TimeoutError" ? "timeout" : "no answer"
  }
}

describe("answers", () => {
  test("a whole answer names its backend and model and carries usage", async () => {
    const answer = await chat("alpha", { model: "m1", messages: [] })
    expect(await answer.json()).toMatchObject({
      model: "m1",
      choices: [{ message: { content: "alpha word1 word2 word3 word4" } }],
      usage: { prompt_tokens: 11, completion_tokens: 5, total_tokens: 16 },
    })
  })
  test("a stream ends with [DONE], and has usage only when asked", async () => {
    const plain = await seen("beta", { model: "m", stream: true })
    const asked = await seen("beta", {
      model: "m",
      stream: true,
      stream_options: { include_usage: true },
    })
    expect([plain.endsWith("data: [DONE]\n\n"), plain.includes("usage")]).toEqual([true, false])
    expect([asked.endsWith("data: [DONE]\n\n"), asked.includes('"prompt_tokens":11')]).toEqual([
      true,
      true,
    ])
  })
  test("a slow stream says the same as a fast one", async () => {
    const fast = await seen("beta", { model: "m", stream: true })
    await upstream.behave("beta", { eventDelayMs: 2 })
    const slow = await seen("beta", { model: "m", stream: true })
    expect(slow.replaceAll(/beta-\d+/g, "")).toBe(fast.replaceAll(/beta-\d+/g, ""))
  })
})

const faults: readonly { name: string; behaviour: Partial<Behaviour>; want: RegExp }[] = [
  { name: "a status with an error body", behaviour: { status: 429 }, want: /^429 \{"error"/ },
  { name: "a body of the test's own", behaviour: { body: "<html>" }, want: /^200 <html>$/ },
  { name: "usage left out", behaviour: { usage: "absent" }, want: /^200 (?!.*usage)/ },
  {
    name: "usage that is nonsense",
    behaviour: { usage: { verbatim: { prompt_tokens: -1 } } },
    want: /"usage":\{"prompt_tokens":-1\}/,
  },
  {
    name: "a cut in the body",
    behaviour: { fault: { kind: "cut", afterBytes: 20 } },
    want: /^200 cut$/,
  },
  {
    name: "a cut right after the head",
    behaviour: { fault: { kind: "cut", afterBytes: 0 } },
    want: /^200 cut$|^no answer$/,
  },
  { name: "a reset", behaviour: { fault: { kind: "reset" } }, want: /^no answer$/ },
  {
    name: "bytes that are no HTTP",
    behaviour: { fault: { kind: "garbage" } },
    want: /^no answer$/,
  },
  {
    name: "silence before the head",
    behaviour: { fault: { kind: "silence", afterBytes: null } },
    want: /^timeout$/,
  },
  {
    name: "silence in the body",
    behaviour: { fault: { kind: "silence", afterBytes: 10 } },
    want: /^200 cut$/,
  },
  {
    name: "a drip that ends well",
    behaviour: { fault: { kind: "drip", bytes: 100, everyMs: 1 } },
    want: /^200 \{.*\}$/,
  },
]
test.each(faults)("on demand: $name", async ({ behaviour, want }) => {
  await upstream.behave("gamma", behaviour)
  const isSilent = behaviour.fault?.kind === "silence"
  expect(await seen("gamma", { model: "m" }, isSilent ? 4000 : undefined)).toMatch(want)
})

test("a rule with a count ends after it, and one for a model leaves the others alone", async () => {
  await upstream.behave("delta", { status: 500 }, { times: 1 })
  await upstream.behave("delta", { status: 503 }, { model: "picky" })
  const statuses: string[] = []
  for (const model of ["m", "m", "picky"])
    statuses.push((await seen("delta", { model })).slice(0, 3))
  expect(statuses).toEqual(["500", "200", "503"])
})

test("a closed port refuses, and opens again on the same number", async () => {
  await upstream.close()
  expect(await seen("alpha", { model: "m" })).toBe("no answer")
  await upstream.open()
  expect(await seen("alpha", { model: "m" })).toMatch(/^200 /)
})

test("every attempt is in the book once, with user, its key's hash and how it ended", async () => {
  await chat("alpha", { model: "m", user: "u1" }, { authorization: "Bearer k" }).then((a) =>
    a.text(),
  )
  await upstream.behave("alpha", { fault: { kind: "cut", afterBytes: 5 } }, { times: 1 })
  await seen("alpha", { model: "m", user: "u2", stream: true })
  const attempts = await upstream.attempts()
  expect(attempts.map(({ number: _, ...facts }) => facts)).toEqual([
    {
      backend: "alpha",
      model: "m",
      user: "u1",
      isStream: false,
      authorizationHash: hashOf("Bearer k"),
      state: "answered",
      status: 200,
    },
    {
      backend: "alpha",
      model: "m",
      user: "u2",
      isStream: true,
      authorizationHash: null,
      state: "faulted",
      status: null,
    },
  ])
  expect(await upstream.counts()).toMatchObject({ heads: 2, received: 2, answered: 1, faulted: 1 })
})

test("bodies are kept byte for byte", async () => {
  await seen("alpha", { model: "m", note: "ä" })
  const [body] = await upstream.bodies()
  expect(Buffer.from(body?.bodyBase64 ?? "", "base64").toString()).toBe('{"model":"m","note":"ä"}')
})

test("a client that leaves during the answer is counted as gone", async () => {
  await upstream.behave("alpha", { delayMs: 10_000 })
  const abort = new AbortController()
  const call = fetch(`${upstream.endpoint("alpha")}/chat/completions`, {
    method: "POST",
    body: "{}",
    signal: abort.signal,
  }).catch(() => undefined)
  const count = (wanted: "received" | "clientGone") => async () =>
    (await upstream.counts())[wanted] === 1 ? true : undefined
  await waitUntil({ what: "the request to arrive", withinMs: 30_000 }, count("received"))
  abort.abort()
  await call
  await waitUntil({ what: "the client to be missed", withinMs: 30_000 }, count("clientGone"))
})

test("a free port can be listened on", async () => {
  const port = await freePort()
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve))
  await new Promise<void>((resolve) => server.close(() => resolve()))
})
