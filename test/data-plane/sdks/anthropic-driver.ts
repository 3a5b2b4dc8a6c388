/** The `@anthropic-ai/sdk` package as a driver. */
import Anthropic from "@anthropic-ai/sdk"
import { type Answered, type Asking, type Driver, PERSON, RESULT, TOOLS } from "./driver.ts"

type Body = Anthropic.MessageCreateParamsNonStreaming

export function anthropicDriver(): Driver {
  const client = new Anthropic()

  async function send(isStream: boolean, body: Body): Promise<Anthropic.Message> {
    if (!isStream) return client.messages.create(body)
    return client.messages.stream(body).finalMessage()
  }

  async function chat(
    { model, prompt, isStream }: Asking,
    more: Partial<Body> = {},
  ): Promise<Answered> {
    const messages = [{ role: "user" as const, content: prompt }]
    const message = await send(isStream, { model, max_tokens: 100, messages, ...more })
    return {
      text: textOf(message),
      stop: message.stop_reason,
      inputTokens: message.usage.input_tokens,
      outputTokens: message.usage.output_tokens,
    }
  }

  return {
    name: "@anthropic-ai/sdk",
    stops: { text: "end_turn", tools: "tool_use" },
    errors: {
      badRequest: "BadRequestError",
      notFound: "NotFoundError",
      rateLimited: "RateLimitError",
      hasCode: false,
    },
    retries: true,
    heedsShouldRetry: true,
    chat,
    callTools: async ({ model, prompt, isStream }, count) => {
      const tools = TOOLS.slice(0, count).map(({ name, description, schema }) => ({
        name,
        description,
        input_schema: { ...schema, required: [...schema.required] },
      }))
      const messages: Anthropic.MessageParam[] = [{ role: "user", content: prompt }]
      const first = await send(isStream, { model, max_tokens: 100, messages, tools })
      const calls = first.content.flatMap((block) => (block.type === "tool_use" ? [block] : []))
      messages.push({ role: "assistant", content: first.content })
      messages.push({
        role: "user",
        content: calls.map(({ id }) => ({ type: "tool_result", tool_use_id: id, content: RESULT })),
      })
      const second = await send(isStream, { model, max_tokens: 100, messages, tools })
      return {
        calls: calls.map(({ name, input }) => ({ name, args: input })),
        stop: first.stop_reason,
        text: textOf(second),
      }
    },
    structured: async ({ model, prompt, isStream }) => {
      const message = await send(isStream, {
        model,
        max_tokens: 100,
        messages: [{ role: "user", content: prompt }],
        output_config: { format: { type: "json_schema", schema: PERSON } },
      })
      return JSON.parse(textOf(message))
    },
    unsupported: {
      param: "inference_geo",
      refusedBy: ["OpenAI", "Gemini", "Bedrock", "Cohere"],
      ask: (asking) => chat(asking, { inference_geo: "eu" }),
    },
    embed: null,
    models: {
      list: async () => (await client.models.list()).data.map(({ id }) => id),
      retrieve: async (name) => (await client.models.retrieve(name)).id,
    },
  }
}

function textOf({ content }: Anthropic.Message): string {
  return content.flatMap((block) => (block.type === "text" ? [block.text] : [])).join("")
}
