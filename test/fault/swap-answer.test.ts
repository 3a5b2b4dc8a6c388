import { expect, test } from "vitest"
import { judgeAnswer } from "./swap-answer.ts"

/** An answer of configuration 7, wholly. */
const GOOD = {
  status: 200,
  headers: {
    "x-sidegate-config": "1.8",
    "x-sidegate-provider": "beta",
    "x-sidegate-model": "a-7",
  },
  chunks: [
    { model: "a-7", system_fingerprint: "beta" },
    { model: "a-7", system_fingerprint: "beta" },
  ],
  end: "data: [DONE]\n\n",
}

const cases = [
  { name: "an answer of one configuration is right", change: {}, want: "right" },
  { name: "an error is a failure", change: { status: 503 }, want: "failed" },
  { name: "a stream without its end is a failure", change: { end: "" }, want: "failed" },
  {
    name: "a backend of another configuration is mixed",
    change: { chunks: [{ model: "a-7", system_fingerprint: "alpha" }] },
    want: "mixed",
  },
  {
    name: "a stream that changes its model is mixed",
    change: { chunks: [...GOOD.chunks, { model: "a-8", system_fingerprint: "beta" }] },
    want: "mixed",
  },
  {
    name: "a header of another configuration is mixed",
    change: { headers: { ...GOOD.headers, "x-sidegate-model": "a-9" } },
    want: "mixed",
  },
  {
    name: "the rule for another variant is mixed",
    change: {
      headers: { ...GOOD.headers, "x-sidegate-model": "b-7" },
      chunks: [{ model: "b-7", system_fingerprint: "beta" }],
    },
    want: "mixed",
  },
  {
    name: "an answer that names no configuration is mixed",
    change: { headers: { ...GOOD.headers, "x-sidegate-config": "" } },
    want: "mixed",
  },
]
test.each(cases)("$name", ({ change, want }) => {
  const { status, headers, chunks, end } = { ...GOOD, ...change }
  const events = chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`)
  const asked = { user: "user-1", variant: "a", isStream: true } as const
  const text = events.join("") + end
  expect(judgeAnswer(asked, status, new Headers(headers), text).verdict).toBe(want)
})
