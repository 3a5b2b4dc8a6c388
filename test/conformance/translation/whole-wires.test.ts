/** Every wire of every operation, by being registered: where it is asked, and what it reads. */
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { EmbeddingsRequest } from "#proxy/exchange/embeddings.ts"
import type { Decision } from "#proxy/exchange/parsed-request.ts"
import type { RerankRequest } from "#proxy/exchange/rerank.ts"
import type { EmbeddingsWire, EncodeContext } from "#proxy/providers/adapter.ts"
import { SURFACES } from "#proxy/surfaces/registry.ts"
import { documentOf, WIRES } from "./wires.ts"

const HOSTILE_MODELS = ["../../admin", "a/b?x=1#y", "..", "größe\ud800", "a\r\nhost: b", "%2e%2e"]

const TEXTS: EmbeddingsRequest = {
  inputs: ["one", 'two "quoted"', "ä🌍"].map(
    (text) => ({ kind: "text", text, title: null }) as const,
  ),
  inputsParam: "input",
  dimensions: null,
  encoding: "float",
  purpose: null,
  user: null,
  uses: [],
}

const RANKED: RerankRequest = {
  query: "zquery",
  documents: ["one", "two"],
  topN: 1,
  unknown: [],
}

describe.each(WIRES)("$name", ({ wire, context }) => {
  test("has one path for a model, which no name of a model leads astray", () => {
    for (const isStream of [false, true]) {
      const pathOf = (model: string) => wire.path({ ...context, model, isStream })
      const plain = new URL(`https://a.example${pathOf("zmodel")}`)
      for (const model of HOSTILE_MODELS) {
        const path = pathOf(model)
        expect(path).toMatch(/^\/[\x21-\x7e]*$/)
        const url = new URL(`https://a.example${path}`)
        expect(url.pathname + url.search).toBe(path)
        expect(url.pathname.split("/").length).toBe(plain.pathname.split("/").length)
        expect(url.search).toBe(plain.search)
        expect(url.hash).toBe("")
      }
    }
  })

  test("has a title for sentences, a header for its key, and a form to be asked in", () => {
    expect(wire.title).toMatch(/^[A-Z].*\S$/)
    expect(wire.authorization.header).toMatch(/^[a-z-]+$/)
    const forms = [wire.same, wire.chat, wire.embeddings, wire.rerank]
    expect(forms.some((form) => form !== null)).toBe(true)
    for (const name of wire.passedHeaders) expect(name).toBe(name.toLowerCase())
  })

  test("reads any JSON as an answer, a fault or an error, never a crash", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const document = documentOf(JSON.stringify(value))
        wire.readError(document, (text) => text)
        const fault = wire.same?.findAnswerFault(document)
        if (fault === null) {
          wire.same?.readUsage(document)
          expect(wire.same?.measureAnswer(document, 0)).toBeGreaterThanOrEqual(0)
        }
        wire.embeddings?.decodeAnswer(document)
        wire.rerank?.decodeAnswer(document)
      }),
      { numRuns: 60 },
    )
  })

  test("reads usage of any head as whole counts, or as nothing", () => {
    const { usageOfHeaders } = wire
    if (usageOfHeaders === undefined) return
    const names = fc.constantFrom("x-amzn-bedrock-input-token-count", "content-type")
    const values = fc.oneof(fc.string(), fc.nat().map(String), fc.double().map(String))
    fc.assert(
      fc.property(fc.dictionary(names, values), (headers) => {
        const usage = usageOfHeaders(headers)
        for (const count of Object.values(usage ?? {}))
          expect(Number.isSafeInteger(count)).toBe(true)
      }),
    )
  })

  test("writes the same JSON of the same embeddings and ranking, each text in it", () => {
    const bodies = () => [
      wire.embeddings === null ? undefined : embed(wire.embeddings, context),
      wire.rerank?.encode(RANKED, context),
    ]
    const made = bodies().flatMap((body) => (body === undefined ? [] : [body]))
    for (const body of made) {
      if (!body.ok) throw new Error(body.refusal.message)
      documentOf(body.value)
      expect(body.value).toContain("one")
    }
    expect(bodies().filter((body) => body !== undefined)).toEqual(made)
  })
})

test("whoever ranks is asked in the one client's own shape, so that every field passes", () => {
  const { wire: own } = SURFACES["cohere-rerank"]
  const ranking = WIRES.filter(({ wire }) => wire.rerank !== null)
  expect(ranking.map(({ wire }) => wire.name)).toEqual(ranking.map(() => own))
  expect(ranking.filter(({ wire }) => wire.same === null)).toEqual([])
  expect(ranking.length).toBeGreaterThan(0)
})

/** As many of the texts as the model takes at a time, which may be one. */
function embed(wire: EmbeddingsWire, context: EncodeContext): Decision<string> {
  const all = wire.encode(TEXTS, context)
  if (all.ok) return all
  expect(all.refusal.message).toContain("takes one input at a time")
  return wire.encode({ ...TEXTS, inputs: TEXTS.inputs.slice(0, 1) }, context)
}
