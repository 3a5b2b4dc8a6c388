/** Fields of Google's shape in either spelling; names of the application's own only as they are. */
import { describe, expect, test } from "vitest"
import { type JsonDocument, NONE } from "#proxy/contract/json-document.ts"
import { pointerTo } from "#proxy/contract/json-keys.ts"
import { scanJson } from "#proxy/contract/json-scan.ts"
import { fieldOf, findTwice, GoogleView } from "./google-names.ts"

function documentOf(body: unknown): JsonDocument {
  const text = typeof body === "string" ? body : JSON.stringify(body)
  const scanned = scanJson(Buffer.from(text), { bytesMax: 9999, depthMax: 32, tokensMax: 999 })
  if (!scanned.ok) throw new Error(scanned.fault.message)
  return scanned.document
}

/** Place of what is found, as the client spelled it. */
function whereOf(body: unknown, name: string): string | null {
  const document = documentOf(body)
  const node = fieldOf(document, 0, name)
  return node === NONE ? null : pointerTo(document, node)
}

test.each([
  [{ maxOutputTokens: 1 }, "maxOutputTokens", "/maxOutputTokens"],
  [{ max_output_tokens: 1 }, "maxOutputTokens", "/max_output_tokens"],
  ['{"max\\u005foutput_tokens":1}', "maxOutputTokens", "/max_output_tokens"],
  [{ tools: 1 }, "tools", "/tools"],
  [{ MaxOutputTokens: 1, max_outputTokens: 1 }, "maxOutputTokens", null],
  [[], "maxOutputTokens", null],
])("in %j the field %s is found at %j", (body, name, place) => {
  expect(whereOf(body, name)).toBe(place)
})

/** Names and values at any depth, as they are read. */
function namesIn(view: ReturnType<GoogleView["member"]>): unknown {
  if (view === undefined) return undefined
  if (view.isArray) return view.items().map(namesIn)
  if (!view.isObject) return view.raw().text
  return view.members().map(([name, value]) => [name, namesIn(value)])
}

describe("members", () => {
  test("have their names in lowerCamelCase, at any depth", () => {
    const body = { system_instruction: { parts: [{ inline_data: { mime_type: 1, data: 2 } }] } }
    expect(namesIn(new GoogleView(documentOf(body)))).toEqual([
      [
        "systemInstruction",
        [
          [
            "parts",
            [
              [
                [
                  "inlineData",
                  [
                    ["mimeType", "1"],
                    ["data", "2"],
                  ],
                ],
              ],
            ],
          ],
        ],
      ],
    ])
  })
  test("that are maps or the application's own keep theirs", () => {
    const properties = { max_items: { max_items: 3, any_of: [{ min_items: 1 }] } }
    const body = { response_schema: { properties }, args: { a_b: { c_d: 1 } } }
    expect(namesIn(new GoogleView(documentOf(body)))).toEqual([
      [
        "responseSchema",
        [
          [
            "properties",
            [
              [
                "max_items",
                [
                  ["maxItems", "3"],
                  ["anyOf", [[["minItems", "1"]]]],
                ],
              ],
            ],
          ],
        ],
      ],
      ["args", [["a_b", [["c_d", "1"]]]]],
    ])
  })
  test("are absent where they are null, and found behind one that is", () => {
    const view = new GoogleView(documentOf({ topP: null, top_k: 1 }))
    expect([view.member("topP"), view.member("topK")?.count()]).toEqual([undefined, 1])
  })
  test("of a map are found by their keys alone", () => {
    const view = new GoogleView(documentOf({ properties: { min_items: {} } })).member("properties")
    expect([view?.member("minItems"), view?.member("min_items")?.isObject]).toEqual([
      undefined,
      true,
    ])
  })
})

test.each([
  [{ generationConfig: {}, generation_config: {} }, "/generation_config"],
  [{ generation_config: {}, generationConfig: null }, "/generation_config"],
  [
    { contents: [{ parts: [{ text: "a" }, { fileData: {}, file_data: {} }] }] },
    "/contents/0/parts/1/file_data",
  ],
  [
    { response_schema: { properties: { a: { minItems: 1, min_items: 1 } } } },
    "/response_schema/properties/a/min_items",
  ],
  ['{"topP":1,"t\\u006fp_p":1}', "/top_p"],
])("%j has a field twice, at %s", (body, place) => {
  const document = documentOf(body)
  expect(pointerTo(document, findTwice(document))).toBe(place)
})

test.each([
  { functionCall: { args: { a_b: 1, aB: 2 } } },
  { functionResponse: { response: { a_b: 1, aB: [{ c_d: 1, cD: 1 }] } } },
  { parameters: { properties: { a_b: {}, aB: { default: { c_d: 1, cD: 1 } } } } },
  { labels: { a_b: "1", aB: "2" } },
  { A_b: 1, AB: 1, _a: 1, a: 1, a__b: 1, aB: 1 },
])("%j has none twice", (body) => {
  expect(findTwice(documentOf(body))).toBe(NONE)
})
