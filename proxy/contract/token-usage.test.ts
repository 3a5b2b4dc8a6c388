import fc from "fast-check"
import { expect, test } from "vitest"
import { memberOf } from "./json-document.ts"
import { scanJson } from "./json-scan.ts"
import {
  findPartAboveWhole,
  type ReportedCounts,
  reportedCount,
  USAGE_PARTS,
  usageOf,
} from "./token-usage.ts"

const WHOLES = { inputTokens: 100, outputTokens: 50 }

test.each<[string, ReportedCounts]>([
  ["no input", { outputTokens: 1 }],
  ["no output", { inputTokens: 1 }],
  ["a negative count", { ...WHOLES, inputTokens: -1 }],
  ["a fraction", { ...WHOLES, outputTokens: 1.5 }],
  ["not a number", { ...WHOLES, outputTokens: Number.NaN }],
  ["more than any attempt uses", { ...WHOLES, inputTokens: 1_000_000_001 }],
  ["a negative part", { ...WHOLES, reasoningTokens: -1 }],
  ["a fraction of a part", { ...WHOLES, cacheWriteTokens: 0.5 }],
  ["more cached than input", { ...WHOLES, cachedInputTokens: 101 }],
  ["more written than input", { ...WHOLES, cacheWriteTokens: 101 }],
  ["read and written above input", { ...WHOLES, cachedInputTokens: 60, cacheWriteTokens: 41 }],
  ["more written for an hour than written", { ...WHOLES, cacheWrite1hTokens: 1 }],
  ["more reasoning than output", { ...WHOLES, reasoningTokens: 51 }],
])("%s is no report", (_name, counts) => {
  expect(usageOf(counts)).toBeUndefined()
})

test.each<[string, ReportedCounts, ReportedCounts]>([
  ["what was not said stays absent", WHOLES, { ...WHOLES, cachedInputTokens: 0 }],
  [
    "zero is a report",
    { inputTokens: 0, outputTokens: 0, cachedInputTokens: 0, reasoningTokens: 0 },
    { inputTokens: 0, outputTokens: 0, cachedInputTokens: 0, reasoningTokens: 0 },
  ],
  [
    "an undefined part is an absent one",
    { ...WHOLES, cachedInputTokens: undefined, cacheWriteTokens: undefined },
    { ...WHOLES, cachedInputTokens: 0 },
  ],
  [
    "more audio than input: none of what the input was is said",
    { ...WHOLES, cachedInputTokens: 5, inputAudioTokens: 101, inputImageTokens: 3 },
    { ...WHOLES, cachedInputTokens: 5 },
  ],
  [
    "audio and image above input",
    { ...WHOLES, inputAudioTokens: 50, inputImageTokens: 51, outputImageTokens: 50 },
    { ...WHOLES, cachedInputTokens: 0, outputImageTokens: 50 },
  ],
  [
    "reasoning and audio above output",
    { ...WHOLES, inputImageTokens: 7, reasoningTokens: 25, outputAudioTokens: 26 },
    { ...WHOLES, cachedInputTokens: 0, inputImageTokens: 7, reasoningTokens: 25 },
  ],
  [
    "audio and image above output",
    { ...WHOLES, outputAudioTokens: 25, outputImageTokens: 26 },
    { ...WHOLES, cachedInputTokens: 0 },
  ],
  [
    "cached audio is both cached and audio",
    { ...WHOLES, cachedInputTokens: 100, inputAudioTokens: 100 },
    { ...WHOLES, cachedInputTokens: 100, inputAudioTokens: 100 },
  ],
  [
    "every part at once",
    {
      inputTokens: 100,
      cachedInputTokens: 40,
      cacheWriteTokens: 60,
      cacheWrite1hTokens: 60,
      inputAudioTokens: 50,
      inputImageTokens: 50,
      outputTokens: 60,
      reasoningTokens: 20,
      outputAudioTokens: 20,
      outputImageTokens: 20,
    },
    {
      inputTokens: 100,
      cachedInputTokens: 40,
      cacheWriteTokens: 60,
      cacheWrite1hTokens: 60,
      inputAudioTokens: 50,
      inputImageTokens: 50,
      outputTokens: 60,
      reasoningTokens: 20,
      outputAudioTokens: 20,
      outputImageTokens: 20,
    },
  ],
])("%s", (_name, counts, want) => {
  expect(usageOf(counts)).toStrictEqual(want)
})

test("whatever is reported, what comes out is integers with parts within their wholes", () => {
  const count = fc.oneof(fc.nat(300), fc.integer(), fc.double(), fc.constant(undefined))
  const names = ["inputTokens", "cachedInputTokens", "outputTokens", ...USAGE_PARTS] as const
  const reports = fc.record(Object.fromEntries(names.map((name) => [name, count])))
  fc.assert(
    fc.property(reports, (report) => {
      const usage = usageOf(report)
      if (usage === undefined) return
      expect(findPartAboveWhole(usage)).toBeNull()
      for (const [name, value] of Object.entries(usage)) {
        expect(Number.isSafeInteger(value) && value >= 0).toBe(true)
        expect(value).toBe(report[name] ?? 0)
      }
    }),
    { numRuns: 2000 },
  )
})

test("a count that is missing or null was not said; one that is no number is nonsense", () => {
  const text = '{"count":12,"zero":0,"none":null,"text":"12","half":0.5,"below":-1}'
  const limits = { bytesMax: 1000, depthMax: 4, tokensMax: 100 }
  const scanned = scanJson(Buffer.from(text), limits)
  if (!scanned.ok) throw new Error(scanned.fault.message)
  const { document } = scanned
  const names = ["count", "zero", "none", "missing", "text", "half", "below"]
  expect(names.map((name) => reportedCount(document, memberOf(document, 0, name)))).toEqual([
    12,
    0,
    undefined,
    undefined,
    Number.NaN,
    0.5,
    -1,
  ])
})
