import { execFileSync } from "node:child_process"
import { describe, expect, test } from "vitest"
import { BUILT_IN_MODELS, BUILT_IN_SOURCE } from "./built-in.ts"

const models = (schema: string) =>
  BUILT_IN_MODELS.find((catalogue) => catalogue.schema === schema)?.models ?? {}

describe("the built-in catalogue", () => {
  test("is what the price list gives now", () => {
    const script = new URL("generate.ts", import.meta.url).pathname
    expect(() =>
      execFileSync(process.execPath, [script, "--check"], { stdio: "pipe" }),
    ).not.toThrow()
  })
  test("names its source", () => {
    expect(BUILT_IN_SOURCE).toMatch(/^npm @pydantic\/genai-prices \d+\.\d+\.\d+, provider openai$/)
  })
  test("has the price of a model, of its dated name, and from when it holds", () => {
    const { "gpt-4o": base, "gpt-4o-2024-08-06": dated, o3 } = models("OpenAI")
    expect(base).toEqual([{ input: "2.5", cachedInput: "1.25", output: "10" }])
    expect(dated).toEqual(base)
    expect(o3?.map(({ from, input }) => [from, input])).toEqual([
      [undefined, "10"],
      ["2025-06-10T00:00:00Z", "2"],
    ])
  })
  test("has no price for what is not paid by text tokens", () => {
    const names = Object.keys(models("OpenAI"))
    expect(names.filter((name) => /whisper|image|audio|embedding|realtime/.test(name))).toEqual([])
  })
  test("prices a simulated model as its namesake, and three of its own", () => {
    expect(models("Simulated")["gpt-4o"]).toEqual(models("OpenAI")["gpt-4o"])
    expect(Object.keys(models("Simulated"))).toContain("simulated-small")
  })
})
