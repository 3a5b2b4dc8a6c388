import { expect, test } from "vitest"
import { scanJson } from "#proxy/contract/json-scan.ts"
import type { ProviderConfig } from "#proxy/contract/snapshot.ts"
import { makeChat } from "#proxy/exchange/chat-request.test-data.ts"
import type { UpstreamWire } from "../adapter.ts"
import { azureOpenAi } from "./azure-openai.ts"

const provider = (apiVersion: string | null, pathPrefix = ""): ProviderConfig => ({
  name: "azure",
  schema: "AzureOpenAI",
  origin: "https://acme.openai.azure.com",
  pathPrefix,
  vendor: null,
  options: { schema: "AzureOpenAI", apiVersion },
  network: "Public",
  credential: "Secret",
  connectTimeoutMs: 1,
  disabled: false,
  simulated: null,
})

function chatWire(one: ProviderConfig): UpstreamWire {
  const wire = azureOpenAi.wires(one, "m").find(({ name }) => name === "openai.chat")
  if (wire === undefined) throw new Error("no chat")
  return wire
}

const DATED = "2024-10-21"
const QUERY = `?api-version=${DATED}`

test.each([
  [null, "", "gpt-4o", "/openai/v1/chat/completions"],
  [null, "/teams/a", "gpt-4o", "/teams/a/openai/v1/chat/completions"],
  [DATED, "", "chat-eu", `/openai/deployments/chat-eu/chat/completions${QUERY}`],
  [DATED, "/teams/a", "chat-eu", `/teams/a/openai/deployments/chat-eu/chat/completions${QUERY}`],
  // A client's own name, where the route sends it on.
  [
    DATED,
    "",
    "a/../b?x=1#y",
    `/openai/deployments/a%2F..%2Fb%3Fx%3D1%23y/chat/completions${QUERY}`,
  ],
  [DATED, "", "..", `/openai/deployments/%252E%252E/chat/completions${QUERY}`],
  [
    DATED,
    "",
    "größe\ud800",
    `/openai/deployments/gr%C3%B6%C3%9Fe%EF%BF%BD/chat/completions${QUERY}`,
  ],
])("version %s below %s: model %s is asked at %s", (apiVersion, prefix, model, want) => {
  const one = provider(apiVersion, prefix)
  expect(chatWire(one).path({ provider: one, model, isStream: false })).toBe(want)
  const url = new URL(want, "https://acme.openai.azure.com")
  expect(url.pathname + url.search).toBe(want)
})

test("a key goes in the header of Azure's own", () => {
  expect(chatWire(provider(null)).authorization).toEqual({ header: "api-key", prefix: "" })
})

/** The body of a stream of a client of another shape, without what is the same in all. */
function translated(apiVersion: string | null): unknown {
  const one = provider(apiVersion)
  const { chat } = chatWire(one)
  const place = { provider: one, model: "m", isStream: true }
  const encoded = chat?.encode(makeChat({ isStream: true, maxOutputTokens: 9 }), place)
  if (encoded?.ok !== true) throw new Error("it must be encoded")
  const { messages: _same, model: _name, ...rest } = JSON.parse(encoded.value)
  return rest
}

const REPORT = { stream: true, stream_options: { include_usage: true } }

test.each([
  ["the v1 paths", null, { ...REPORT, max_completion_tokens: 9 }],
  ["a version of 2025", "2025-04-01-preview", { ...REPORT, max_completion_tokens: 9 }],
  ["the last version of 2024", "2024-10-21", { ...REPORT, max_tokens: 9 }],
  ["the first preview with reports", "2024-09-01-preview", { ...REPORT, max_tokens: 9 }],
  ["the version before", "2024-06-01", { stream: true, max_tokens: 9 }],
])("%s is told what it knows", (_name, apiVersion, want) => {
  expect(translated(apiVersion)).toEqual(want)
})

test("what the filter says of the prompt does not begin the answer", () => {
  const decoder = chatWire(provider(null)).chat?.openDecoder()
  const push = (value: unknown) => {
    const scanned = scanJson(new TextEncoder().encode(JSON.stringify(value)), {
      bytesMax: 4096,
      depthMax: 16,
      tokensMax: 1000,
    })
    if (!scanned.ok) throw new Error(scanned.fault.message)
    return decoder?.push({ kind: "json", name: null, document: scanned.document })
  }
  expect(push({ choices: [], id: "", model: "", prompt_filter_results: [] })).toEqual([])
  expect(push({ id: "c1", model: "m", choices: [{ index: 0, delta: { content: "x" } }] })).toEqual([
    { kind: "response-start", id: "c1", model: "m" },
    { kind: "text-delta", choice: 0, text: "x" },
  ])
})
