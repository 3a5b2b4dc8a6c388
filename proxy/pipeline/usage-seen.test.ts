/** Streams that end before their report: what their upstream had told of the prompt counts. */
import { expect, test } from "vitest"
import type { ProviderConfig } from "#proxy/contract/snapshot.ts"
import {
  makeBackend,
  makeProvider,
  makeRule,
  makeRuntime,
} from "#proxy/runtime/samples.test-data.ts"
import { SURFACES } from "#proxy/surfaces/registry.ts"
import { type Act, CHAT, createWorld, startChat } from "./world.test-data.ts"

const RESET = { fail: { kind: "reset", wasSent: true, detail: "gone" } } as const
const sse = (...events: readonly unknown[]): string =>
  events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("")

const START = { input_tokens: 7000, cache_read_input_tokens: 500, output_tokens: 1 }
const said = (text: string) => ({ type: "text_delta", text })
const ANTHROPIC = sse(
  { type: "message_start", message: { id: "1", usage: START } },
  { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
  { type: "content_block_delta", index: 0, delta: said("x".repeat(40)) },
)
const GEMINI = sse({
  candidates: [{ content: { parts: [{ text: "x".repeat(40) }] }, index: 0 }],
  usageMetadata: { promptTokenCount: 7500, cachedContentTokenCount: 500, candidatesTokenCount: 3 },
})
const OPENAI = sse({ id: "1", choices: [{ index: 0, delta: { content: "x".repeat(40) } }] })
const TOLD = { inputTokens: 7500, cachedInputTokens: 500, outputTokens: 10 }

interface Row {
  readonly name: string
  readonly provider: Partial<ProviderConfig>
  readonly stream: string
  readonly want: object
}

const ROWS: readonly Row[] = [
  {
    name: "Anthropic",
    provider: { schema: "Anthropic", pathPrefix: "" },
    stream: ANTHROPIC,
    want: TOLD,
  },
  { name: "Gemini", provider: { schema: "Gemini", pathPrefix: "" }, stream: GEMINI, want: TOLD },
  { name: "OpenAI, which tells nothing", provider: {}, stream: OPENAI, want: { outputTokens: 10 } },
]

test.each(
  ROWS.flatMap((row) =>
    (["openai-chat", "anthropic-messages"] as const).flatMap((surface) =>
      ["broken", "left"].map((how) => ({ ...row, surface, how })),
    ),
  ),
)("$name to a client of $surface, $how", ({ provider, stream, want, surface, how }) => {
  const rules = [makeRule({ backends: [makeBackend("one")] })]
  const runtime = makeRuntime({
    providers: { one: makeProvider("one", provider) },
    routes: [{ name: "search/chat", rules }],
  })
  const headers = { "content-type": "text/event-stream" }
  const end: readonly Act[] = how === "broken" ? [RESET] : []
  const world = createWorld({ scripts: [[{ head: 200, headers }, { data: stream }, ...end]] })
  const body = { ...CHAT, max_tokens: 99, stream: true }
  startChat(world, { runtime, surface: SURFACES[surface], raw: { path: "/v1/messages" }, body })
  world.advance(100)
  if (how === "left") world.client.leave()
  const [final] = world.finals.values()
  expect(final).toMatchObject({ usage: want, source: "estimated" })
})

/** "Approximately 30 percent more tokens" ("Token counting"): 2.7 bytes each, and not 4. */
test("what came is counted in tokens of the model's own size", () => {
  const rules = [makeRule({ backends: [makeBackend("one", { model: "claude-opus-5-5" })] })]
  const runtime = makeRuntime({
    providers: { one: makeProvider("one", { schema: "Anthropic", pathPrefix: "" }) },
    routes: [{ name: "search/chat", rules }],
  })
  for (const surface of ["openai-chat", "anthropic-messages"] as const) {
    const head = { head: 200, headers: { "content-type": "text/event-stream" } }
    const world = createWorld({ scripts: [[head, { data: ANTHROPIC }, RESET]] })
    const body = { ...CHAT, max_tokens: 99, stream: true }
    startChat(world, { runtime, surface: SURFACES[surface], raw: { path: "/v1/messages" }, body })
    world.advance(100)
    const [final] = world.finals.values()
    expect(final?.usage).toEqual({ ...TOLD, outputTokens: 15 })
  }
})
