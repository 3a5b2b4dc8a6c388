/** The `@google/genai` package as a driver. */
import {
  type Content,
  type FunctionCall,
  type GenerateContentConfig,
  GoogleGenAI,
  HarmBlockThreshold,
  HarmCategory,
} from "@google/genai"
import { type Answered, type Asking, type Driver, PERSON, RESULT, TOOLS } from "./driver.ts"

interface Said extends Answered {
  readonly content: Content
  readonly calls: readonly FunctionCall[]
}

export function genAiDriver(): Driver {
  const client = new GoogleGenAI({})

  async function send(
    { model, isStream }: Asking,
    contents: Content[],
    config: GenerateContentConfig,
  ): Promise<Said> {
    const asked = { model, contents, config }
    const chunks = isStream
      ? await collect(await client.models.generateContentStream(asked))
      : [await client.models.generateContent(asked)]
    const parts = chunks.flatMap((chunk) => chunk.candidates?.[0]?.content?.parts ?? [])
    const last = chunks.at(-1)
    return {
      text: parts.map(({ text }) => text ?? "").join(""),
      stop: last?.candidates?.[0]?.finishReason ?? null,
      inputTokens: last?.usageMetadata?.promptTokenCount ?? null,
      outputTokens: last?.usageMetadata?.candidatesTokenCount ?? null,
      content: { role: "model", parts },
      calls: chunks.flatMap((chunk) => chunk.functionCalls ?? []),
    }
  }

  const ask = (asking: Asking, config: GenerateContentConfig = {}): Promise<Said> =>
    send(asking, [{ role: "user", parts: [{ text: asking.prompt }] }], config)

  return {
    name: "@google/genai",
    stops: { text: "STOP", tools: "STOP" },
    errors: {
      badRequest: "ApiError",
      notFound: "ApiError",
      rateLimited: "ApiError",
      hasCode: false,
    },
    retries: false,
    heedsShouldRetry: true,
    chat: ask,
    callTools: async (asking, count) => {
      const functionDeclarations = TOOLS.slice(0, count).map(({ name, description, schema }) => ({
        name,
        description,
        parametersJsonSchema: schema,
      }))
      const config = { tools: [{ functionDeclarations }] }
      const first = await ask(asking, config)
      const contents: Content[] = [
        { role: "user", parts: [{ text: asking.prompt }] },
        first.content,
        {
          role: "user",
          parts: first.calls.map(({ id, name }) => ({
            functionResponse: {
              ...(id === undefined ? {} : { id }),
              name: name ?? "",
              response: { output: RESULT },
            },
          })),
        },
      ]
      const { text } = await send(asking, contents, config)
      const calls = first.calls.map(({ name, args }) => ({ name: name ?? "", args }))
      return { calls, stop: first.stop, text }
    },
    structured: async (asking) => {
      const config = { responseMimeType: "application/json", responseJsonSchema: PERSON }
      return JSON.parse((await ask(asking, config)).text)
    },
    unsupported: {
      param: "safetySettings",
      refusedBy: ["OpenAI", "Anthropic", "Bedrock", "Cohere"],
      ask: (asking) =>
        ask(asking, {
          safetySettings: [
            {
              category: HarmCategory.HARM_CATEGORY_HARASSMENT,
              threshold: HarmBlockThreshold.BLOCK_LOW_AND_ABOVE,
            },
          ],
        }),
    },
    embed: null,
    models: {
      list: async () => {
        const models = await collect(await client.models.list())
        return models.map(({ name }) => (name ?? "").replace(/^models\//, ""))
      },
      retrieve: async (model) =>
        (await client.models.get({ model })).name?.replace(/^models\//, ""),
    },
  }
}

async function collect<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}
