/** Unmodified SDKs from npm, with the environment that a pod gets and nothing else. */
import { afterAll, beforeAll } from "vitest"
import { aiAnthropicDriver, aiGoogleDriver, aiOpenAiDriver } from "./ai-driver.ts"
import { anthropicDriver } from "./anthropic-driver.ts"
import { describeDriver, describeEmbeddings, describeModels } from "./describe-driver.ts"
import type { Driver } from "./driver.ts"
import { genAiDriver } from "./genai-driver.ts"
import { openAiDriver } from "./openai-driver.ts"
import { type SdkWorld, startSdkWorld } from "./start-world.ts"

let world: SdkWorld
const saved = { ...process.env }

beforeAll(async () => {
  world = await startSdkWorld()
  Object.assign(process.env, world.environment)
})

afterAll(async () => {
  for (const name of Object.keys(world.environment)) {
    if (saved[name] === undefined) delete process.env[name]
    else process.env[name] = saved[name]
  }
  await world.stop()
})

const aiGoogle = (): Driver =>
  aiGoogleDriver(
    world.environment["GOOGLE_GEMINI_BASE_URL"] ?? "",
    world.environment["GEMINI_API_KEY"] ?? "",
  )

const open = (make: () => Driver) => (): Promise<[Driver, SdkWorld]> =>
  Promise.resolve([make(), world])

describeEmbeddings("openai", open(openAiDriver))
describeModels("openai", open(openAiDriver))
describeModels("@anthropic-ai/sdk", open(anthropicDriver))
describeModels("@google/genai", open(genAiDriver))
describeDriver("openai", open(openAiDriver))
describeDriver("@anthropic-ai/sdk", open(anthropicDriver))
describeDriver("@google/genai", open(genAiDriver))
describeDriver("ai with @ai-sdk/openai", open(aiOpenAiDriver))
describeDriver("ai with @ai-sdk/anthropic", open(aiAnthropicDriver))
describeDriver("ai with @ai-sdk/google", open(aiGoogle))
