/**
 * Every expected answer of the golden matrix, read by the official SDK of its surface and by the
 * Vercel AI SDK: whole and streamed they hold the same, whoever served. They check the shape of
 * every event that they read, and throw at one that is not as documented.
 */
import { readdirSync, readFileSync } from "node:fs"
import { createAnthropic } from "@ai-sdk/anthropic"
import { createGoogle } from "@ai-sdk/google"
import { createOpenAI } from "@ai-sdk/openai"
import Anthropic from "@anthropic-ai/sdk"
import { type GenerateContentResponse, GoogleGenAI } from "@google/genai"
import { generateText, type LanguageModel, streamText } from "ai"
import OpenAI from "openai"
import { afterEach, describe, expect, test, vi } from "vitest"
import type { ModelSurfaceName } from "#proxy/surfaces/registry.ts"
import { casesOf } from "#test/golden/providers/cases.ts"
import { placeOf } from "#test/golden/providers/run-case.ts"

type Mode = "whole" | "stream"
type Fetch = typeof globalThis.fetch
/** What an SDK makes of an answer. */
type Read = (fetch: Fetch, mode: Mode) => Promise<unknown>

const SETTINGS = { apiKey: "key", maxRetries: 0 } as const

const SDKS: Readonly<Partial<Record<ModelSurfaceName, Read>>> = {
  "openai-chat": async (fetch, mode) => {
    const { completions } = new OpenAI({ ...SETTINGS, fetch }).chat
    const asked = { model: "m", messages: [{ role: "user", content: "Hi" }] } as const
    const body = { ...asked, messages: [...asked.messages] }
    const { choices, usage } =
      mode === "stream"
        ? await completions
            .stream({ ...body, stream_options: { include_usage: true } })
            .finalChatCompletion()
        : await completions.create(body)
    const said = choices.map(({ message, finish_reason }) => ({
      text: message.content ?? "",
      refusal: message.refusal ?? null,
      calls: (message.tool_calls ?? []).map((call) =>
        call.type === "function"
          ? [call.id, call.function.name, JSON.parse(call.function.arguments)]
          : [call.id, call.custom.name, call.custom.input],
      ),
      finish_reason,
    }))
    return { said, usage }
  },
  "openai-responses": async (fetch, mode) => {
    const { responses } = new OpenAI({ ...SETTINGS, fetch })
    const body = { model: "m", input: "Hi" }
    const { output, output_text, status, usage } =
      mode === "stream"
        ? await responses.stream(body).finalResponse()
        : await responses.create(body)
    return { output: itemsOf(output), output_text, status, usage }
  },
  "anthropic-messages": async (fetch, mode) => {
    const { messages } = new Anthropic({ ...SETTINGS, fetch })
    const turn = { role: "user", content: "Hi" } as const
    const body = { model: "m", max_tokens: 9, messages: [turn] }
    const { content, stop_reason, stop_sequence, usage } =
      mode === "stream" ? await messages.stream(body).finalMessage() : await messages.create(body)
    const { cache_creation: _lives, ...counts } = usage
    return { content, stop_reason, stop_sequence, counts }
  },
  "gemini-generate": async (fetch, mode) => {
    // It takes no other.
    vi.stubGlobal("fetch", fetch)
    const { models } = new GoogleGenAI({ apiKey: "key" })
    const asked = { model: "m", contents: "Hi" }
    const pieces: GenerateContentResponse[] = []
    if (mode === "whole") pieces.push(await models.generateContent(asked))
    else for await (const piece of await models.generateContentStream(asked)) pieces.push(piece)
    const candidates = pieces.flatMap((piece) => piece.candidates ?? [])
    const parts = candidates.flatMap(({ content }) => content?.parts ?? [])
    const textOf = (isThought: boolean) =>
      parts.map((part) => ((part.thought ?? false) === isThought ? (part.text ?? "") : "")).join("")
    return {
      text: textOf(false),
      thought: textOf(true),
      calls: parts.flatMap(({ functionCall }) => functionCall ?? []),
      ends: candidates.flatMap(({ finishReason }) => finishReason ?? []),
      usage: pieces.at(-1)?.usageMetadata,
    }
  },
}

/** Without what the SDK parses for itself; arguments may be written in more than one way. */
function itemsOf(output: readonly object[]): unknown {
  return JSON.parse(JSON.stringify(output), (name, value) => {
    if (name === "parsed" || name === "parsed_arguments") return undefined
    return name === "arguments" ? JSON.parse(value) : value
  })
}

const AI_MODELS: Readonly<Record<string, (fetch: Fetch) => LanguageModel>> = {
  "openai-chat": (fetch) => createOpenAI({ apiKey: "key", fetch }).chat("gpt-4o"),
  "openai-responses": (fetch) => createOpenAI({ apiKey: "key", fetch }).responses("gpt-4o"),
  "anthropic-messages": (fetch) => createAnthropic({ apiKey: "key", fetch })("claude-sonnet-4-5"),
  "gemini-generate": (fetch) => createGoogle({ apiKey: "key", fetch })("gemini-2.5-flash"),
}

/** The ids of calls are left out: this SDK makes some up for those of Gemini's. */
async function readWithAi(model: LanguageModel, mode: Mode): Promise<unknown> {
  const asked = { model, prompt: "Hi", maxRetries: 0 }
  if (mode === "whole") {
    const { text, reasoningText = "", toolCalls, finishReason, usage } = await generateText(asked)
    return { text, reasoningText, calls: toolCalls.map(callOf), finishReason, ...countsOf(usage) }
  }
  let failed: unknown
  const streamed = streamText({
    ...asked,
    onError: ({ error }) => {
      failed = error
    },
  })
  await streamed.consumeStream()
  if (failed !== undefined) throw failed
  const { text, reasoningText, toolCalls, finishReason, usage } = streamed
  return {
    text: await text,
    reasoningText: (await reasoningText) ?? "",
    calls: (await toolCalls).map(callOf),
    finishReason: await finishReason,
    ...countsOf(await usage),
  }
}

const callOf = ({ toolName, input }: { readonly toolName: string; readonly input: unknown }) => [
  toolName,
  input,
]

function countsOf(usage: {
  readonly inputTokens: number | undefined
  readonly outputTokens: number | undefined
}) {
  return { input: usage.inputTokens, output: usage.outputTokens }
}

function answerIn(file: string): { readonly status: number; readonly fetch: Fetch } {
  const text = readFileSync(placeOf(file), "utf8")
  const answer = /=== client answer\n(.*?)\n=== usage/s.exec(text)?.[1] ?? ""
  const [head = "", ...lines] = answer.split("\n")
  const [status, ...type] = head.split(" ")
  const init = { status: Number(status), headers: { "content-type": type.join(" ") } }
  return {
    status: init.status,
    fetch: () => Promise.resolve(new Response(`${lines.join("\n")}\n\n`, init)),
  }
}

afterEach(() => {
  vi.unstubAllGlobals()
})

const EXPECTED = "expected"
const ROWS = (Object.keys(SDKS) as ModelSurfaceName[]).flatMap((surface) =>
  readdirSync(placeOf(`${EXPECTED}/${surface}`)).map((column) => ({ surface, column })),
)

function readerOf(surface: ModelSurfaceName): Read {
  const read = SDKS[surface]
  if (read === undefined) throw new Error(`${surface} has no SDK`)
  return read
}

/** Whose answers come in blocks, as Anthropic's do. */
const HAS_BLOCKS: ReadonlySet<string> = new Set(["Anthropic", "Bedrock", "VertexAI-claude"])

describe.each(ROWS)("$surface from $column", ({ surface, column }) => {
  const read = readerOf(surface)
  const cells = casesOf(surface).flatMap((name) => {
    const [whole, stream] = (["whole", "stream"] as const).map((mode) =>
      answerIn(`${EXPECTED}/${surface}/${column}/${name}.${mode}.txt`),
    )
    const isAnswer = whole?.status === 200 && stream?.status === 200
    return isAnswer ? [{ name, whole: whole.fetch, stream: stream.fetch }] : []
  })

  test("some cells are answers", () => {
    expect(cells.length).toBeGreaterThan(10)
  })

  // Anthropic's blocks are places, and the text of a stream has gone when these tell of one.
  const alike = cells.filter(({ name }) => {
    return surface !== "anthropic-messages" || name !== "cited" || HAS_BLOCKS.has(column)
  })

  test.each(alike)("the official SDK reads the same, whole and streamed: $name", async (cell) => {
    expect(await read(cell.stream, "stream")).toEqual(await read(cell.whole, "whole"))
  })

  // Its chats have no custom tools: an answer with a call of one is an error to it.
  const known = cells.filter(({ name }) => surface !== "openai-chat" || name !== "custom-tool")

  test.each(known)("the AI SDK reads the same, whole and streamed: $name", async (cell) => {
    const ask = (fetch: Fetch, mode: Mode) => {
      const model = AI_MODELS[surface]?.(fetch)
      if (model === undefined) throw new Error(`${surface} has no model`)
      return readWithAi(model, mode)
    }
    expect(await ask(cell.stream, "stream")).toEqual(await ask(cell.whole, "whole"))
  })
})
