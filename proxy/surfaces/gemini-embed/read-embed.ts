/** Embedding requests in the intermediate form: one content, or a batch of one wish. */
import type { JsonView } from "#proxy/contract/json-view.ts"
import type { EmbeddingFeature } from "#proxy/exchange/embedding-feature.ts"
import type {
  EmbeddingInput,
  EmbeddingPurpose,
  EmbeddingsRequest,
} from "#proxy/exchange/embeddings.ts"
import { GoogleView } from "#proxy/exchange/google-names.ts"
import type { Decision, ParsedRequest } from "#proxy/exchange/parsed-request.ts"
import { badValue, countIn, missing, readBody, textIn } from "#proxy/exchange/read-body.ts"
import { UseNotes } from "#proxy/exchange/use-notes.ts"

/** The client's way to say nothing. */
const UNSAID = "TASK_TYPE_UNSPECIFIED"

/** Source: Gemini API reference, "TaskType". */
const PURPOSES: Readonly<Partial<Record<string, EmbeddingPurpose | null>>> = Object.freeze({
  [UNSAID]: null,
  RETRIEVAL_DOCUMENT: "search-document",
  RETRIEVAL_QUERY: "search-query",
  SEMANTIC_SIMILARITY: "similarity",
  CLASSIFICATION: "classification",
  CLUSTERING: "clustering",
  QUESTION_ANSWERING: "question-answering",
  FACT_VERIFICATION: "fact-verification",
  CODE_RETRIEVAL_QUERY: "code-query",
})

const KNOWN: ReadonlySet<string> = new Set([
  ...["model", "content", "taskType", "title", "outputDimensionality"],
])
const BATCH: ReadonlySet<string> = new Set(["model", "requests"])
const CONTENT: ReadonlySet<string> = new Set(["role", "parts"])

type Notes = UseNotes<EmbeddingFeature>

export function readEmbed(request: ParsedRequest): Decision<EmbeddingsRequest> {
  return readBody(() => {
    const form = readRequests([new GoogleView(request.document)], new UseNotes())
    return { ...form, inputsParam: "content" }
  })
}

export function readBatchEmbed(request: ParsedRequest): Decision<EmbeddingsRequest> {
  return readBody(() => {
    const body = new GoogleView(request.document)
    const notes: Notes = new UseNotes()
    notes.noteUnknown(body, BATCH)
    const form = readRequests(body.member("requests")?.items() ?? [], notes)
    return { ...form, inputsParam: "requests" }
  })
}

/** Elsewhere all inputs of a request share their purpose and size: those of a batch must be one. */
function readRequests(
  requests: readonly JsonView[],
  notes: Notes,
): Omit<EmbeddingsRequest, "inputsParam"> {
  const [first] = requests
  if (first === undefined) throw new Error("parsing lets no empty batch through")
  const purpose = purposeOf(first)
  const dimensions = countIn(first, "outputDimensionality") ?? null
  for (const request of requests) {
    notes.noteUnknown(request, KNOWN)
    noteShared(request, "taskType", "purpose", purposeOf(request) === purpose, notes)
    const size = countIn(request, "outputDimensionality") ?? null
    noteShared(request, "outputDimensionality", "dimensions", size === dimensions, notes)
  }
  return {
    inputs: requests.map((request) => inputOf(request, notes)),
    dimensions,
    encoding: "float",
    purpose,
    user: null,
    uses: notes.uses,
  }
}

function noteShared(
  request: JsonView,
  name: "taskType" | "outputDimensionality",
  feature: "purpose" | "dimensions",
  isShared: boolean,
  notes: Notes,
): void {
  const member = request.member(name)
  if (!isShared) notes.note("mixed-batch", member ?? `${request.where}/${name}`)
  if (member !== undefined && member.text() !== UNSAID) notes.note(feature, member)
}

function purposeOf(request: JsonView): EmbeddingPurpose | null {
  const text = textIn(request, "taskType")
  if (text === undefined) return null
  const purpose = Object.hasOwn(PURPOSES, text) ? PURPOSES[text] : undefined
  if (purpose !== undefined) return purpose
  return badValue(request.member("taskType") ?? request, "must be one of Gemini's task types")
}

/** One text part: how several are made into one vector is the model's own matter. */
function inputOf(request: JsonView, notes: Notes): EmbeddingInput {
  const content = request.member("content") ?? missing(request, "content")
  notes.noteUnknown(content, CONTENT)
  const parts = content.member("parts") ?? missing(content, "parts")
  const [part, second] = parts.items()
  if (part === undefined) return badValue(parts, "must have one part")
  if (second !== undefined) notes.note("several-parts", second)
  for (const [name, member] of part.members()) {
    if (name !== "text") notes.note("media-input", member)
  }
  const title = request.member("title")
  if (title !== undefined) notes.note("title", title)
  const text = textIn(part, "text")
  if (text === undefined && part.members().length === 0) return missing(part, "text")
  return { kind: "text", text: text ?? "", title: textIn(request, "title") ?? null }
}
