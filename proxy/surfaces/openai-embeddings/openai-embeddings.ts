/**
 * `POST /v1/embeddings` as clients speak it.
 *
 * In: OpenAI's embeddings request, or vectors in the intermediate form. Out: the request checked,
 * its intermediate form, and the list of vectors. It must not know who serves. Source: OpenAI API
 * reference, "Create embeddings".
 */
import {
  firstIn,
  isString,
  type JsonDocument,
  KIND,
  kindOf,
  memberOf,
  NONE,
  sizeOf,
} from "#proxy/contract/json-document.ts"
import { JsonView } from "#proxy/contract/json-view.ts"
import { type RawJson, writeJson } from "#proxy/contract/json-write.ts"
import type { TokenUsage } from "#proxy/contract/records.ts"
import type { EmbeddingFeature } from "#proxy/exchange/embedding-feature.ts"
import type {
  EmbeddingInput,
  EmbeddingPurpose,
  EmbeddingsAnswer,
  EmbeddingsRequest,
} from "#proxy/exchange/embeddings.ts"
import { encodeFloats } from "#proxy/exchange/encode-floats.ts"
import {
  accept,
  type Decision,
  type ParsedRequest,
  reject,
} from "#proxy/exchange/parsed-request.ts"
import type { RawRequest } from "#proxy/exchange/ports.ts"
import { PromptMeter } from "#proxy/exchange/prompt-measure.ts"
import { badValue, countIn, missing, readBody, textIn } from "#proxy/exchange/read-body.ts"
import type { Refusal } from "#proxy/exchange/refusal.ts"
import { UseNotes } from "#proxy/exchange/use-notes.ts"
import { checkCount, invalid } from "../checks/field-checks.ts"
import { checkEntries, measureEntry } from "../checks/input-entries.ts"
import { openRequest } from "../checks/open-request.ts"
import { readUser } from "../checks/read-user.ts"
import type { SurfaceLimits } from "../limits.ts"
import { openAiErrors } from "../openai/render-error.ts"
import { EVENT_STREAM, type RenderContext, type Surface } from "../surface.ts"

export const openAiEmbeddings: Surface = Object.freeze({
  name: "openai-embeddings",
  wire: "openai.embeddings",
  operation: "embeddings",
  errors: openAiErrors,
  parse,
  chat: null,
  embeddings: Object.freeze({ read, renderAnswer }),
  rerank: null,
} satisfies Surface)

/** As OpenAI's own limit ("input: max 2048 dimensions of the array"). */
const INPUTS_MAX = 2048
const DIMENSIONS_MAX = 65_536

function parse(raw: RawRequest, limits: SurfaceLimits): Decision<ParsedRequest> {
  const opened = openRequest(raw.body, limits.requestJson)
  if (!opened.ok) return opened
  const { document } = opened.value
  const input = memberOf(document, 0, "input")
  const refusal =
    checkInput(document) ??
    checkEntries(document, input) ??
    checkCount(document, "dimensions", 1, DIMENSIONS_MAX)
  if (refusal !== null) return reject(refusal)
  const meter = new PromptMeter(document)
  if (kindOf(document, firstIn(document, input)) === KIND.object) meter.content(input, measureEntry)
  else meter.text(input)
  return accept({
    surface: "openai-embeddings",
    ...opened.value,
    isStream: false,
    streamType: EVENT_STREAM,
    wantsUsage: true,
    user: readUser(document, [memberOf(document, 0, "user")]),
    measure: meter.finish(0),
  })
}

function checkInput(document: JsonDocument): Refusal | null {
  const input = memberOf(document, 0, "input")
  if (input === NONE) return invalid("input", "is missing: it must be a text or a list of texts")
  if (isString(document, input)) return null
  if (kindOf(document, input) !== KIND.array) {
    return invalid("input", "must be a text, a list of texts or lists of token ids")
  }
  if (sizeOf(document, input, 0) === 0) return invalid("input", "must not be empty")
  const isTokens = kindOf(document, firstIn(document, input)) === KIND.number
  if (isTokens || sizeOf(document, input, INPUTS_MAX) <= INPUTS_MAX) return null
  return invalid("input", `must have at most ${INPUTS_MAX} entries`)
}

const KNOWN: ReadonlySet<string> = new Set([
  ...["model", "input", "encoding_format", "dimensions", "user", "input_type"],
])

/**
 * OpenAI's own models have one purpose; Azure's reference has the field, and vendors of the shape
 * fill it in NVIDIA's words or in Cohere's.
 */
const PURPOSES: Readonly<Partial<Record<string, EmbeddingPurpose | null>>> = Object.freeze({
  text: null,
  query: "search-query",
  search_query: "search-query",
  passage: "search-document",
  document: "search-document",
  search_document: "search-document",
  classification: "classification",
  clustering: "clustering",
})

function read(request: ParsedRequest): Decision<EmbeddingsRequest> {
  return readBody(() => {
    const body = new JsonView(request.document)
    const format = textIn(body, "encoding_format") ?? "float"
    if (format !== "float" && format !== "base64") {
      return badValue(body.member("encoding_format") ?? body, "must be float or base64")
    }
    const notes = new UseNotes<EmbeddingFeature>()
    notes.noteUnknown(body, KNOWN)
    for (const name of ["dimensions", "user"] as const) {
      const member = body.member(name)
      if (member !== undefined) notes.note(name, member)
    }
    const purpose = readPurpose(body)
    if (purpose !== null) notes.note("purpose", body.member("input_type") ?? body)
    return {
      inputs: readInputs(body.member("input") ?? missing(body, "input"), notes),
      inputsParam: "input",
      dimensions: countIn(body, "dimensions") ?? null,
      encoding: format,
      purpose,
      user: request.user,
      uses: notes.uses,
    }
  })
}

function readPurpose(body: JsonView): EmbeddingPurpose | null {
  const text = textIn(body, "input_type")
  if (text === undefined) return null
  const purpose = Object.hasOwn(PURPOSES, text) ? PURPOSES[text] : undefined
  if (purpose !== undefined) return purpose
  const words = Object.keys(PURPOSES).join(", ")
  return badValue(body.member("input_type") ?? body, `must be one of ${words}`)
}

function readInputs(input: JsonView, notes: UseNotes<EmbeddingFeature>): readonly EmbeddingInput[] {
  const text = input.text()
  if (text !== undefined) return [{ kind: "text", text, title: null }]
  const items = input.items()
  if (items[0]?.isNumber === true) {
    notes.note("token-ids", input)
    return [{ kind: "tokens", ids: input.raw() }]
  }
  return items.map((item) => {
    const inner = item.text()
    if (inner !== undefined) return { kind: "text", text: inner, title: null }
    if (!item.isArray) return badValue(item, "must be a text")
    notes.note("token-ids", input)
    return { kind: "tokens", ids: item.raw() }
  })
}

/** `usage` is required of this shape, and SDKs read it unasked. */
function renderAnswer(
  answer: EmbeddingsAnswer,
  { model, request }: RenderContext,
  { inputTokens }: TokenUsage,
): string {
  const isBase64 = wantsBase64(request)
  const vector = (raw: RawJson) => (isBase64 ? encodeFloats(raw) : raw)
  return writeJson({
    object: "list",
    data: answer.vectors.map((raw, index) => ({
      object: "embedding",
      index,
      embedding: vector(raw),
    })),
    model,
    usage: { prompt_tokens: inputTokens, total_tokens: inputTokens },
  })
}

/** OpenAI's own SDKs ask for base64 unless told otherwise. */
function wantsBase64({ document }: ParsedRequest): boolean {
  return new JsonView(document).textOf("encoding_format") === "base64"
}
