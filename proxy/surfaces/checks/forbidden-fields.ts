/**
 * Names that no request may hold: they would ask some upstream to change its destination or key, or
 * to run another model than the one that policies, prices and budgets judge.
 */
import {
  firstIn,
  type JsonDocument,
  KIND,
  kindOf,
  memberOf,
  NONE,
  nextIn,
  valueOfKey,
} from "#proxy/contract/json-document.ts"
import { findTwin, hasOtherCase } from "#proxy/contract/json-fold.ts"
import { pointerTo } from "#proxy/contract/json-keys.ts"
import { FoldedNames, NameTable } from "#proxy/contract/json-names.ts"
import { excerpt, type Refusal, refuse } from "#proxy/exchange/refusal.ts"

/** Destination and credentials never come from the request. */
const FORBIDDEN = new FoldedNames([
  ...["api_base", "base_url", "api_key", "extra_headers", "organization"],
])

/**
 * Members of the body that name models to go on to: OpenRouter's `models`, Anthropic's `fallbacks`.
 */
const OTHER_MODELS = new FoldedNames(["models", "fallbacks"])

/** Names within a member of the body under which the application's own values and schemas stand. */
type Own = NameTable<true>

const ownOf = (...names: readonly string[]): Own => new NameTable(names.map((name) => [name, true]))
const NOTHING = ownOf()

/** What Gemini's clients call the schema of an answer: its names have two spellings. */
const ANSWER_SCHEMAS = [
  ...["responseSchema", "response_schema", "responseJsonSchema", "response_json_schema"],
]
const ANSWER = ownOf(...ANSWER_SCHEMAS)
const COUNTED = ownOf("args", "response", "tools", ...ANSWER_SCHEMAS)

/** Members of the body that hold some; all of the member where `within` is null. */
const OWN = new NameTable<{ readonly within: Own | null }>([
  ...["tools", "functions", "response_format", "text", "output_config"].map(
    (name) => [name, { within: null }] as const,
  ),
  // What Anthropic's tools were called with.
  ["messages", { within: ownOf("input") }],
  // What Gemini's functions were called with, and gave back.
  ["contents", { within: ownOf("args", "response") }],
  ["generationConfig", { within: ANSWER }],
  ["generation_config", { within: ANSWER }],
  ["generateContentRequest", { within: COUNTED }],
  ["generate_content_request", { within: COUNTED }],
])
const HAS_NONE = Object.freeze({ within: NOTHING })

/**
 * The names above, in any letters, in the request's own objects at any depth. Schemas of tools and
 * of answers are left out, and values that go with them: there a name is a parameter of the
 * application's own function. Message contents are strings and never looked into. Of the body's own
 * members no two may differ in letters alone: an upstream may take the one that was not judged.
 */
export function findForbidden(document: JsonDocument): Refusal | null {
  let model = NONE
  let mayHaveTwins = false
  for (let key = firstIn(document, 0); key !== NONE; ) {
    const value = valueOfKey(key)
    const found = searchMember(document, key, value)
    if (found !== NONE) return forbid(document, found, "providers are set by AIProvider objects")
    if (OTHER_MODELS.has(document, key) && kindOf(document, value) !== KIND.null) model = value
    mayHaveTwins ||= hasOtherCase(document, key)
    key = nextIn(document, 0, value)
  }
  if (model === NONE) model = findToolModel(document)
  if (model !== NONE) return forbid(document, model, "an AIRoute says which models serve")
  return mayHaveTwins ? refuseTwin(document) : null
}

function forbid(document: JsonDocument, node: number, why: string): Refusal {
  const pointer = pointerTo(document, node)
  const where = pointer.lastIndexOf("/") === 0 ? pointer.slice(1) : pointer
  const message = `${where} is not taken from requests: ${why}`
  return refuse("forbidden_field", message, { param: where })
}

function refuseTwin(document: JsonDocument): Refusal | null {
  const keys: number[] = []
  for (let key = firstIn(document, 0); key !== NONE; ) {
    keys.push(key)
    key = nextIn(document, 0, valueOfKey(key))
  }
  const twin = findTwin(document, keys)
  if (twin === null) return null
  const name = excerpt(twin)
  const message = `${name} is there twice but for upper and lower case; send one of the two`
  return refuse("duplicate_key", message, { param: name })
}

/**
 * The value at fault, or NONE. A tool that a provider runs may be another model, which it names
 * beside its type (Anthropic's advisor, OpenAI's image generation): an application's own tool has
 * no such member there.
 */
function findToolModel(document: JsonDocument): number {
  const tools = memberOf(document, 0, "tools")
  if (tools === NONE || kindOf(document, tools) !== KIND.array) return NONE
  for (let tool = firstIn(document, tools); tool !== NONE; tool = nextIn(document, tools, tool)) {
    const model = kindOf(document, tool) === KIND.object ? memberOf(document, tool, "model") : NONE
    if (model !== NONE && kindOf(document, model) !== KIND.null) return model
  }
  return NONE
}

/** The key at fault in a member of the body, its own among them, or NONE. */
function searchMember(document: JsonDocument, key: number, value: number): number {
  if (FORBIDDEN.has(document, key)) return key
  const { within } = OWN.find(document, key) ?? HAS_NONE
  return within === null ? NONE : searchValue(document, value, within)
}

function searchValue(document: JsonDocument, value: number, own: Own): number {
  const kind = kindOf(document, value)
  if (kind === KIND.object) return searchObject(document, value, own)
  if (kind !== KIND.array) return NONE
  for (let item = firstIn(document, value); item !== NONE; item = nextIn(document, value, item)) {
    const found = searchValue(document, item, own)
    if (found !== NONE) return found
  }
  return NONE
}

function searchObject(document: JsonDocument, object: number, own: Own): number {
  for (let key = firstIn(document, object); key !== NONE; ) {
    const value = valueOfKey(key)
    if (FORBIDDEN.has(document, key)) return key
    const found = own.find(document, key) === true ? NONE : searchValue(document, value, own)
    if (found !== NONE) return found
    key = nextIn(document, object, value)
  }
  return NONE
}
