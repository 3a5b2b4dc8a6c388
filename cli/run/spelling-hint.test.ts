import { expect, test } from "vitest"
import { parseManifests } from "#cli/manifests/manifest.ts"
import { readObjects } from "./objects.ts"
import { spellingHint } from "./spelling-hint.ts"

const TEXT = `apiVersion: sidegate.dev/v1alpha1
kind: AIRoute
metadata: {name: chat}
spec:
  models: [smart]
  rules: [{name: only, stratgy: {type: Weighted}, other: 1, backends: [{provider: a}]}]
`
const parsed = parseManifests({ path: "a.yaml", text: TEXT })
const objects = readObjects([parsed], { namespace: "default", variable: () => undefined })

test.each([
  ["spec.rules[0].stratgy: unknown field", "; did you mean strategy?"],
  ["spec.rules[0].other: unknown field", ""],
  ["spec.models: Required value", ""],
])("%s", (message, want) => {
  const ref = { kind: "AIRoute", namespace: "default", name: "chat" } as const
  expect(spellingHint(objects, ref, { message })).toBe(want)
})
