import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { findPartAboveWhole } from "#proxy/contract/token-usage.ts"
import { EMPTY_PROMPT, type PromptMeasure } from "#proxy/exchange/prompt-measure.ts"
import { estimateUsage } from "./estimate-usage.ts"

function textOf(text: string): PromptMeasure {
  const chars = [...text].map((char) => Buffer.byteLength(char))
  const wide = chars.filter((bytes) => bytes > 1)
  return {
    ...EMPTY_PROMPT,
    plainBytes: chars.length - wide.length,
    wideBytes: wide.reduce((sum, bytes) => sum + bytes, 0),
    wideChars: wide.length,
  }
}

/** Counted by gpt-tokenizer 4.0.0: in o200k_base and in cl100k_base. */
const COUNTED: readonly (readonly [string, string, number, number])[] = [
  [
    "English",
    "A gateway meters what is sent and what comes back. It keeps one record of each attempt, and never loses one.",
    24,
    24,
  ],
  [
    "code",
    "export function costOf(price: Price, usage: TokenUsage): NanoUsd {\n  return sumUp(termsOf(ratesOf(price), usage))\n}\n",
    31,
    32,
  ],
  [
    "JSON",
    '{"name":"get_weather","description":"The weather of a city","parameters":{"type":"object","properties":{"city":{"type":"string"}}}}',
    29,
    29,
  ],
  [
    "German",
    "Künstliche Intelligenz ist ein Teilgebiet der Informatik, das größere Möglichkeiten für Maschinen eröffnet.",
    21,
    30,
  ],
  [
    "Russian",
    "Искусственный интеллект — это область информатики, которая занимается разработкой интеллектуальных систем.",
    19,
    42,
  ],
  [
    "Arabic",
    "الذكاء الاصطناعي هو فرع من علوم الحاسوب يهدف إلى بناء آلات ذكية قادرة على أداء المهام.",
    29,
    57,
  ],
  [
    "Chinese",
    "人工智能是计算机科学的一个分支，它企图了解智能的实质，并生产出一种新的智能机器。",
    26,
    43,
  ],
  [
    "Japanese",
    "人工知能は、計算機科学の一分野であり、知的な振る舞いを計算機に行わせることを目指す研究である。",
    40,
    56,
  ],
  ["Korean", "인공지능은 컴퓨터 과학의 한 분야로 지능적인 기계를 만드는 것을 목표로 한다.", 23, 42],
  ["Hindi", "कृत्रिम बुद्धिमत्ता कंप्यूटर विज्ञान की एक शाखा है जो बुद्धिमान मशीनें बनाती है।", 25, 83],
  ["Thai", "ปัญญาประดิษฐ์เป็นสาขาหนึ่งของวิทยาการคอมพิวเตอร์ที่มุ่งสร้างเครื่องจักรอัจฉริยะ", 35, 79],
  ["emoji", "😀🎉🚀🔥👍", 7, 14],
]

describe("text", () => {
  test.each(COUNTED)("%s is about what tokenizers count", (_name, text, newer, older) => {
    const tokens = estimateUsage(textOf(text), "gpt-4o").inputTokens - 3
    expect(tokens).toBeGreaterThanOrEqual(Math.floor(0.8 * Math.min(newer, older)))
    expect(tokens).toBeLessThanOrEqual(Math.ceil(1.35 * Math.max(newer, older)))
  })
})

test.each<[string, Partial<PromptMeasure>, string, object]>([
  ["an empty prompt has its frame", {}, "gpt-4o", { inputTokens: 3 }],
  ["a message has its own", { messages: 2 }, "gpt-4o", { inputTokens: 11 }],
  ["four bytes a token", { plainBytes: 400 }, "gpt-4o", { inputTokens: 103 }],
  ["Claude's are shorter", { plainBytes: 350 }, "claude-sonnet-4-5", { inputTokens: 103 }],
  [
    "behind a region's and a maker's name too",
    { plainBytes: 350 },
    "eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
    { inputTokens: 103 },
  ],
  [
    "a newer Claude's are shorter still",
    { plainBytes: 270 },
    "claude-opus-5-5",
    { inputTokens: 103 },
  ],
  [
    "and it looks closer",
    { images: 1 },
    "us.anthropic.claude-opus-4-7-v1:0",
    { inputTokens: 5003, inputImageTokens: 5000 },
  ],
  [
    "whatever comes first in its name",
    { plainBytes: 270 },
    "claude-4.8-opus",
    { inputTokens: 103 },
  ],
  ["not by a date", { plainBytes: 350 }, "claude-opus-4-20250514", { inputTokens: 103 }],
  ["a maximum is the output", { outputTokens: 50 }, "gpt-4o", { inputTokens: 3, outputTokens: 50 }],
  [
    "images are told apart",
    { images: 3, coarseImages: 1 },
    "gpt-4o",
    { inputTokens: 3 + 2 * 1105 + 85, inputImageTokens: 2295 },
  ],
  [
    "a small model may count more of them",
    { images: 1 },
    "gpt-4o-mini-2024-07-18",
    { inputTokens: 25_504, inputImageTokens: 25_501 },
  ],
  [
    "ten seconds of speech",
    { audioBytes: 160_000 },
    "gpt-audio",
    { inputTokens: 103, inputAudioTokens: 100 },
  ],
  [
    "the same for Gemini",
    { audioBytes: 160_000 },
    "gemini-2.5-flash",
    { inputTokens: 323, inputAudioTokens: 320 },
  ],
  ["a file by its size", { fileBytes: 60_000 }, "claude-opus-4-5", { inputTokens: 3003 }],
  ["one that is only named", { references: 1 }, "gpt-4o", { inputTokens: 5003 }],
  ["tools have a prompt of Claude's", { hasTools: true }, "claude-opus-4-5", { inputTokens: 349 }],
  [
    "a write for an hour may be all of the input",
    { plainBytes: 28, asksHourCache: true },
    "gpt-4o",
    { inputTokens: 10, cacheWriteTokens: 10, cacheWrite1hTokens: 10 },
  ],
])("%s", (_name, part, model, want) => {
  expect(estimateUsage({ ...EMPTY_PROMPT, ...part }, model)).toStrictEqual({
    cachedInputTokens: 0,
    outputTokens: 0,
    ...want,
  })
})

const count = fc.oneof(fc.nat(1000), fc.nat(Number.MAX_SAFE_INTEGER))
const measures = fc
  .record({
    plainBytes: count,
    wideBytes: count,
    wideChars: fc.constant(0),
    messages: count,
    hasTools: fc.boolean(),
    images: count,
    coarseImages: fc.constant(0),
    audioBytes: count,
    fileBytes: count,
    references: count,
    asksHourCache: fc.boolean(),
    outputTokens: count,
  })
  .map((measure) => ({ ...measure, coarseImages: Math.floor(measure.images / 2) }))
const models = fc.constantFrom(
  ...["gpt-4o", "gpt-4o-mini", "claude-opus-4-5", "claude-opus-5-5", "gemini-2.5-pro", "x"],
)

test("whatever is measured, the estimate is integers whose parts fit, of a billion at most", () => {
  fc.assert(
    fc.property(measures, models, (measure, name) => {
      const usage = estimateUsage(measure, name)
      expect(findPartAboveWhole(usage)).toBeNull()
      for (const value of Object.values(usage)) {
        expect(Number.isSafeInteger(value) && value >= 0 && value <= 1e9).toBe(true)
      }
    }),
  )
})

test("whatever is added to a prompt, its estimate does not fall", () => {
  const kinds = fc.constantFrom(
    ...(["plainBytes", "wideBytes", "messages", "images", "audioBytes"] as const),
    ...(["fileBytes", "references", "outputTokens"] as const),
  )
  fc.assert(
    fc.property(measures, models, kinds, fc.nat(100_000), (measure, name, kind, more) => {
      const before = estimateUsage(measure, name)
      const after = estimateUsage({ ...measure, [kind]: measure[kind] + more }, name)
      expect(after.inputTokens).toBeGreaterThanOrEqual(before.inputTokens)
      expect(after.outputTokens).toBeGreaterThanOrEqual(before.outputTokens)
    }),
  )
})
