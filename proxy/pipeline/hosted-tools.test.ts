/** Streams that pass while a hosted tool works: its events are signs of life, and content. */
import { expect, test } from "vitest"
import type { ProviderConfig } from "#proxy/contract/snapshot.ts"
import {
  makeBackend,
  makeProvider,
  makeRule,
  makeRuntime,
} from "#proxy/runtime/samples.test-data.ts"
import { type ModelSurfaceName, SURFACES } from "#proxy/surfaces/registry.ts"
import { type Act, createWorld, startChat } from "./world.test-data.ts"

const timeouts = { requestMs: 600_000, firstTokenMs: 5000, streamIdleMs: 5000 }
const named = (event: { readonly type: string }): string =>
  `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`

interface Row {
  readonly name: ModelSurfaceName
  readonly provider: Partial<ProviderConfig>
  readonly body: object
  readonly begin: string
  readonly work: readonly string[]
  readonly quiet: string
  readonly end: string
}

const ROWS: readonly Row[] = [
  {
    name: "openai-responses",
    provider: {},
    body: { model: "smart", input: "A cat", stream: true },
    begin: named({ type: "response.created" }),
    work: [
      { type: "response.output_item.added", item: { type: "image_generation_call" } },
      { type: "response.image_generation_call.generating" },
      { type: "response.image_generation_call.partial_image", partial_image_b64: "AAAA" },
      { type: "response.mcp_list_tools.in_progress" },
    ].map(named),
    quiet: named({ type: "response.in_progress" }),
    end: named({ type: "response.completed" }),
  },
  {
    name: "anthropic-messages",
    provider: { schema: "Anthropic", pathPrefix: "" },
    body: {
      model: "smart",
      max_tokens: 9,
      stream: true,
      messages: [{ role: "user", content: "Hi" }],
    },
    begin: `event: message_start\ndata: ${JSON.stringify({ type: "message_start", message: {} })}\n\n`,
    work: [
      { type: "content_block_start", index: 0, content_block: { type: "server_tool_use" } },
      {
        type: "content_block_delta",
        index: 0,
        delta: { type: "input_json_delta", partial_json: "{" },
      },
      { type: "content_block_start", index: 1, content_block: { type: "web_search_tool_result" } },
    ].map(named),
    quiet: named({ type: "ping" }),
    end: named({ type: "message_stop" }),
  },
]

function play({ name, provider, body }: Row, acts: readonly Act[]) {
  const rules = [makeRule({ backends: [makeBackend("one")], timeouts })]
  const runtime = makeRuntime({
    providers: { one: makeProvider("one", provider) },
    routes: [{ name: "search/chat", rules }],
  })
  const headers = { "content-type": "text/event-stream" }
  const world = createWorld({ scripts: [[{ head: 200, headers }, ...acts]] })
  startChat(world, { runtime, surface: SURFACES[name], raw: { path: "/v1/messages" }, body })
  world.advance(60_000)
  return world.client
}

const slow = (texts: readonly string[]): readonly Act[] => texts.map((data) => ({ at: 4000, data }))

test.each(ROWS)("$name: a tool at work is no silence", (row) => {
  const { begin, work, end } = row
  const client = play(row, [{ data: begin }, ...slow([...work, end]), { end: true }])
  expect([client.status, client.end_]).toEqual([200, "ended"])
  expect(client.body).toBe(begin + work.join("") + end)
})

test.each(ROWS)("$name: what says nothing is no work", (row) => {
  const client = play(row, [{ data: row.begin }, ...slow([row.quiet, row.quiet, row.quiet])])
  expect([client.status, client.end_]).toEqual([504, "ended"])
})
