import { expect, test } from "vitest"
import { scanJson } from "#proxy/contract/json-scan.ts"
import { JsonView } from "#proxy/contract/json-view.ts"
import { FeatureNotes } from "./read-body.ts"

test("a body of forty thousand unknown fields is noted by the first of them, in linear time", () => {
  const names = Array.from({ length: 40_000 }, (_, index) => `"zz${index}":1`)
  const notes = new FeatureNotes()
  notes.noteUnknown(viewOf(`{"model":"m",${names.join(",")}}`), new Set(["model"]))
  expect(notes.uses).toEqual([{ feature: "unknown-field", param: "zz0" }])
})

function viewOf(text: string): JsonView {
  const limits = { bytesMax: 1 << 20, depthMax: 8, tokensMax: 500_000 }
  const scanned = scanJson(new TextEncoder().encode(text), limits)
  if (!scanned.ok) throw new Error(scanned.fault.message)
  return new JsonView(scanned.document)
}
