import fc from "fast-check"
import { expect, test } from "vitest"
import { memberOf } from "#proxy/contract/json-document.ts"
import { scanJson } from "#proxy/contract/json-scan.ts"
import type { ParsedRequest } from "#proxy/exchange/parsed-request.ts"
import { EMPTY_PROMPT } from "#proxy/exchange/prompt-measure.ts"
import type { Target } from "#proxy/exchange/target.ts"
import { encodeBody, encodeBounded, spliceBounded } from "./encode-body.ts"

const LIMITS = { bytesMax: 1 << 20, depthMax: 64, tokensMax: 100_000 }

function request(text: string, isStream: boolean): ParsedRequest {
  const scanned = scanJson(new TextEncoder().encode(text), LIMITS)
  if (!scanned.ok) throw new Error(scanned.fault.message)
  const { document } = scanned
  const options = JSON.parse(text).stream_options
  return {
    surface: "openai-chat",
    document,
    model: JSON.parse(text).model,
    modelNode: memberOf(document, 0, "model"),
    isStream,
    streamType: "text/event-stream",
    wantsUsage: options?.include_usage === true,
    user: null,
    measure: EMPTY_PROMPT,
  }
}

function target(model: string | null): Target {
  return {
    index: 0,
    provider: {
      name: "one",
      schema: "OpenAI",
      origin: "https://one.example",
      pathPrefix: "",
      vendor: null,
      options: null,
      network: "Public",
      credential: "None",
      connectTimeoutMs: 1,
      disabled: false,
      simulated: null,
    },
    model,
    modelJson: model === null ? null : new TextEncoder().encode(JSON.stringify(model)),
    weight: 1,
    priority: 0,
    problem: null,
    verdict: null,
    prices: undefined,
    answerHeaders: [],
  }
}

const encode = (text: string, model: string | null, isStream: boolean): string =>
  new TextDecoder().decode(encodeBody(request(text, isStream), target(model)))

const ASK = '"stream_options":{"include_usage":true}'
const CASES = [
  [
    "the model alone is replaced",
    '{ "model" : "a" , "x":1.0 }',
    "b",
    false,
    '{ "model" : "b" , "x":1.0 }',
  ],
  ["nothing changes for the same name", '{"model":"a"}', "a", false, '{"model":"a"}'],
  ["nothing changes without a name", '{"model":"a"}', null, false, '{"model":"a"}'],
  ["a stream asks for usage", '{"model":"a"}', "b", true, `{${ASK},"model":"b"}`],
  [
    "options without the member get it",
    '{"model":"a","stream_options":{"x":1}}',
    null,
    true,
    '{"model":"a","stream_options":{"include_usage":true,"x":1}}',
  ],
  [
    "empty options get it",
    '{"stream_options":{ },"model":"a"}',
    "b",
    true,
    '{"stream_options":{"include_usage":true },"model":"b"}',
  ],
  [
    "options null are replaced",
    '{"stream_options":null,"model":"a"}',
    "b",
    true,
    `{${ASK},"model":"b"}`,
  ],
  [
    "a declined report is asked for",
    '{"model":"a","stream_options":{"include_usage":false}}',
    "b",
    true,
    `{"model":"b",${ASK}}`,
  ],
  ["an asked one stays", `{"model":"a",${ASK}}`, "b", true, `{"model":"b",${ASK}}`],
  ["an escaped key is found", '{"mod\\u0065l":"a"}', "b", false, '{"mod\\u0065l":"b"}'],
] as const

test.each(CASES)("%s", (_name, text, model, isStream, want) => {
  expect(encode(text, model, isStream)).toBe(want)
})

test("whatever the body, the result parses to the body with only those fields changed", () => {
  const fields = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }))
  const options = fc.option(
    fc.record({ include_usage: fc.boolean(), x: fc.integer() }, { requiredKeys: [] }),
  )
  fc.assert(
    fc.property(
      fields,
      fc.string(),
      fc.string(),
      options,
      fc.boolean(),
      (rest, from, to, stream_options, isStream) => {
        const body = {
          ...rest,
          model: from,
          ...(stream_options === null ? {} : { stream_options }),
        }
        const got = JSON.parse(encode(JSON.stringify(body), to, isStream))
        const asked = isStream ? { stream_options: { ...stream_options, include_usage: true } } : {}
        expect(got).toEqual(JSON.parse(JSON.stringify({ ...body, model: to, ...asked })))
      },
    ),
    { numRuns: 300 },
  )
})

test("under a limit the body says it in the older name alone, and is else the same", () => {
  const limit = fc.option(fc.constantFrom(null, 5, 7), { nil: undefined })
  const limits = fc.record({ max_tokens: limit, max_completion_tokens: limit })
  const order = fc.shuffledSubarray(["model", "max_tokens", "max_completion_tokens", "zz"], {
    minLength: 4,
  })
  fc.assert(
    fc.property(limits, order, fc.boolean(), fc.string(), (said, names, isStream, to) => {
      const fields: Readonly<Record<string, unknown>> = { ...said, model: "a", zz: 1 }
      const body = Object.fromEntries(names.map((name) => [name, fields[name]]))
      const text = JSON.stringify(body)
      const { max_tokens: older, max_completion_tokens: newer } = said
      const isMoved = (newer ?? null) !== null && (older ?? null) === null
      const want = { ...body, model: to, ...(isMoved ? { max_tokens: newer } : {}) }
      if (isMoved) Reflect.deleteProperty(want, "max_completion_tokens")
      const read = (bytes: Uint8Array) => JSON.parse(new TextDecoder().decode(bytes))
      const parsed = request(text, isStream)
      expect(read(spliceBounded(parsed, target(to)))).toEqual(JSON.parse(JSON.stringify(want)))
      const asked = isStream ? { stream_options: { include_usage: true } } : {}
      expect(read(encodeBounded(parsed, target(to)))).toEqual({
        ...JSON.parse(JSON.stringify(want)),
        ...asked,
      })
    }),
    { numRuns: 500 },
  )
})
