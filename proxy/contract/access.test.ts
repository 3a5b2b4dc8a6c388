import { expect, test } from "vitest"
import { judgeModel, matchesGlob } from "./access.ts"

test.each([
  ["gpt-4o", "gpt-4o", true],
  ["gpt-4o", "gpt-4o-mini", false],
  ["gpt-4o*", "gpt-4o", true],
  ["gpt-4o*", "gpt-4o-mini", true],
  ["*-preview", "o1-preview", true],
  ["*-preview", "o1-preview-2", false],
  ["*", "", true],
  ["a*b*c", "axxbxxc", true],
  ["a*b*c", "acb", false],
  ["a*a", "a", false],
  ["ab*ba", "aba", false],
  ["*a*a*", "a", false],
  ["a**b", "ab", true],
  ["a.c", "abc", false],
])("%s matches %s: %s", (pattern, text, want) => {
  expect(matchesGlob(pattern, text)).toBe(want)
})

test("a hostile pattern on a long text ends at once", () => {
  expect(matchesGlob(`${"a*".repeat(200)}b`, "a".repeat(10_000))).toBe(false)
})

const rule = (name: string, models: readonly string[], providers: readonly string[] = []) => ({
  policy: "org",
  name,
  models,
  providers,
})
const access = {
  kind: "rules",
  deny: [rule("previews", ["*-preview"]), rule("not-there", ["gpt-*"], ["azure"])],
  allow: [rule("approved", ["gpt-*", "o1*"])],
  otherwise: "Deny",
  decidedBy: ["org", "eu"],
} as const

test.each([
  ["openai", "gpt-4o", { kind: "allowed" }],
  ["openai", "o1-preview", { kind: "denied", policy: "org", rule: "previews" }],
  ["azure", "gpt-4o", { kind: "denied", policy: "org", rule: "not-there" }],
  ["openai", "claude", { kind: "denied", policy: "org, eu", rule: null }],
])("%s %s", (provider, model, want) => {
  expect(judgeModel(access, provider, model)).toEqual(want)
})

test("without a default of Deny, what no list names is allowed", () => {
  expect(judgeModel({ ...access, otherwise: "Allow" }, "x", "y")).toEqual({ kind: "allowed" })
})
