/**
 * One of every event that the intermediate form has, as each chat surface renders it, whole and
 * streamed: one file an output, in `expected/SURFACE.CASE.MODE.txt`. `UPDATE_GOLDEN=1` writes them
 * anew.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"
import { RawJson } from "#proxy/contract/json-write.ts"
import type { TokenUsage } from "#proxy/contract/records.ts"
import { collectAnswer } from "#proxy/exchange/chat-answer.ts"
import type { FinishReason, ResponseEvent } from "#proxy/exchange/response-event.ts"
import { tagSignature } from "#proxy/exchange/signatures.ts"
import { PIPELINE_SETTINGS } from "#proxy/pipeline/settings.ts"
import { makeRaw } from "#proxy/pipeline/world.test-data.ts"
import { type ModelSurfaceName, SURFACES } from "#proxy/surfaces/registry.ts"

const choice = 0
const MESSAGES = { messages: [{ role: "user", content: "Hi" }], max_tokens: 9 }
const ASKED = { stream: true, stream_options: { include_usage: true } }
const REQUESTS = {
  "openai-chat": { model: "m", ...ASKED, ...MESSAGES },
  "openai-completions": { model: "m", ...ASKED, prompt: "Hi" },
  "openai-responses": { model: "m", stream: true, input: "Hi" },
  "anthropic-messages": { model: "m", stream: true, ...MESSAGES },
  "gemini-generate": { contents: [{ role: "user", parts: [{ text: "Hi" }] }] },
} as const satisfies Partial<Record<ModelSurfaceName, object>>

const USAGE: TokenUsage = {
  inputTokens: 100,
  cachedInputTokens: 40,
  cacheWriteTokens: 20,
  cacheWrite1hTokens: 5,
  inputAudioTokens: 3,
  inputImageTokens: 4,
  outputTokens: 50,
  reasoningTokens: 7,
  outputAudioTokens: 8,
  outputImageTokens: 9,
}

const START: ResponseEvent = { kind: "response-start", id: "id-1", model: "model-1" }
const text = (said: string, at = choice): ResponseEvent => ({
  kind: "text-delta",
  choice: at,
  text: said,
})
const thought = (said: string): ResponseEvent => ({ kind: "reasoning-delta", choice, text: said })
const begin = (call: number, signature: string | null = null): ResponseEvent => ({
  kind: "tool-call-start",
  choice,
  call,
  id: `call-${call}`,
  name: `tool_${call}`,
  signature,
})
const grow = (call: number, piece: string): ResponseEvent => ({
  kind: "tool-call-delta",
  choice,
  call,
  arguments: piece,
})
const end = (reason: FinishReason, at = choice, stopSequence: string | null = null) =>
  ({ kind: "choice-end", choice: at, reason, stopSequence }) as const
const REPORT: ResponseEvent = { kind: "usage-report", usage: USAGE }

const LINK = {
  url: "https://a.example",
  title: "A",
  citedText: "said",
  place: { start: 1, end: 4 },
  documentIndex: null,
  documentPlace: null,
}
const DOCUMENT = { documentIndex: 2, documentPlace: { start: 7, end: 9 } }
const PLACE = { ...LINK, url: null, title: "D", ...DOCUMENT }
const UNPLACED = {
  url: null,
  title: null,
  citedText: null,
  place: null,
  documentIndex: null,
  documentPlace: null,
}
const ENTRY = { token: "x", logprob: -0.5, bytes: [120] }
const ENTRIES = JSON.stringify([{ ...ENTRY, top_logprobs: [{ ...ENTRY, token: "y" }] }])

const CASES: Readonly<Record<string, readonly ResponseEvent[]>> = {
  everything: [
    START,
    thought("first "),
    thought("thought"),
    { kind: "reasoning-signature", choice, signature: "own" },
    { kind: "reasoning-redacted", choice, data: "hidden" },
    thought("second thought"),
    text("so"),
    text("me text"),
    { kind: "citation-add", choice, citation: LINK },
    { kind: "citation-add", choice, citation: PLACE },
    { kind: "logprobs-add", choice, entries: new RawJson(ENTRIES) },
    { kind: "media-add", choice, mimeType: "image/png", base64: "AAAA" },
    text("more text"),
    begin(0, "signed"),
    begin(1),
    grow(1, '{"b":'),
    grow(0, '{"a":1}'),
    grow(1, "2}"),
    REPORT,
    end("tool-calls"),
  ],
  "signed-elsewhere": [
    START,
    thought("one"),
    { kind: "reasoning-signature", choice, signature: tagSignature("google", "theirs") },
    thought("two"),
    { kind: "reasoning-signature", choice, signature: tagSignature("openai", "theirs") },
    { kind: "reasoning-redacted", choice, data: tagSignature("openai", "theirs") },
    REPORT,
    end("stop"),
  ],
  unplaced: [
    START,
    text("Once"),
    { kind: "citation-add", choice, citation: { ...UNPLACED, url: "https://a.example" } },
    { kind: "citation-add", choice, citation: UNPLACED },
    { kind: "logprobs-add", choice, entries: new RawJson("[{}]") },
    end("stop"),
  ],
  refusal: [
    START,
    text("Well"),
    { kind: "refusal-delta", choice, text: "I " },
    { kind: "refusal-delta", choice, text: "cannot" },
    REPORT,
    end("stop"),
  ],
  cut: [START, text("Once"), begin(0), grow(0, '{"a":'), REPORT, end("length")],
  stopped: [START, text("Once"), REPORT, end("stop-sequence", choice, "END")],
  choices: [START, text("b", 1), text("a"), end("stop", 1), REPORT, end("length")],
  nameless: [{ kind: "response-start", id: null, model: null }, text("a"), end("pause")],
  nothing: [START, end("content-filter")],
}

const CELLS = (Object.keys(REQUESTS) as (keyof typeof REQUESTS)[]).flatMap((surface) =>
  Object.entries(CASES).flatMap(([name, events]) =>
    (["whole", "stream"] as const).map((mode) => {
      return { file: `${surface}.${name}.${mode}.txt`, surface, events, mode }
    }),
  ),
)

const placeOf = (file: string) => fileURLToPath(new URL(`./expected/${file}`, import.meta.url))

function render(
  surface: keyof typeof REQUESTS,
  events: readonly ResponseEvent[],
  mode: "whole" | "stream",
): string {
  const { parse, chat } = SURFACES[surface]
  const path = "/v1beta/models/m:streamGenerateContent"
  const parsed = parse(makeRaw(REQUESTS[surface], { path, query: "alt=sse" }), PIPELINE_SETTINGS)
  if (!parsed.ok || chat === null) throw new Error("the request is refused")
  expect(parsed.value.surface).toBe(surface)
  const context = { request: parsed.value, id: "own-1", model: "served", createdSeconds: 1000 }
  const answer = collectAnswer(events)
  const settled = answer.usage ?? USAGE
  if (mode === "whole") {
    return `${JSON.stringify(JSON.parse(chat.renderAnswer(answer, context, settled)), null, 1)}\n`
  }
  const renderer = chat.openRenderer(context)
  const prompt = { inputTokens: 90, cachedInputTokens: 30, outputTokens: 1 }
  const told = events.map((event) => {
    if (event.kind === "response-start") return renderer.push({ ...event, prompt })
    return event.kind === "response-end" ? "" : renderer.push(event)
  })
  return told.join("") + renderer.push({ kind: "response-end", settled })
}

test.each(CELLS)("$file", ({ file, surface, events, mode }) => {
  const found = render(surface, events, mode)
  if (process.env["UPDATE_GOLDEN"] === "1") {
    mkdirSync(placeOf(""), { recursive: true })
    writeFileSync(placeOf(file), found)
  }
  expect(found).toBe(readFileSync(placeOf(file), "utf8"))
})

test("no expected file is left of a cell that is gone", () => {
  const known: readonly string[] = CELLS.map(({ file }) => file)
  expect(readdirSync(placeOf("")).filter((file) => !known.includes(file))).toEqual([])
})
