import fc from "fast-check"
import { expect, test } from "vitest"
import type { AttemptIntent, TokenUsage, UsageRecord } from "#proxy/contract/records.ts"
import { USAGE_PARTS } from "#proxy/contract/token-usage.ts"
import { encodeAttempt, encodeIntent, encodeWhole } from "./encode-entry.ts"
import { LETTERS, parseEntry } from "./entries.ts"

const count = fc.nat({ max: Number.MAX_SAFE_INTEGER })
const name = fc.string({ unit: "grapheme", maxLength: 300 })
const wholes = { inputTokens: count, cachedInputTokens: count, outputTokens: count }
const parts = Object.fromEntries(USAGE_PARTS.map((part) => [part, count]))
const usage: fc.Arbitrary<TokenUsage> = fc
  .tuple(fc.record(wholes), fc.record(parts, { requiredKeys: [] }))
  .map(([whole, part]) => ({ ...whole, ...part }))
const attempt = {
  id: name,
  operation: name,
  attempt: count,
  admittedAt: count,
  route: name,
  rule: name,
  provider: name,
  model: name,
  requestedModel: name,
  user: fc.option(name),
  stream: fc.boolean(),
}
const cost = fc.option(count)
const intents: fc.Arbitrary<AttemptIntent> = fc.record({
  ...attempt,
  estimate: usage,
  estimatedCost: cost,
})
const records: fc.Arbitrary<UsageRecord> = fc.record({
  ...attempt,
  sequence: count,
  endedAt: count,
  outcome: fc.constantFrom("ok", "upstream-error", "timeout", "cancelled", "truncated", "lost"),
  status: fc.option(count),
  usage,
  source: fc.constantFrom("reported", "estimated"),
  cost,
})

const ONE_ASCII_LINE = /^[\x20-\x7e]*$/

test("every intent reads back as it was", () => {
  fc.assert(
    fc.property(intents, (intent) => {
      const text = encodeIntent(encodeAttempt(intent), intent)
      expect(text).toMatch(ONE_ASCII_LINE)
      const json = Buffer.from(text, "latin1")
      expect(parseEntry(LETTERS.intent, json)).toEqual({ kind: "intent", intent })
    }),
  )
})

test("every record reads back as it was, and is what JSON.stringify would say", () => {
  fc.assert(
    fc.property(records, (record) => {
      const text = encodeWhole(record)
      expect(text).toMatch(ONE_ASCII_LINE)
      expect(parseEntry(LETTERS.record, Buffer.from(text))).toEqual({ kind: "record", record })
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(record)))
    }),
  )
})

test("entries of a release without the parts of usage read as before, and are written so again", () => {
  const usage = '{"inputTokens":9,"cachedInputTokens":1,"outputTokens":4}'
  const shared =
    '"id":"b-1","operation":"o-1","attempt":1,"admittedAt":1,"route":"a/b","rule":"r",' +
    '"provider":"p","model":"m","requestedModel":"m","user":null,"stream":false'
  const end = '"endedAt":2,"outcome":"ok","status":200'
  const text = `{"sequence":1,${shared},${end},"usage":${usage},"source":"reported","cost":null}`
  const entry = parseEntry(LETTERS.record, Buffer.from(text))
  if (entry?.kind !== "record") throw new Error("not read")
  expect(entry.record.usage).toStrictEqual(JSON.parse(usage))
  expect(encodeWhole(entry.record)).toBe(text)
})

test.each(["reasoningTokens", "cacheWriteTokens"])(
  "%s that is no count spoils the entry",
  (part) => {
    fc.assert(
      fc.property(records, fc.constantFrom(-1, 0.5, "1", null), (record, count) => {
        const bad = { ...record, usage: { ...record.usage, [part]: count } }
        expect(parseEntry(LETTERS.record, Buffer.from(JSON.stringify(bad)))).toBeUndefined()
      }),
      { numRuns: 20 },
    )
  },
)
