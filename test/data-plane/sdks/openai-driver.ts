/** The `openai` package as a driver: chat completions, embeddings, models. */
import OpenAI from "openai"
import type { ChatCompletionMessageParam } from "openai/resources/chat/completions"
import { type Answered, type Asking, type Driver, PERSON, RESULT, TOOLS } from "./driver.ts"

type Body = Omit<OpenAI.ChatCompletionCreateParamsNonStreaming, "stream">

export function openAiDriver(): Driver {
  const client = new OpenAI()

  /** The final chat completion, put together by the SDK itself when it is a stream. */
  async function complete(isStream: boolean, body: Body): Promise<OpenAI.ChatCompletion> {
    if (!isStream) return client.chat.completions.create(body)
    const stream_options = { include_usage: true }
    const stream = client.chat.completions.stream({ ...body, stream: true, stream_options })
    return stream.finalChatCompletion()
  }

  async function chat({ model, prompt, isStream }: Asking, more: object = {}): Promise<Answered> {
    const messages: ChatCompletionMessageParam[] = [{ role: "user", content: prompt }]
    const { choices, usage } = await complete(isStream, { model, messages, ...more })
    return {
      text: choices[0]?.message.content ?? "",
      stop: choices[0]?.finish_reason ?? null,
      inputTokens: usage?.prompt_tokens ?? null,
      outputTokens: usage?.completion_tokens ?? null,
    }
  }

  return {
    name: "openai",
    stops: { text: "stop", tools: "tool_calls" },
    errors: {
      badRequest: "BadRequestError",
      notFound: "NotFoundError",
      rateLimited: "RateLimitError",
      hasCode: true,
    },
    retries: true,
    heedsShouldRetry: true,
    chat,
    callTools: async ({ model, prompt, isStream }, count) => {
      const tools = TOOLS.slice(0, count).map(({ name, description, schema }) => ({
        type: "function" as const,
        function: { name, description, parameters: schema },
      }))
      const messages: ChatCompletionMessageParam[] = [{ role: "user", content: prompt }]
      const { choices } = await complete(isStream, { model, messages, tools })
      const [first] = choices
      const calls = first?.message.tool_calls ?? []
      if (first !== undefined) messages.push(first.message)
      for (const { id } of calls) {
        messages.push({ role: "tool", tool_call_id: id, content: RESULT })
      }
      const second = await complete(isStream, { model, messages, tools })
      return {
        calls: calls.flatMap((call) =>
          call.type === "function"
            ? [{ name: call.function.name, args: JSON.parse(call.function.arguments) }]
            : [],
        ),
        stop: first?.finish_reason ?? null,
        text: second.choices[0]?.message.content ?? "",
      }
    },
    structured: async ({ model, prompt, isStream }) => {
      const { choices } = await complete(isStream, {
        model,
        messages: [{ role: "user", content: prompt }],
        response_format: {
          type: "json_schema",
          json_schema: { name: "person", schema: PERSON, strict: true },
        },
      })
      return JSON.parse(choices[0]?.message.content ?? "")
    },
    unsupported: {
      param: "logit_bias",
      refusedBy: ["Anthropic", "Gemini", "Bedrock", "Cohere"],
      ask: (asking) => chat(asking, { logit_bias: { "50256": -100 } }),
    },
    embed: async (model, texts) => {
      const { data, usage } = await client.embeddings.create({ model, input: [...texts] })
      return {
        vectors: data.map(({ embedding }) => embedding),
        inputTokens: usage.prompt_tokens,
      }
    },
    models: {
      list: async () => (await client.models.list()).data.map(({ id }) => id),
      retrieve: async (name) => (await client.models.retrieve(name)).id,
    },
  }
}
