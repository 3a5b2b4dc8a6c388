import { expect, test } from "vitest"
import { scanJson } from "#proxy/contract/json-scan.ts"
import { readUsage } from "./read-usage.ts"

const LIMITS = { bytesMax: 10_000, depthMax: 16, tokensMax: 1000 }

function read(usage: unknown) {
  return readIn({ usage })
}

function readIn(answer: object) {
  const scanned = scanJson(Buffer.from(JSON.stringify(answer)), LIMITS)
  if (!scanned.ok) throw new Error(scanned.fault.message)
  return readUsage(scanned.document)
}

const COUNTS = {
  prompt_tokens: 19,
  completion_tokens: 21,
  total_tokens: 40,
  cached_tokens: 10,
}

test.each([
  [
    "OpenAI, every detail (API reference, The chat completion object)",
    {
      prompt_tokens: 19,
      completion_tokens: 30,
      total_tokens: 49,
      prompt_tokens_details: { cached_tokens: 3, audio_tokens: 4 },
      completion_tokens_details: {
        reasoning_tokens: 5,
        audio_tokens: 6,
        accepted_prediction_tokens: 0,
        rejected_prediction_tokens: 0,
      },
    },
    {
      inputTokens: 19,
      cachedInputTokens: 3,
      inputAudioTokens: 4,
      outputTokens: 30,
      reasoningTokens: 5,
      outputAudioTokens: 6,
    },
  ],
  [
    "details of null are not said",
    {
      prompt_tokens: 5,
      completion_tokens: 6,
      total_tokens: 11,
      prompt_tokens_details: null,
      completion_tokens_details: { reasoning_tokens: null },
    },
    { inputTokens: 5, cachedInputTokens: 0, outputTokens: 6 },
  ],
  [
    "xAI counts reasoning apart, as its total shows",
    {
      prompt_tokens: 32,
      completion_tokens: 9,
      total_tokens: 135,
      completion_tokens_details: { reasoning_tokens: 94 },
    },
    { inputTokens: 32, cachedInputTokens: 0, outputTokens: 103, reasoningTokens: 94 },
  ],
  [
    "xAI, with a part of the input from its cache",
    {
      prompt_tokens: 32,
      completion_tokens: 9,
      total_tokens: 135,
      prompt_tokens_details: { cached_tokens: 30 },
      completion_tokens_details: { reasoning_tokens: 94 },
    },
    { inputTokens: 32, cachedInputTokens: 30, outputTokens: 103, reasoningTokens: 94 },
  ],
  [
    "Gemini's endpoint of this shape tells what was thought in the total alone",
    { prompt_tokens: 20, completion_tokens: 424, total_tokens: 1016 },
    { inputTokens: 20, cachedInputTokens: 0, outputTokens: 996 },
  ],
  [
    "a total that counts what a cache gave beside the input tells nothing of the output",
    {
      prompt_tokens: 20,
      completion_tokens: 4,
      total_tokens: 34,
      prompt_tokens_details: { cached_tokens: 10 },
    },
    { inputTokens: 20, cachedInputTokens: 10, outputTokens: 4 },
  ],
  [
    "a total below its parts is not believed",
    { prompt_tokens: 20, completion_tokens: 4, total_tokens: 0 },
    { inputTokens: 20, cachedInputTokens: 0, outputTokens: 4 },
  ],
  [
    "Perplexity counts research apart, its total without it",
    { prompt_tokens: 33, completion_tokens: 7163, total_tokens: 7196, reasoning_tokens: 73_997 },
    { inputTokens: 33, cachedInputTokens: 0, outputTokens: 81_160, reasoningTokens: 73_997 },
  ],
  [
    "DeepSeek tells hits and misses of its cache",
    {
      prompt_tokens: 100,
      completion_tokens: 10,
      total_tokens: 110,
      prompt_cache_hit_tokens: 64,
      prompt_cache_miss_tokens: 36,
    },
    { inputTokens: 100, cachedInputTokens: 64, outputTokens: 10 },
  ],
  [
    "OpenRouter tells what was written to a cache",
    {
      prompt_tokens: 100,
      completion_tokens: 10,
      prompt_tokens_details: { cached_tokens: 20, cache_write_tokens: 70 },
    },
    { inputTokens: 100, cachedInputTokens: 20, cacheWriteTokens: 70, outputTokens: 10 },
  ],
  [
    "more cached than input is no report",
    {
      prompt_tokens: 5,
      completion_tokens: 6,
      prompt_tokens_details: { cached_tokens: 6 },
    },
    undefined,
  ],
  [
    "LiteLLM tells what was written to a cache, and for an hour",
    {
      prompt_tokens: 100,
      completion_tokens: 10,
      total_tokens: 110,
      prompt_tokens_details: {
        cached_tokens: 20,
        cache_creation_tokens: 70,
        cache_creation_token_details: {
          ephemeral_5m_input_tokens: 40,
          ephemeral_1h_input_tokens: 30,
        },
      },
      cache_creation_input_tokens: 70,
      cache_read_input_tokens: 20,
    },
    {
      inputTokens: 100,
      cachedInputTokens: 20,
      cacheWriteTokens: 70,
      cacheWrite1hTokens: 30,
      outputTokens: 10,
    },
  ],
  [
    "Qwen tells what was written by a mark for the cache",
    {
      prompt_tokens: 100,
      completion_tokens: 10,
      total_tokens: 110,
      prompt_tokens_details: { cached_tokens: 0, cache_creation_input_tokens: 80 },
    },
    { inputTokens: 100, cachedInputTokens: 0, cacheWriteTokens: 80, outputTokens: 10 },
  ],
  [
    "Databricks has Anthropic's names for what of the prompt was read and written",
    {
      prompt_tokens: 2007,
      completion_tokens: 10,
      total_tokens: 2017,
      cache_read_input_tokens: 1500,
      cache_creation_input_tokens: 500,
    },
    { inputTokens: 2007, cachedInputTokens: 1500, cacheWriteTokens: 500, outputTokens: 10 },
  ],
  [
    "what is read and written under these names is beside the prompt where the total shows it",
    {
      prompt_tokens: 2000,
      completion_tokens: 10,
      total_tokens: 3510,
      cache_read_input_tokens: 1500,
      cache_creation_input_tokens: 0,
    },
    { inputTokens: 3500, cachedInputTokens: 1500, cacheWriteTokens: 0, outputTokens: 10 },
  ],
  [
    "and where it is more than the prompt",
    {
      prompt_tokens: 7,
      completion_tokens: 10,
      total_tokens: 17,
      cache_read_input_tokens: 1500,
      cache_creation_input_tokens: 500,
    },
    { inputTokens: 2007, cachedInputTokens: 1500, cacheWriteTokens: 500, outputTokens: 10 },
  ],
  [
    "Mistral tells what was heard in seconds, and its tokens in the total alone: none was said",
    { prompt_audio_seconds: 19, prompt_tokens: 10, total_tokens: 452, completion_tokens: 67 },
    { inputTokens: 385, cachedInputTokens: 0, inputAudioTokens: 375, outputTokens: 67 },
  ],
  [
    "Mistral, where nothing was heard",
    { prompt_audio_seconds: null, prompt_tokens: 10, total_tokens: 77, completion_tokens: 67 },
    { inputTokens: 10, cachedInputTokens: 0, outputTokens: 67 },
  ],
  [
    "LiteLLM's images of the answer beside a prompt of text: what cannot be is not said",
    {
      prompt_tokens: 101,
      completion_tokens: 1290,
      total_tokens: 1391,
      prompt_tokens_details: { text_tokens: 101, image_tokens: 1290 },
      completion_tokens_details: { image_tokens: 1290 },
    },
    { inputTokens: 101, cachedInputTokens: 0, outputTokens: 1290, outputImageTokens: 1290 },
  ],
  [
    "zeros are no report: servers that count nothing write them (OpenVINO's)",
    { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
    undefined,
  ],
  [
    "nor is an answer to no prompt",
    { prompt_tokens: 0, completion_tokens: 9, total_tokens: 9 },
    undefined,
  ],
  [
    "but OpenRouter's are, of an answer from its cache, which cost nothing",
    { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0, cost: 0 },
    { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0 },
  ],
  ["a count in text is no report", { prompt_tokens: "5", completion_tokens: 6 }, undefined],
  [
    "OpenAI leaves the completion out where a prompt is only echoed: the total tells",
    { prompt_tokens: 5, total_tokens: 5 },
    { inputTokens: 5, cachedInputTokens: 0, outputTokens: 0 },
  ],
  ["a total below the prompt tells nothing", { prompt_tokens: 5, total_tokens: 4 }, undefined],
  ["a null is not zero", { prompt_tokens: 5, completion_tokens: null }, undefined],
  ["no usage at all", undefined, undefined],
])("%s", (_name, usage, want) => {
  expect(read(usage)).toStrictEqual(want)
})

test.each([
  ["Moonshot, in the choice that ends", { choices: [{ index: 0, usage: COUNTS }] }],
  ["Groq, on a stream", { choices: [], x_groq: { usage: COUNTS } }],
  ["beside a null", { usage: null, choices: [{ index: 0, usage: COUNTS }] }],
])("%s", (_name, answer) => {
  expect(readIn(answer)).toEqual({ inputTokens: 19, cachedInputTokens: 10, outputTokens: 21 })
})
