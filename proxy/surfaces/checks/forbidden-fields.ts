/**
 * Names that no request may hold: they would ask some upstream to change its destination or key, or
 * to run another model than the one that policies, prices and budgets judge.
 */
import {
  endOf,
  firstIn,
  type JsonDocument,
  KIND,
  kindOf,
  memberOf,
  NONE,
  nextIn,
  startOf,
  textEquals,
  textOf,
  valueOfKey,
} from "#proxy/contract/json-document.ts"
import { foldCase, hasOtherCase, isNamed } from "#proxy/contract/json-fold.ts"
import { pointerTo } from "#proxy/contract/json-keys.ts"
import { excerpt, type Refusal, refuse } from "#proxy/exchange/refusal.ts"

/** Destination and credentials never come from the request. */
const FORBIDDEN = ["api_base", "base_url", "api_key", "extra_headers", "organization"] as const
/** In bytes: the long s has two, the Kelvin sign three. */
const FORBIDDEN_LENGTHS: ReadonlySet<number> = new Set(
  FORBIDDEN.flatMap((name) => [0, 1, 2].map((more) => name.length + more)),
)

/**
 * Members of the body that name models to go on to: OpenRouter's `models`, Anthropic's `fallbacks`.
 */
const OTHER_MODELS = ["models", "fallbacks"] as const

/** Members of the body that hold the application's own schemas. */
const OWN_SCHEMAS = ["tools", "functions", "response_format", "text", "output_config"] as const

/** What Gemini's clients call the schema of an answer: its names have two spellings. */
const ANSWER_SCHEMAS: readonly string[] = [
  ...["responseSchema", "response_schema", "responseJsonSchema", "response_json_schema"],
]
const COUNTED: readonly string[] = ["args", "response", "tools", ...ANSWER_SCHEMAS]

/** Members that hold its own values and schemas somewhere within these members of the body. */
const OWN_WITHIN: readonly (readonly [string, readonly string[]])[] = [
  // What Anthropic's tools were called with.
  ["messages", ["input"]],
  // What Gemini's functions were called with, and gave back.
  ["contents", ["args", "response"]],
  ["generationConfig", ANSWER_SCHEMAS],
  ["generation_config", ANSWER_SCHEMAS],
  ["generateContentRequest", COUNTED],
  ["generate_content_request", COUNTED],
]

/**
 * The names above, in any letters, in the request's own objects at any depth. Schemas of tools and
 * of answers are left out, and values that go with them: there a name is a parameter of the
 * application's own function. Message contents are strings and never looked into. Of the body's own
 * members no two may differ in letters alone: an upstream may take the one that was not judged.
 */
export function findForbidden(document: JsonDocument): Refusal | null {
  const key = searchBody(document)
  if (key !== NONE) return forbid(document, key, "providers are set by AIProvider objects")
  const model = findOtherModel(document)
  if (model !== NONE) return forbid(document, model, "an AIRoute says which models serve")
  const twin = findTwin(document)
  if (twin === NONE) return null
  const name = excerpt(textOf(document, twin))
  const message = `${name} is there twice: some servers do not tell upper from lower case`
  return refuse("duplicate_key", message, { param: name })
}

function forbid(document: JsonDocument, node: number, why: string): Refusal {
  const pointer = pointerTo(document, node)
  const where = pointer.lastIndexOf("/") === 0 ? pointer.slice(1) : pointer
  const message = `${where} is not taken from requests: ${why}`
  return refuse("forbidden_field", message, { param: where })
}

/**
 * The value at fault, or NONE. A tool that a provider runs may be another model, which it names
 * beside its type (Anthropic's advisor, OpenAI's image generation): an application's own tool has
 * no such member there.
 */
function findOtherModel(document: JsonDocument): number {
  for (let key = firstIn(document, 0); key !== NONE; ) {
    const value = valueOfKey(key)
    const isList = OTHER_MODELS.some((name) => isNamed(document, key, name))
    if (isList && kindOf(document, value) !== KIND.null) return value
    key = nextIn(document, 0, value)
  }
  const tools = memberOf(document, 0, "tools")
  if (tools === NONE || kindOf(document, tools) !== KIND.array) return NONE
  for (let tool = firstIn(document, tools); tool !== NONE; tool = nextIn(document, tools, tool)) {
    const model = kindOf(document, tool) === KIND.object ? memberOf(document, tool, "model") : NONE
    if (model !== NONE && kindOf(document, model) !== KIND.null) return model
  }
  return NONE
}

/** A member of the body that has another's name in other letters, or NONE. */
function findTwin(document: JsonDocument): number {
  for (let key = firstIn(document, 0); key !== NONE; key = nextIn(document, 0, valueOfKey(key))) {
    if (!hasOtherCase(document, key)) continue
    const name = foldCase(textOf(document, key))
    for (let other = firstIn(document, 0); other !== NONE; ) {
      if (other !== key && isNamed(document, other, name)) return key
      other = nextIn(document, 0, valueOfKey(other))
    }
  }
  return NONE
}

/** The key at fault, or NONE. */
function searchBody(document: JsonDocument): number {
  for (let key = firstIn(document, 0); key !== NONE; ) {
    const value = valueOfKey(key)
    if (isForbidden(document, key)) return key
    if (!isOneOf(document, key, OWN_SCHEMAS)) {
      const [, own = NOTHING] = OWN_WITHIN.find(([name]) => textEquals(document, key, name)) ?? []
      const found = searchValue(document, value, own)
      if (found !== NONE) return found
    }
    key = nextIn(document, 0, value)
  }
  return NONE
}

const NOTHING: readonly string[] = []

function searchObject(document: JsonDocument, object: number, own: readonly string[]): number {
  for (let key = firstIn(document, object); key !== NONE; ) {
    const value = valueOfKey(key)
    if (isForbidden(document, key)) return key
    if (!isOneOf(document, key, own)) {
      const found = searchValue(document, value, own)
      if (found !== NONE) return found
    }
    key = nextIn(document, object, value)
  }
  return NONE
}

function searchValue(document: JsonDocument, value: number, own: readonly string[]): number {
  const kind = kindOf(document, value)
  if (kind === KIND.object) return searchObject(document, value, own)
  if (kind !== KIND.array) return NONE
  for (let item = firstIn(document, value); item !== NONE; item = nextIn(document, value, item)) {
    const found = searchValue(document, item, own)
    if (found !== NONE) return found
  }
  return NONE
}

function isOneOf(document: JsonDocument, key: number, names: readonly string[]): boolean {
  return names.some((name) => textEquals(document, key, name))
}

function isForbidden(document: JsonDocument, key: number): boolean {
  const length = endOf(document, key) - startOf(document, key) - 2
  const isEscaped = kindOf(document, key) === KIND.escaped
  if (!isEscaped && !FORBIDDEN_LENGTHS.has(length)) return false
  return FORBIDDEN.some((name) => isNamed(document, key, name))
}
