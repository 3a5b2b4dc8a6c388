/**
 * What providers report, as their pages show it, and what each token of it is billed as: none
 * twice, none left out. Every report is read in a whole answer and in a stream.
 */
import { expect, test } from "vitest"
import { costOf, type Price, type Tariff } from "#proxy/contract/prices.ts"
import type { TokenUsage } from "#proxy/contract/records.ts"
import { collectAnswer } from "#proxy/exchange/chat-answer.ts"
import type { WireName } from "#proxy/exchange/wire-name.ts"
import type { SameWire, UpstreamWire } from "#proxy/providers/adapter.ts"
import { NO_USAGE } from "#proxy/quota/attempt-cost.ts"
import type { Frame } from "#proxy/wire/frame.ts"
import { decodeFrames, decodeWhole, documentOf, WIRES } from "./wires.ts"

/** Tokens at each price. */
type Billed = { readonly [K in keyof Tariff]?: number }

/** Nano-dollars a token: no sum of some is another's. */
const NANO: Required<Billed> = {
  input: 1,
  cachedInput: 1_000,
  cacheWrite: 1_000_000,
  cacheWrite1h: 7_000_000,
  inputAudio: 13_000,
  inputImage: 17_000,
  output: 101,
  outputAudio: 103_000,
  outputImage: 107_000,
}
const RATES = [
  ...(["input", "cachedInput", "cacheWrite", "cacheWrite1h", "inputAudio", "inputImage"] as const),
  ...(["output", "outputAudio", "outputImage"] as const),
]
const PRICE: Price = {
  fromMs: 0,
  input: NANO.input * 1000,
  cachedInput: NANO.cachedInput * 1000,
  cacheWrite: NANO.cacheWrite * 1000,
  cacheWrite1h: NANO.cacheWrite1h * 1000,
  inputAudio: NANO.inputAudio * 1000,
  inputImage: NANO.inputImage * 1000,
  output: NANO.output * 1000,
  outputAudio: NANO.outputAudio * 1000,
  outputImage: NANO.outputImage * 1000,
}

interface Report {
  readonly page: string
  readonly wire: WireName
  readonly usage: unknown
  readonly billed: Billed
  /** Of the output, which has no price of its own. */
  readonly reasoning?: number
}

const REPORTS: readonly Report[] = [
  {
    page: "OpenAI, Prompt caching: cached tokens are within the prompt's",
    wire: "openai.chat",
    usage: {
      prompt_tokens: 2006,
      completion_tokens: 300,
      total_tokens: 2306,
      prompt_tokens_details: { cached_tokens: 1920 },
      completion_tokens_details: { reasoning_tokens: 192 },
    },
    billed: { input: 86, cachedInput: 1920, output: 300 },
    reasoning: 192,
  },
  {
    page: "OpenAI, Prompt caching: so are written ones, beside those read",
    wire: "openai.chat",
    usage: {
      prompt_tokens: 2600,
      completion_tokens: 5,
      total_tokens: 2605,
      prompt_tokens_details: { cached_tokens: 2000, cache_write_tokens: 400 },
    },
    billed: { input: 200, cachedInput: 2000, cacheWrite: 400, output: 5 },
  },
  {
    page: "OpenAI, Audio: cached audio is billed as audio, since how much it is stays untold",
    wire: "openai.chat",
    usage: {
      prompt_tokens: 100,
      completion_tokens: 60,
      total_tokens: 160,
      prompt_tokens_details: { cached_tokens: 30, audio_tokens: 80 },
      completion_tokens_details: { audio_tokens: 50 },
    },
    billed: { inputAudio: 80, cachedInput: 20, output: 10, outputAudio: 50 },
  },
  {
    page: "xAI, Chat completions: reasoning is counted apart",
    wire: "openai.chat",
    usage: {
      prompt_tokens: 32,
      completion_tokens: 9,
      total_tokens: 135,
      completion_tokens_details: { reasoning_tokens: 94 },
    },
    billed: { input: 32, output: 103 },
    reasoning: 94,
  },
  {
    page: "Perplexity, Sonar deep research: so it is there, and no total shows it",
    wire: "openai.chat",
    usage: {
      prompt_tokens: 19,
      completion_tokens: 498,
      total_tokens: 517,
      citation_tokens: 10_175,
      reasoning_tokens: 95_305,
    },
    billed: { input: 19, output: 95_803 },
    reasoning: 95_305,
  },
  {
    page: "Mistral, Audio and transcription: what was heard is in the total alone",
    wire: "openai.chat",
    usage: {
      prompt_audio_seconds: 19,
      prompt_tokens: 10,
      total_tokens: 452,
      completion_tokens: 67,
    },
    billed: { input: 10, inputAudio: 375, output: 67 },
  },
  {
    page: "OpenAI, The response object",
    wire: "openai.responses",
    usage: {
      input_tokens: 18_014,
      input_tokens_details: { cached_tokens: 3, cache_write_tokens: 18_008 },
      output_tokens: 87,
      output_tokens_details: { reasoning_tokens: 64 },
      total_tokens: 18_101,
    },
    billed: { input: 3, cachedInput: 3, cacheWrite: 18_008, output: 87 },
    reasoning: 64,
  },
  {
    page: "Anthropic, Prompt caching: neither reads nor writes are within the input",
    wire: "anthropic.messages",
    usage: {
      input_tokens: 2048,
      cache_read_input_tokens: 1800,
      cache_creation_input_tokens: 248,
      cache_creation: { ephemeral_5m_input_tokens: 148, ephemeral_1h_input_tokens: 100 },
      output_tokens: 503,
      output_tokens_details: { thinking_tokens: 400 },
    },
    billed: { input: 2048, cachedInput: 1800, cacheWrite: 148, cacheWrite1h: 100, output: 503 },
    reasoning: 400,
  },
  {
    page: "Anthropic, Compaction: an iteration that summarises is not within the counts above it",
    wire: "anthropic.messages",
    usage: {
      input_tokens: 23_000,
      output_tokens: 1000,
      iterations: [
        {
          type: "compaction",
          input_tokens: 180_000,
          cache_read_input_tokens: 7,
          cache_creation_input_tokens: 5,
          output_tokens: 3500,
        },
        { type: "message", input_tokens: 23_000, output_tokens: 1000 },
      ],
    },
    billed: { input: 203_000, cachedInput: 7, cacheWrite: 5, output: 4500 },
  },
  {
    page: "Anthropic, Advisor tool, usage: of the input the counts above have the first iteration",
    wire: "anthropic.messages",
    usage: {
      input_tokens: 412,
      cache_read_input_tokens: 0,
      cache_creation_input_tokens: 0,
      output_tokens: 531,
      iterations: [
        { type: "message", input_tokens: 412, cache_read_input_tokens: 0, output_tokens: 89 },
        { type: "message", input_tokens: 1348, cache_read_input_tokens: 412, output_tokens: 442 },
      ],
    },
    billed: { input: 1760, cachedInput: 412, output: 531 },
  },
  {
    page: "Gemini API, UsageMetadata: thoughts and tools' prompts are apart, cached content is not",
    wire: "gemini.generate",
    usage: {
      promptTokenCount: 1000,
      cachedContentTokenCount: 600,
      toolUsePromptTokenCount: 50,
      candidatesTokenCount: 40,
      thoughtsTokenCount: 30,
      totalTokenCount: 1120,
    },
    billed: { input: 450, cachedInput: 600, output: 70 },
    reasoning: 30,
  },
  {
    page: "Gemini API, ModalityTokenCount: a video is its frames",
    wire: "gemini.generate",
    usage: {
      promptTokenCount: 1115,
      promptTokensDetails: [
        { modality: "TEXT", tokenCount: 22 },
        { modality: "IMAGE", tokenCount: 258 },
        { modality: "AUDIO", tokenCount: 320 },
        { modality: "VIDEO", tokenCount: 515 },
      ],
      candidatesTokenCount: 1300,
      candidatesTokensDetails: [{ modality: "IMAGE", tokenCount: 1290 }],
      totalTokenCount: 2415,
    },
    billed: { input: 22, inputImage: 773, inputAudio: 320, output: 10, outputImage: 1290 },
  },
  {
    page: "Amazon Bedrock, TokenUsage and CacheDetail: caches are apart from the input",
    wire: "bedrock.converse",
    usage: {
      inputTokens: 6,
      outputTokens: 9,
      totalTokens: 2015,
      cacheReadInputTokens: 1920,
      cacheWriteInputTokens: 80,
      cacheDetails: [
        { ttl: "1h", inputTokens: 60 },
        { ttl: "5m", inputTokens: 20 },
      ],
    },
    billed: { input: 6, cachedInput: 1920, cacheWrite: 20, cacheWrite1h: 60, output: 9 },
  },
  {
    page: "Cohere, Chat API (v2): what is billed, not what the model read",
    wire: "cohere.chat",
    usage: {
      billed_units: { input_tokens: 17, output_tokens: 12 },
      tokens: { input_tokens: 83, output_tokens: 12 },
      cached_tokens: 16,
    },
    billed: { input: 1, cachedInput: 16, output: 12 },
  },
  {
    page: "OpenAI, Image generation: all of the output is drawn unless told",
    wire: "openai.images",
    usage: {
      total_tokens: 100,
      input_tokens: 50,
      output_tokens: 50,
      input_tokens_details: { text_tokens: 10, image_tokens: 40 },
    },
    billed: { input: 10, inputImage: 40, outputImage: 50 },
  },
  {
    page: "OpenAI, Image generation with output_tokens_details",
    wire: "openai.images",
    usage: {
      total_tokens: 100,
      input_tokens: 50,
      output_tokens: 50,
      input_tokens_details: { text_tokens: 50, image_tokens: 0 },
      output_tokens_details: { text_tokens: 8, image_tokens: 42 },
    },
    billed: { input: 50, output: 8, outputImage: 42 },
  },
  {
    page: "OpenAI, Create transcription",
    wire: "openai.transcriptions",
    usage: {
      type: "tokens",
      input_tokens: 14,
      input_token_details: { text_tokens: 4, audio_tokens: 10 },
      output_tokens: 45,
      total_tokens: 59,
    },
    billed: { input: 4, inputAudio: 10, output: 45 },
  },
  {
    page: "OpenAI, Create speech: all of the output is sound",
    wire: "openai.speech",
    usage: { input_tokens: 9, output_tokens: 40, total_tokens: 49 },
    billed: { input: 9, outputAudio: 40 },
  },
]

interface Shape {
  /** A whole answer; null where there is none. */
  readonly whole: ((usage: unknown) => unknown) | null
  /** A stream; null where there is none. */
  readonly stream: ((usage: unknown) => readonly Event[]) | null
}

type Event = readonly [name: string | null, data: unknown]

const SHAPES: Readonly<Partial<Record<WireName, Shape>>> = {
  "openai.chat": {
    whole: (usage) => ({ choices: [{ message: { content: "a" } }], usage }),
    stream: (usage) => [
      [null, { id: "1", choices: [{ delta: { content: "a" } }] }],
      [null, { id: "1", choices: [], usage }],
    ],
  },
  "openai.responses": {
    whole: (usage) => ({ output: [], usage }),
    stream: (usage) => [[null, { type: "response.completed", response: { usage } }]],
  },
  "anthropic.messages": {
    whole: (usage) => ({ content: [], stop_reason: "end_turn", usage }),
    stream: (usage) => [
      [null, { type: "message_start", message: { usage: { input_tokens: 1, output_tokens: 1 } } }],
      [null, { type: "message_delta", delta: { stop_reason: "end_turn" }, usage }],
    ],
  },
  "gemini.generate": {
    whole: (usageMetadata) => ({ candidates: [{ finishReason: "STOP" }], usageMetadata }),
    stream: (usageMetadata) => [[null, { candidates: [{ finishReason: "STOP" }], usageMetadata }]],
  },
  "bedrock.converse": {
    whole: (usage) => ({ output: { message: { content: [] } }, stopReason: "end_turn", usage }),
    stream: (usage) => [
      ["messageStart", { role: "assistant" }],
      ["metadata", { usage }],
    ],
  },
  "cohere.chat": {
    whole: (usage) => ({ message: { content: [] }, finish_reason: "COMPLETE", usage }),
    stream: (usage) => [
      [null, { type: "message-end", delta: { finish_reason: "COMPLETE", usage } }],
    ],
  },
  "openai.images": { whole: (usage) => ({ data: [], usage }), stream: null },
  "openai.transcriptions": {
    whole: (usage) => ({ text: "a", usage }),
    stream: (usage) => [[null, { type: "transcript.text.done", text: "a", usage }]],
  },
  "openai.speech": {
    whole: null,
    stream: (usage) => [[null, { type: "speech.audio.done", usage }]],
  },
}

const CASES = REPORTS.flatMap((report) => {
  const shape = SHAPES[report.wire]
  const found = WIRES.find(({ wire }) => wire.name === report.wire)
  if (shape === undefined || found === undefined) throw new Error(`${report.wire} has no row`)
  const { wire } = found
  const whole = shape.whole?.(report.usage)
  const stream = shape.stream?.(report.usage)
  return [
    ...(whole === undefined ? [] : [{ ...report, form: "whole", read: wholly(wire, whole) }]),
    ...(stream === undefined ? [] : [{ ...report, form: "streamed", read: inTurn(wire, stream) }]),
  ]
})

test.each(CASES)("$page; $form", ({ billed, reasoning, read }) => {
  const cost = RATES.reduce((sum, rate) => sum + (billed[rate] ?? 0) * NANO[rate], 0)
  const usages = read()
  expect(usages.length).toBeGreaterThan(0)
  for (const usage of usages) {
    expect(costOf(PRICE, usage ?? NO_USAGE)).toBe(cost)
    expect(usage?.reasoningTokens).toBe(reasoning)
  }
})

type Read = () => readonly (TokenUsage | undefined)[]

/** As an answer that passes, and as one that is translated. */
function wholly({ chat, same }: UpstreamWire, answer: unknown): Read {
  const document = documentOf(JSON.stringify(answer))
  return () => [
    ...(same === null ? [] : [same.readUsage(document)]),
    ...(chat === null ? [] : [collectAnswer(decodeWhole(chat, document.bytes)).usage]),
  ]
}

function inTurn({ chat, same }: UpstreamWire, events: readonly Event[]): Read {
  const tapped = (passing: SameWire) => {
    const tap = passing.openTap(TAP, STREAM)
    const text = events.map(([, data]) => `data: ${JSON.stringify(data)}\n\n`).join("")
    tap.push(new TextEncoder().encode(text))
    return tap.usage
  }
  return () => [
    ...(same === null ? [] : [tapped(same)]),
    ...(chat === null
      ? []
      : [collectAnswer(decodeFrames(chat.openDecoder(), events.map(frameOf))).usage]),
  ]
}

const TAP = { wantsUsage: true, eventBytesMax: 1 << 20, preambleBytesMax: 1 << 16 }
const STREAM = { contentType: "text/event-stream", bytesMax: 1 << 20, outputTokensExpected: 0 }

function frameOf([name, data]: Event): Frame {
  return { kind: "json", name, document: documentOf(JSON.stringify(data)) }
}
