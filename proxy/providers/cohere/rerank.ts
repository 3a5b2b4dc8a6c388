/** Reranking as Cohere's rerank, version 2. Source: Cohere API reference, "Rerank API (v2)". */
import type { JsonDocument } from "#proxy/contract/json-document.ts"
import { JsonView } from "#proxy/contract/json-view.ts"
import { RawJson, writeJson } from "#proxy/contract/json-write.ts"
import { accept } from "#proxy/exchange/parsed-request.ts"
import type { RerankRequest } from "#proxy/exchange/rerank.ts"
import type { EncodeContext, RerankWire } from "../adapter.ts"
import { readUsage } from "./read-answer.ts"

export const cohereRerank: RerankWire = Object.freeze({
  encode: ({ query, documents, topN }: RerankRequest, { model }: EncodeContext) =>
    accept(writeJson({ model, query, documents, top_n: topN ?? undefined })),
  decodeAnswer: (answer: JsonDocument) => {
    const view = new JsonView(answer)
    const results = view.member("results")
    if (results?.isArray !== true) return { ok: false, fault: "it has no results" }
    const ranked = results.items().map((result) => ({
      index: result.countOf("index") ?? 0,
      score: result.member("relevance_score")?.raw() ?? ZERO,
    }))
    const usage = readUsage(view)
    return { ok: true, answer: { id: view.textOf("id") ?? null, results: ranked, usage } }
  },
} satisfies RerankWire)

const ZERO = new RawJson("0")
