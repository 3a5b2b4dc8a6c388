/**
 * What a provider is told is what it takes: each row is a request that its public API refused, or
 * took for something else, as it was written before.
 */
import { describe, expect, test } from "vitest"
import type { ProviderConfig } from "#proxy/contract/snapshot.ts"
import {
  makeBackend,
  makeProvider,
  makeRule,
  makeRuntime,
} from "#proxy/runtime/samples.test-data.ts"
import { type ModelSurfaceName, SURFACES } from "#proxy/surfaces/registry.ts"
import { createWorld, startChat } from "./world.test-data.ts"

interface Upstream {
  readonly provider: Partial<ProviderConfig>
  readonly model: string
}

const BEDROCK: Partial<ProviderConfig> = {
  schema: "Bedrock",
  options: { schema: "Bedrock", region: "eu-central-1" },
}
const CLAUDE: Upstream = { provider: { schema: "Anthropic" }, model: "claude-sonnet-4-5" }
const BEDROCK_CLAUDE: Upstream = { provider: BEDROCK, model: "eu.anthropic.claude-opus-5" }
const GEMINI: Upstream = { provider: { schema: "Gemini" }, model: "gemini-2.5-flash" }
const GPT: Upstream = { provider: { schema: "OpenAI", vendor: "OpenAI" }, model: "gpt-4o" }
const MISTRAL: Upstream = { provider: { schema: "OpenAI", vendor: "Mistral" }, model: "large" }
const COHERE: Upstream = { provider: { schema: "Cohere" }, model: "command-a" }
const OTHERS: readonly Upstream[] = [CLAUDE, BEDROCK_CLAUDE, GEMINI, COHERE]

/** Path and body of what the upstream got; the client's answer where nothing was sent. */
function tell(surface: ModelSurfaceName, { provider, model }: Upstream, fields: object) {
  const world = createWorld({ scripts: [[{ head: 500 }, { end: true }]] })
  const rule = makeRule({ backends: [makeBackend("one", { model })] })
  startChat(world, {
    surface: SURFACES[surface],
    runtime: makeRuntime({
      providers: { one: makeProvider("one", { pathPrefix: "", ...provider }) },
      routes: [
        { name: "search/chat", rules: [{ ...rule, retry: { ...rule.retry, attempts: 1 } }] },
      ],
    }),
    body: surface === "gemini-generate" ? fields : { model: "smart", ...fields },
    raw: { path: "/v1beta/models/smart:generateContent" },
  })
  const [request] = world.requests
  if (request === undefined) return { path: "", body: {}, refusal: world.client.body }
  const { path, body } = request
  const text = typeof body === "string" ? body : new TextDecoder().decode(body)
  return { path, body: JSON.parse(text), refusal: "" }
}

const HELLO = { role: "user", content: "Hello" }
const CHAT = { messages: [HELLO] }
const MESSAGES = { max_tokens: 2000, messages: [HELLO] }

describe("a default that a client writes down is no wish", () => {
  const defaults = { frequency_penalty: 0, presence_penalty: 0.0, logit_bias: {}, n: 1 }

  test.each(OTHERS)("in a chat, to $model", (upstream) => {
    const said = { ...defaults, store: false, verbosity: "medium", tool_choice: "auto" }
    const { body, refusal } = tell("openai-chat", upstream, { ...CHAT, ...said })
    expect(refusal).toBe("")
    expect(body).toEqual(tell("openai-chat", upstream, CHAT).body)
  })

  test("in a completion", () => {
    const said = { ...defaults, best_of: 1, echo: false, temperature: 1, top_p: 1 }
    const { body } = tell("openai-completions", CLAUDE, { prompt: "Hello", ...said })
    expect(body).toEqual({ model: "claude-sonnet-4-5", max_tokens: 16, messages: [HELLO] })
    const { refusal } = tell("openai-completions", CLAUDE, { prompt: "Hello", best_of: 2 })
    expect(refusal).toContain("best_of cannot be said to provider one")
  })

  test("but another value is one", () => {
    for (const field of [{ store: true }, { frequency_penalty: 0.1 }, { verbosity: "low" }]) {
      const { refusal } = tell("openai-chat", CLAUDE, { ...CHAT, ...field })
      expect(refusal).toContain(`${Object.keys(field)[0]} cannot be said to provider one`)
    }
  })
})

describe("a choice among no tools", () => {
  const idle = { input: "Hello", tools: [], tool_choice: "auto", parallel_tool_calls: true }

  test.each([...OTHERS, MISTRAL])("is not told to $model", (upstream) => {
    const { body } = tell("openai-responses", upstream, idle)
    expect(JSON.stringify(body)).not.toMatch(/tool(_c|C)hoice|toolConfig|parallel/)
  })

  test("is refused where it asks for a call", () => {
    const asks = { ...MESSAGES, tool_choice: { type: "any" } }
    expect(tell("anthropic-messages", BEDROCK_CLAUDE, asks).refusal).toContain(
      "tool_choice is only taken with tools",
    )
  })
})

describe("how much to think", () => {
  test("of Anthropic's own words is said to its models on Bedrock in these words", () => {
    const own = {
      thinking: { type: "adaptive", display: "omitted" },
      output_config: { effort: "max" },
    }
    const profile = "arn:aws:bedrock:eu-west-1:111122223333:application-inference-profile/a1b2"
    for (const model of [BEDROCK_CLAUDE.model, profile]) {
      const told = tell("anthropic-messages", { provider: BEDROCK, model }, { ...MESSAGES, ...own })
      expect(told.body.additionalModelRequestFields).toEqual(own)
    }
  })

  test("as an effort alone switches nothing on there", () => {
    const { body } = tell("anthropic-messages", BEDROCK_CLAUDE, {
      ...MESSAGES,
      output_config: { effort: "low" },
    })
    expect(body.additionalModelRequestFields).toEqual({ output_config: { effort: "low" } })
  })

  test("goes up to OpenAI's highest", () => {
    const { body } = tell("openai-chat", BEDROCK_CLAUDE, { ...CHAT, reasoning_effort: "max" })
    expect(body.additionalModelRequestFields.output_config).toEqual({ effort: "max" })
    const own = { ...MESSAGES, output_config: { effort: "max" } }
    const gpt = { ...GPT, model: "gpt-5.6" }
    expect(tell("anthropic-messages", gpt, own).body.reasoning_effort).toBe("max")
  })

  test("not at all is not said to a model of OpenAI's that never does", () => {
    const off = { ...MESSAGES, thinking: { type: "disabled" } }
    expect(tell("anthropic-messages", GPT, off).body).not.toHaveProperty("reasoning_effort")
    const gpt = { ...GPT, model: "gpt-5.1" }
    expect(tell("anthropic-messages", gpt, off).body.reasoning_effort).toBe("none")
  })

  test("the least is what a model of Google's has", () => {
    const least = { ...CHAT, reasoning_effort: "minimal" }
    const levelOf = (model: string) =>
      tell("openai-chat", { ...GEMINI, model }, least).body.generationConfig.thinkingConfig
        .thinkingLevel
    expect(levelOf("gemini-3-flash-preview")).toBe("minimal")
    expect(levelOf("gemini-3.1-pro-preview")).toBe("low")
  })
})
