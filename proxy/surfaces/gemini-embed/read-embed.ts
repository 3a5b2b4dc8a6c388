/** Embedding requests in the intermediate form: one content, or a batch of one wish. */
import { JsonView } from "#proxy/contract/json-view.ts"
import type {
  EmbeddingInput,
  EmbeddingPurpose,
  EmbeddingsRequest,
} from "#proxy/exchange/embeddings.ts"
import type { Decision, ParsedRequest } from "#proxy/exchange/parsed-request.ts"
import {
  BodyFault,
  badValue,
  countIn,
  missing,
  readBody,
  textIn,
} from "#proxy/exchange/read-body.ts"
import { refuse } from "#proxy/exchange/refusal.ts"

/** Null is the client's way to say nothing. Source: Gemini API reference, "TaskType". */
const PURPOSES: Readonly<Partial<Record<string, EmbeddingPurpose | null>>> = Object.freeze({
  TASK_TYPE_UNSPECIFIED: null,
  RETRIEVAL_DOCUMENT: "search-document",
  RETRIEVAL_QUERY: "search-query",
  SEMANTIC_SIMILARITY: "similarity",
  CLASSIFICATION: "classification",
  CLUSTERING: "clustering",
  QUESTION_ANSWERING: "question-answering",
  FACT_VERIFICATION: "fact-verification",
  CODE_RETRIEVAL_QUERY: "code-query",
})

const KNOWN: ReadonlySet<string> = new Set(["model", "content", "taskType", "outputDimensionality"])

export function readEmbed(request: ParsedRequest): Decision<EmbeddingsRequest> {
  return readBody(() => readRequests([new JsonView(request.document)]))
}

export function readBatchEmbed(request: ParsedRequest): Decision<EmbeddingsRequest> {
  return readBody(() => {
    const body = new JsonView(request.document)
    const form = readRequests(body.member("requests")?.items() ?? [])
    const others = body.members().flatMap(([name]) => (BATCH.has(name) ? [] : [name]))
    return { ...form, unknown: [...others, ...form.unknown] }
  })
}

const BATCH: ReadonlySet<string> = new Set(["model", "requests"])

/** Elsewhere all inputs of a request share their purpose and size: those of a batch must be one. */
function readRequests(requests: readonly JsonView[]): EmbeddingsRequest {
  const [first] = requests
  if (first === undefined) throw new Error("parsing lets no empty batch through")
  const purpose = purposeOf(first)
  const dimensions = countIn(first, "outputDimensionality") ?? null
  for (const request of requests) {
    if (purposeOf(request) !== purpose) differs(request, "taskType")
    if ((countIn(request, "outputDimensionality") ?? null) !== dimensions) {
      differs(request, "outputDimensionality")
    }
  }
  return {
    inputs: requests.map(inputOf),
    dimensions,
    encoding: "float",
    purpose,
    user: null,
    unknown: requests.flatMap(unknownIn),
  }
}

/** The first of a request: it is the one that a refusal names, and to find a place takes time. */
function unknownIn(request: JsonView): readonly string[] {
  const found = request.members().find(([name]) => !KNOWN.has(name))
  return found === undefined ? [] : [found[1].where]
}

function differs(request: JsonView, name: string): never {
  const param = `${request.where}/${name}`
  const message = `${param} must be that of the first request: only Gemini takes them apart`
  throw new BodyFault(refuse("unsupported_parameter", message, { param }))
}

function purposeOf(request: JsonView): EmbeddingPurpose | null {
  const text = textIn(request, "taskType")
  if (text === undefined) return null
  const purpose = Object.hasOwn(PURPOSES, text) ? PURPOSES[text] : undefined
  if (purpose !== undefined) return purpose
  return badValue(request.member("taskType") ?? request, "must be one of Gemini's task types")
}

/** One text part: how several are made into one vector is the model's own matter. */
function inputOf(request: JsonView): EmbeddingInput {
  const content = request.member("content") ?? missing(request, "content")
  const parts = content.member("parts") ?? missing(content, "parts")
  const [part, second] = parts.items()
  if (part === undefined) return badValue(parts, "must have one part")
  if (second !== undefined) return refusePart(second, "only Gemini makes one vector of many parts")
  for (const [name, member] of part.members()) {
    if (name !== "text") refusePart(member, "only Gemini embeds anything but text")
  }
  return { kind: "text", text: textIn(part, "text") ?? missing(part, "text") }
}

function refusePart({ where: param }: JsonView, why: string): never {
  const message = `${param} cannot be said to this provider: ${why}`
  throw new BodyFault(refuse("unsupported_parameter", message, { param }))
}
