/** The Vercel AI SDK as a driver, with each of its three providers that speak our surfaces. */
import { createAnthropic } from "@ai-sdk/anthropic"
import { createGoogle } from "@ai-sdk/google"
import { createOpenAI } from "@ai-sdk/openai"
import {
  generateText,
  isStepCount,
  jsonSchema,
  type LanguageModel,
  Output,
  streamText,
  tool,
} from "ai"
import { type Answered, type Asking, type Driver, PERSON, RESULT, TOOLS } from "./driver.ts"

type Options = Pick<
  Parameters<typeof generateText>[0],
  "tools" | "stopWhen" | "providerOptions" | "topK" | "output"
>

/** One step of an answer, whichever way it came. */
interface Step {
  readonly text: string
  readonly finishReason: string
  readonly toolCalls: readonly { readonly toolName: string; readonly input: unknown }[]
  readonly usage: {
    readonly inputTokens: number | undefined
    readonly outputTokens: number | undefined
  }
}

async function send(
  languageModel: LanguageModel,
  { prompt, isStream }: Asking,
  options: Options,
): Promise<readonly Step[]> {
  if (!isStream) return (await generateText({ model: languageModel, prompt, ...options })).steps
  let failed: unknown
  const result = streamText({
    model: languageModel,
    prompt,
    ...options,
    onError: ({ error }) => {
      failed = error
    },
  })
  await result.consumeStream()
  if (failed !== undefined) throw failed
  return result.steps
}

interface Flavour {
  readonly name: string
  readonly modelOf: (model: string) => LanguageModel
  readonly unsupported: Pick<Driver["unsupported"], "param" | "refusedBy"> & {
    readonly options: Options
  }
}

function aiDriver({ name, modelOf, unsupported }: Flavour): Driver {
  async function chat(asking: Asking, options: Options = {}): Promise<Answered> {
    const [step] = await send(modelOf(asking.model), asking, options)
    return {
      text: step?.text ?? "",
      stop: step?.finishReason ?? null,
      inputTokens: step?.usage.inputTokens ?? null,
      outputTokens: step?.usage.outputTokens ?? null,
    }
  }
  return {
    name,
    stops: { text: "stop", tools: "tool-calls" },
    errors: {
      badRequest: "AI_APICallError",
      notFound: "AI_APICallError",
      rateLimited: "AI_RetryError",
      hasCode: false,
    },
    retries: true,
    heedsShouldRetry: false,
    chat,
    callTools: async (asking, count) => {
      const made = TOOLS.slice(0, count).map(({ name: tooled, description, schema }) => [
        tooled,
        tool({
          description,
          inputSchema: jsonSchema({ ...schema, required: [...schema.required] }),
          execute: () => Promise.resolve(RESULT),
        }),
      ])
      const tools = Object.fromEntries(made)
      const options = { tools, stopWhen: isStepCount(2) }
      const [first, second] = await send(modelOf(asking.model), asking, options)
      const calls = first?.toolCalls ?? []
      return {
        calls: calls.map(({ toolName, input }) => ({ name: toolName, args: input })),
        stop: first?.finishReason ?? null,
        text: second?.text ?? "",
      }
    },
    structured: async (asking) => {
      const schema = jsonSchema({ ...PERSON, required: [...PERSON.required] })
      const options = { output: Output.object({ schema }) }
      const [step] = await send(modelOf(asking.model), asking, options)
      return JSON.parse(step?.text ?? "")
    },
    unsupported: {
      ...unsupported,
      ask: (asking) => chat(asking, unsupported.options),
    },
    embed: null,
    models: null,
  }
}

export function aiOpenAiDriver(): Driver {
  const openai = createOpenAI()
  return aiDriver({
    name: "ai with @ai-sdk/openai",
    modelOf: (model) => openai.chat(model),
    unsupported: {
      param: "logit_bias",
      refusedBy: ["Anthropic", "Gemini", "Bedrock", "Cohere"],
      options: { providerOptions: { openai: { logitBias: { "50256": -100 } } } },
    },
  })
}

export function aiAnthropicDriver(): Driver {
  const anthropic = createAnthropic()
  return aiDriver({
    name: "ai with @ai-sdk/anthropic",
    // It asks for structured output in Anthropic's own way only of models whose names it knows.
    modelOf: (model) => anthropic(model === "nobody" ? model : `claude-sonnet-4-5-${model}`),
    unsupported: { param: "top_k", refusedBy: ["OpenAI"], options: { topK: 5 } },
  })
}

/** This provider reads no base URL from the environment: it is the one that needs a setting. */
export function aiGoogleDriver(origin: string, apiKey: string): Driver {
  const google = createGoogle({ baseURL: `${origin}/v1beta`, apiKey })
  return aiDriver({
    name: "ai with @ai-sdk/google",
    modelOf: (model) => google(model),
    unsupported: {
      param: "safetySettings",
      refusedBy: ["OpenAI", "Anthropic", "Bedrock", "Cohere"],
      options: {
        providerOptions: {
          google: {
            safetySettings: [
              { category: "HARM_CATEGORY_HARASSMENT", threshold: "BLOCK_LOW_AND_ABOVE" },
            ],
          },
        },
      },
    },
  })
}
