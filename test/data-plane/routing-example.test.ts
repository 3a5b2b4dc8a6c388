/** What docs/routing.md says of a route happens, on the manifests of `examples/routing`. */
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { temporaryDirectory } from "#test/process/places.ts"
import type { Program } from "#test/process/program.ts"
import { runSidegate } from "./start-standalone.ts"

const EXAMPLE = join(import.meta.dirname, "../../examples/routing")

/** Starts the example as a pod with these labels. */
async function start(labels: string): Promise<{ program: Program; origin: string }> {
  const program = await runSidegate([
    ...["run", EXAMPLE, "--labels", labels, "--port", "0", "--admin-port", "0"],
    ...["--state", temporaryDirectory("state")],
  ])
  const [, port] = await program.waitForLine(/^gateway +http:.*:(\d+)\/v1$/, 60_000)
  return { program, origin: `http://127.0.0.1:${port}` }
}

/** Provider, model and attempts, as the answer's headers tell them. */
async function served(
  origin: string,
  model: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<string> {
  const answer = await fetch(`${origin}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ model, messages: [{ role: "user", content: "Hello" }] }),
  })
  await answer.text()
  const told = ["provider", "model", "attempts"].map((name) =>
    answer.headers.get(`x-sidegate-${name}`),
  )
  return [answer.status, ...told].join(" ")
}

let plain: Awaited<ReturnType<typeof start>>
let batch: Awaited<ReturnType<typeof start>>
beforeAll(async () => {
  plain = await start("")
  batch = await start("tier=batch")
})
afterAll(async () => {
  await Promise.all([plain, batch].map(({ program }) => program.stop()))
})

test("a backend that fails is left for the next priority, and no further one is asked", async () => {
  expect(await served(plain.origin, "resilient")).toBe("200 steady gpt-4o 2")
})

test("a family is served under the name that was asked for", async () => {
  expect(await served(plain.origin, "gpt-5-nano")).toBe("200 steady gpt-5-nano 1")
})

test("the first rule that matches decides: header, label, everybody", async () => {
  const gold = { "x-tier": "gold" }
  expect(await served(plain.origin, "tiered")).toBe("200 spare gpt-4o-mini 1")
  expect(await served(batch.origin, "tiered")).toBe("200 spare gpt-4.1-nano 1")
  expect(await served(batch.origin, "tiered", gold)).toBe("200 steady gpt-4o 1")
})

test("weights share the requests: both are seen, the heavier one more often", async () => {
  const all = await Promise.all(Array.from({ length: 200 }, () => served(plain.origin, "trial")))
  const spare = all.filter((one) => one === "200 spare gpt-4.1 1").length
  // One in ten of 200: fewer than 3 or more than 60 happens once in more than a million runs.
  expect(all.filter((one) => one === "200 steady gpt-4o 1")).toHaveLength(200 - spare)
  expect(spare).toBeGreaterThan(2)
  expect(spare).toBeLessThan(60)
})
