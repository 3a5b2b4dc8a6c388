import fc from "fast-check"
import { expect, test } from "vitest"
import { firstIn } from "./json-document.ts"
import { FoldedNames, NameTable } from "./json-names.ts"
import { scanJson } from "./json-scan.ts"

const NAMES = ["api_key", "base_url", "models", "tools", "a"]
const table = new NameTable(NAMES.map((name) => [name, name]))
const folded = new FoldedNames(NAMES)

function keyOf(source: string) {
  const limits = { bytesMax: 10_000, depthMax: 4, tokensMax: 10 }
  const scanned = scanJson(new TextEncoder().encode(`{${source}:1}`), limits)
  if (!scanned.ok) throw new Error(scanned.fault.message)
  return [scanned.document, firstIn(scanned.document, 0)] as const
}

const fold = (text: string) => text.toUpperCase().toLowerCase()
/** Of some of the names' letters, and those that Go takes for a k and an s. */
const letters = fc.constantFrom(..."apiKkS_eybaurlmodtA\u212a\u017fé".split(""))
const near = fc.oneof(
  fc.constantFrom(...NAMES),
  fc.constantFrom(...NAMES).map((name) => name.toUpperCase()),
  fc.constantFrom(...NAMES).map((name) => name.replace("k", "\u212a").replace("s", "\u017f")),
  fc.array(letters, { maxLength: 9 }).map((parts) => parts.join("")),
  fc.string({ unit: "binary", maxLength: 12 }),
)

test("a key is found by its name alone, escaped or not", () => {
  fc.assert(
    fc.property(near, fc.boolean(), (text, isEscaped) => {
      const escaped = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`
      const source = isEscaped ? `"${text.split("").map(escaped).join("")}"` : JSON.stringify(text)
      const key = keyOf(source)
      expect(table.find(...key)).toBe(NAMES.find((name) => name === text))
      expect(folded.has(...key)).toBe(NAMES.includes(fold(text)))
    }),
    { numRuns: 2_000 },
  )
})
