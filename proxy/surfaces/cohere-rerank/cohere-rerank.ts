/**
 * `POST /v2/rerank` as clients speak it: Cohere's, which other servers copy.
 *
 * In: a rerank request, or a ranking in the intermediate form. Out: the request checked, its
 * intermediate form, and the ranking. It must not know who serves. Source: Cohere API reference,
 * "Rerank API (v2)".
 */
import {
  isString,
  type JsonDocument,
  KIND,
  kindOf,
  memberOf,
  NONE,
  sizeOf,
} from "#proxy/contract/json-document.ts"
import { JsonView } from "#proxy/contract/json-view.ts"
import { writeJson } from "#proxy/contract/json-write.ts"
import {
  accept,
  type Decision,
  type ParsedRequest,
  reject,
} from "#proxy/exchange/parsed-request.ts"
import type { RawRequest } from "#proxy/exchange/ports.ts"
import { PromptMeter } from "#proxy/exchange/prompt-measure.ts"
import { countIn, needText, readBody, textsIn } from "#proxy/exchange/read-body.ts"
import { REFUSALS, type Refusal } from "#proxy/exchange/refusal.ts"
import type { RerankAnswer, RerankRequest } from "#proxy/exchange/rerank.ts"
import { checkCount, invalid } from "../checks/field-checks.ts"
import { openRequest } from "../checks/open-request.ts"
import type { SurfaceLimits } from "../limits.ts"
import { EVENT_STREAM, type RenderContext, type Surface, type SurfaceErrors } from "../surface.ts"

/** `{"message"}`, with our code and field beside it. */
const cohereErrors: SurfaceErrors = Object.freeze({
  body: ({ message, code, param }: Refusal) =>
    JSON.stringify({ message, code, param, status: REFUSALS[code].status }),
  upstream: ({ message }) => JSON.stringify({ message }),
  event: ({ message, code }: Refusal) => JSON.stringify({ message, code }),
} satisfies SurfaceErrors)

export const cohereRerank: Surface = Object.freeze({
  name: "cohere-rerank",
  wire: "cohere.rerank",
  operation: "rerank",
  errors: cohereErrors,
  parse,
  chat: null,
  embeddings: null,
  rerank: Object.freeze({ read, renderAnswer }),
} satisfies Surface)

/** Cohere's own limit ("documents": 1,000 recommended, 10,000 taken). */
const DOCUMENTS_MAX = 10_000

function parse(raw: RawRequest, limits: SurfaceLimits): Decision<ParsedRequest> {
  const opened = openRequest(raw.body, limits.requestJson)
  if (!opened.ok) return opened
  const { document } = opened.value
  const refusal = checkFields(document) ?? checkCount(document, "top_n", 1, DOCUMENTS_MAX)
  if (refusal !== null) return reject(refusal)
  const meter = new PromptMeter(document)
  meter.text(memberOf(document, 0, "query"))
  meter.text(memberOf(document, 0, "documents"))
  return accept({
    surface: "cohere-rerank",
    ...opened.value,
    isStream: false,
    streamType: EVENT_STREAM,
    wantsUsage: true,
    user: null,
    measure: meter.finish(0),
  })
}

function checkFields(document: JsonDocument): Refusal | null {
  const query = memberOf(document, 0, "query")
  if (query === NONE || !isString(document, query)) return invalid("query", "must be a string")
  const documents = memberOf(document, 0, "documents")
  if (documents === NONE || kindOf(document, documents) !== KIND.array) {
    return invalid("documents", "must be a list of texts")
  }
  const count = sizeOf(document, documents, DOCUMENTS_MAX)
  if (count > 0 && count <= DOCUMENTS_MAX) return null
  return invalid("documents", `must have 1 to ${DOCUMENTS_MAX} entries`)
}

const KNOWN: ReadonlySet<string> = new Set(["model", "query", "documents", "top_n"])

function read(request: ParsedRequest): Decision<RerankRequest> {
  return readBody(() => {
    const body = new JsonView(request.document)
    return {
      query: needText(body, "query"),
      documents: textsIn(body, "documents"),
      topN: countIn(body, "top_n") ?? null,
      unknown: body.members().flatMap(([name]) => (KNOWN.has(name) ? [] : [name])),
    }
  })
}

function renderAnswer({ id, results, usage }: RerankAnswer, context: RenderContext): string {
  return writeJson({
    id: id ?? context.id,
    results: results.map(({ index, score }) => ({ index, relevance_score: score })),
    meta: usage === undefined ? undefined : { tokens: { input_tokens: usage.inputTokens } },
  })
}
