import fc from "fast-check"
import { expect, test } from "vitest"
import type { AttemptIntent, UsageRecord } from "#proxy/contract/records.ts"
import { encodeAttempt, encodeIntent, encodeWhole } from "./encode-entry.ts"
import { LETTERS, parseEntry } from "./entries.ts"

const count = fc.nat({ max: Number.MAX_SAFE_INTEGER })
const name = fc.string({ unit: "grapheme", maxLength: 300 })
const usage = fc.record({ inputTokens: count, cachedInputTokens: count, outputTokens: count })
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
