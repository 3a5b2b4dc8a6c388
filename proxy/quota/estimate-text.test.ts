/** What is made of a prompt's text, whatever else is in its body. */
import fc from "fast-check"
import { expect, test } from "vitest"
import { memberOf } from "#proxy/contract/json-document.ts"
import { scanJson } from "#proxy/contract/json-scan.ts"
import { type PromptMeasure, PromptMeter } from "#proxy/exchange/prompt-measure.ts"
import { estimateUsage } from "./estimate-usage.ts"

const LIMITS = { bytesMax: 1 << 20, depthMax: 8, tokensMax: 1000 }

function measure(prompt: string, other: string): PromptMeasure {
  const scanned = scanJson(Buffer.from(JSON.stringify({ prompt, other })), LIMITS)
  if (!scanned.ok) throw new Error(scanned.fault.message)
  const meter = new PromptMeter(scanned.document)
  meter.text(memberOf(scanned.document, 0, "prompt"))
  return meter.finish(0)
}

const tokensOf = (measured: PromptMeasure) => estimateUsage(measured, "gpt-4o").inputTokens - 3

/** Of one, two, three and four bytes a character. */
const texts = fc.string({ unit: fc.constantFrom("a", "é", "中", "😀"), maxLength: 200 })

test("a prompt is a token for four bytes at least, whatever the rest of the body holds", () => {
  fc.assert(
    fc.property(texts, texts, (prompt, other) => {
      const measured = measure(prompt, other)
      const bytes = Buffer.byteLength(prompt)
      expect(measured.plainBytes + measured.wideBytes).toBe(bytes)
      expect(tokensOf(measured)).toBeGreaterThanOrEqual(Math.floor(bytes / 4))
      expect(tokensOf(measured)).toBeLessThanOrEqual(Math.ceil(bytes / 2))
    }),
  )
})

test("more of a prompt is not less of an estimate", () => {
  fc.assert(
    fc.property(texts, texts, texts, (prompt, more, other) => {
      const before = tokensOf(measure(prompt, other))
      expect(tokensOf(measure(prompt + more, other))).toBeGreaterThanOrEqual(before)
    }),
  )
})
