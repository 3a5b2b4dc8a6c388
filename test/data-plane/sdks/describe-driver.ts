/** What every SDK is shown to do, against every schema. */
import { beforeAll, describe, expect, test } from "vitest"
import type { Asking, Driver, Failed } from "./driver.ts"
import { RESULT } from "./driver.ts"
import { VECTOR } from "./provider-answers.ts"
import { UPSTREAM_SCHEMAS, type UpstreamSchema } from "./provider-wires.ts"
import { modelOf, namesOf, type Prompt, type SdkWorld } from "./start-world.ts"

const TEXT = "Hello! How can I help you today?"
const WAYS = UPSTREAM_SCHEMAS.flatMap((schema) => [
  { schema, isStream: false, way: "whole" },
  { schema, isStream: true, way: "streamed" },
])

/** The upstream's own words for an unknown model. */
const NOT_FOUND: Readonly<Record<UpstreamSchema, string>> = {
  OpenAI: "The model `gpt-4o` does not exist or you do not have access to it.",
  Anthropic: "model: claude-sonnet-4-5",
  Gemini: "models/gemini-2.5-flash is not found for API version v1beta.",
  Bedrock: "The provided model identifier is not found.",
  Cohere: "model 'command-a-03-2025' not found, make sure the correct model ID was used",
}

export function describeDriver(name: string, open: () => Promise<[Driver, SdkWorld]>): void {
  describe(name, () => {
    let driver: Driver
    let world: SdkWorld
    beforeAll(async () => {
      ;[driver, world] = await open()
      return driver.close
    })

    const asking = (schema: UpstreamSchema, isStream: boolean, wish?: string): [Asking, Prompt] => {
      const prompt = world.prompt(wish)
      return [{ model: modelOf(schema), prompt: prompt.text, isStream }, prompt]
    }

    test.concurrent.each(WAYS)("a chat on $schema, $way", async ({ schema, isStream }) => {
      const [ask, prompt] = asking(schema, isStream)
      expect(await driver.chat(ask)).toMatchObject({
        text: TEXT,
        stop: driver.stops.text,
        inputTokens: 12,
        outputTokens: 9,
      })
      expect(await world.attempts(prompt)).toHaveLength(1)
    })

    test.concurrent.each(WAYS)("one tool and its result on $schema, $way", async (way) => {
      const [ask, prompt] = asking(way.schema, way.isStream)
      const { calls, stop, text } = await driver.callTools(ask, 1)
      expect({ calls, stop, text }).toEqual({
        calls: [{ name: "get_weather", args: { city: "Paris", days: 1 } }],
        stop: driver.stops.tools,
        text: TEXT,
      })
      const [, second] = await world.attempts(prompt)
      expect(second?.body).toContain(RESULT)
    })

    test.concurrent.each(WAYS)(
      "two tools at once and their results on $schema, $way",
      async (way) => {
        const [ask, prompt] = asking(way.schema, way.isStream)
        const { calls, stop, text } = await driver.callTools(ask, 2)
        expect({ calls, stop, text }).toEqual({
          calls: [
            { name: "get_weather", args: { city: "Paris" } },
            { name: "get_time", args: { city: "Paris" } },
          ],
          stop: driver.stops.tools,
          text: TEXT,
        })
        const [, second] = await world.attempts(prompt)
        expect(second?.body.split(RESULT)).toHaveLength(3)
      },
    )

    test.concurrent.each(WAYS)("structured output on $schema, $way", async (way) => {
      const [ask] = asking(way.schema, way.isStream)
      expect(await driver.structured(ask)).toEqual({ name: "Ada", age: 36 })
    })

    test.concurrent.each(UPSTREAM_SCHEMAS)("a parameter that is not %s's", async (schema) => {
      const [ask, prompt] = asking(schema, false)
      const { param, refusedBy } = driver.unsupported
      if (!refusedBy.includes(schema)) {
        expect(await driver.unsupported.ask(ask)).toMatchObject({ text: TEXT })
        return
      }
      const failed = await failureOf(driver, driver.unsupported.ask(ask))
      expect(failed).toMatchObject({ failed: driver.errors.badRequest, status: 400 })
      if (driver.errors.hasCode) expect(failed.code).toBe("unsupported_parameter")
      expect(failed.message).toContain(param)
      expect(failed.message).toContain(schema.toLowerCase())
      expect(await world.attempts(prompt)).toEqual([])
    })

    test.concurrent("a model that no route names", async () => {
      const prompt = world.prompt()
      const ask = { model: "nobody", prompt: prompt.text, isStream: false }
      const failed = await failureOf(driver, driver.chat(ask))
      expect(failed).toMatchObject({ failed: driver.errors.notFound, status: 404 })
      if (driver.errors.hasCode) expect(failed.code).toBe("model_not_found")
      expect(failed.message).toContain("nobody")
      expect(failed.message).toContain("on-openai")
    })

    test.concurrent.each(WAYS)("a 404 of $schema, $way", async ({ schema, isStream }) => {
      const [ask, prompt] = asking(schema, isStream, "error-404")
      const failed = await failureOf(driver, driver.chat(ask))
      expect(failed).toMatchObject({ failed: driver.errors.notFound, status: 404 })
      expect(failed.message).toContain(NOT_FOUND[schema])
      expect(await world.attempts(prompt)).toHaveLength(1)
    })

    test.concurrent.each(WAYS)("a 429 of $schema that passes, $way", async (way) => {
      const [ask, prompt] = asking(way.schema, way.isStream, "error-429-once")
      const begun = performance.now()
      if (!driver.retries) {
        const failed = await failureOf(driver, driver.chat(ask))
        expect(failed).toMatchObject({ failed: driver.errors.rateLimited, status: 429 })
        expect(await world.attempts(prompt)).toHaveLength(1)
        return
      }
      expect(await driver.chat(ask)).toMatchObject({ text: TEXT })
      expect(performance.now() - begun).toBeGreaterThanOrEqual(900)
      const statuses = (await world.attempts(prompt)).map(({ status }) => status)
      expect(statuses).toEqual([429, 200])
    })

    test.concurrent.each(UPSTREAM_SCHEMAS)("a 429 of %s that says not to retry", async (schema) => {
      const [ask, prompt] = asking(schema, false, "error-429")
      const failed = await failureOf(driver, driver.chat(ask))
      expect(failed).toMatchObject({ failed: driver.errors.rateLimited, status: 429 })
      const attempts = driver.heedsShouldRetry ? 1 : 3
      expect(await world.attempts(prompt)).toHaveLength(attempts)
    })
  })
}

/** Embeddings of the schemas that have them. */
export function describeEmbeddings(name: string, open: () => Promise<[Driver, SdkWorld]>): void {
  test.each(["OpenAI", "Cohere"] as const)(`${name}: embeddings on %s`, async (schema) => {
    const [driver, world] = await open()
    const prompts = [world.prompt(), world.prompt()]
    const texts = prompts.map(({ text }) => text)
    const embedded = await driver.embed?.(modelOf(schema), texts)
    const inputTokens = driver.hidesEmbeddingUsage === true ? null : 8
    expect(embedded).toEqual({ vectors: [VECTOR, VECTOR], inputTokens })
    const [attempt] = await world.attempts(prompts[0] ?? { tag: "", text: "" })
    expect(attempt?.body).toContain(texts[1])
  })
}

/** Every name that a route serves, in the SDK's own list and one by one. */
export function describeModels(name: string, open: () => Promise<[Driver, SdkWorld]>): void {
  describe(`${name}: models`, () => {
    const names = UPSTREAM_SCHEMAS.flatMap(namesOf)

    test("the list has every name, patterns left out", async () => {
      const [driver] = await open()
      const listed = await driver.models?.list()
      expect(listed?.toSorted()).toEqual(names.filter((one) => !one.endsWith("*")).toSorted())
    })

    test.each(names)("%s by itself", async (named) => {
      const [driver] = await open()
      const model = named.replace("*", "1:latest")
      expect(await driver.models?.retrieve(model)).toBe(model)
    })

    test("one that no route names", async () => {
      const [driver] = await open()
      const asked = driver.models?.retrieve("nobody") ?? Promise.resolve()
      const failed = await failureOf(driver, asked)
      expect(failed).toMatchObject({ failed: driver.errors.notFound, status: 404 })
      if (driver.errors.hasCode) expect(failed.code).toBe("model_not_found")
      expect(failed.message).toContain("nobody")
      expect(failed.message).toContain("on-openai")
    })
  })
}

/** What is seen of an error; no error is a failure of the test. */
async function failureOf(driver: Driver, asked: Promise<unknown>): Promise<Failed> {
  try {
    await asked
  } catch (error) {
    return describeError(error)
  }
  throw new Error(`${driver.name} got an answer where it should fail`)
}

function describeError(error: unknown): Failed {
  if (!(error instanceof Error)) return { failed: "", status: null, code: null, message: "" }
  const facts: Record<string, unknown> = { ...error }
  const last = facts["lastError"]
  if (last instanceof Error) return { ...describeError(last), failed: error.name }
  const status = facts["status"] ?? facts["statusCode"]
  const name = error.name === "Error" ? error.constructor.name : error.name
  return {
    failed: name,
    status: typeof status === "number" ? status : null,
    code: typeof facts["code"] === "string" ? facts["code"] : null,
    message: error.message,
  }
}
