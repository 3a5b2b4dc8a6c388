/**
 * Fields that OpenAI writes alike in several of its requests, to the intermediate form.
 *
 * In: a body, or the object that holds a field. Out: its value, and the features that it uses. It
 * must not know which surface reads it: where one differs from the others, that surface reads it
 * itself. Source: OpenAI API reference, "Create chat completion", "Create a response", "Create
 * completion".
 */
import type { JsonView } from "#proxy/contract/json-view.ts"
import {
  type ChatRequest,
  EFFORTS,
  type OutputFormat,
  type ReasoningWish,
  type ToolChoice,
  type ToolDefinition,
} from "#proxy/exchange/chat-request.ts"
import {
  badValue,
  booleanIn,
  countIn,
  type FeatureNotes,
  missing,
  needText,
  textIn,
  textsIn,
} from "#proxy/exchange/read-body.ts"
import { type Countable, hasChoice } from "../checks/has-choice.ts"

/** `n`: how many answers. */
export function readChoices(body: JsonView, notes: FeatureNotes): number {
  const choices = countIn(body, "n") ?? 1
  if (choices > 1) notes.note("choices", "n")
  return choices
}

/** `stop`: a text or a list of them. */
export function readStop(body: JsonView): readonly string[] {
  const stop = body.member("stop")
  if (stop === undefined) return []
  if (stop.isArray) return textsIn(body, "stop")
  return [stop.text() ?? badValue(stop, "must be a string or a list of strings")]
}

/** How tools are called, of those in `lists`; `readChoice` reads what the request says of it. */
export function readCalling(
  body: JsonView,
  given: JsonView | undefined,
  lists: readonly (Countable | undefined)[],
  readChoice: (given: JsonView, notes: FeatureNotes) => ToolChoice | null,
  notes: FeatureNotes,
): Pick<ChatRequest, "toolChoice" | "parallelToolCalls"> {
  if (!hasChoice(given, given?.text(), ...lists)) {
    return { toolChoice: null, parallelToolCalls: null }
  }
  const toolChoice = given === undefined ? null : readChoice(given, notes)
  return { toolChoice, parallelToolCalls: readParallel(body, notes) }
}

function readParallel(body: JsonView, notes: FeatureNotes): boolean | null {
  const parallel = booleanIn(body, "parallel_tool_calls") ?? null
  if (parallel === false) notes.note("parallel-tool-calls-off", "parallel_tool_calls")
  return parallel
}

export function readCacheHints(
  body: JsonView,
): Pick<ChatRequest, "cacheKey" | "cacheRetention" | "cacheOptions"> {
  return {
    cacheKey: textIn(body, "prompt_cache_key") ?? null,
    cacheRetention: textIn(body, "prompt_cache_retention") ?? null,
    cacheOptions: body.member("prompt_cache_options")?.raw() ?? null,
  }
}

export function readEffort(given: JsonView, notes: FeatureNotes): ReasoningWish["effort"] {
  const effort = EFFORTS.find((name) => name === given.text())
  if (effort === undefined) return badValue(given, `must be one of ${EFFORTS.join(", ")}`)
  notes.note("reasoning-effort", given)
  return effort
}

/** What a function is, wherever a tool has it. */
export function readFunction(
  definition: JsonView,
  notes: FeatureNotes,
): Omit<ToolDefinition, "cache"> {
  const isStrict = booleanIn(definition, "strict") === true
  if (isStrict) notes.note("tool-strict", definition)
  return {
    name: needText(definition, "name"),
    description: textIn(definition, "description") ?? null,
    parameters: definition.member("parameters")?.raw() ?? null,
    isStrict,
  }
}

/** `schemaOf`: what holds the name and the schema of a format that has one. */
export function readFormat(
  format: JsonView,
  notes: FeatureNotes,
  schemaOf: (format: JsonView) => JsonView,
): OutputFormat | null {
  notes.noteUnknown(format, FORMAT_FIELDS)
  switch (needText(format, "type")) {
    case "text":
      return null
    case "json_object":
      notes.note("json-object", format)
      return { kind: "json-object" }
    case "json_schema":
      notes.note("json-schema", format)
      return readSchema(schemaOf(format), notes)
    default:
      return badValue(format.member("type") ?? format, "must be text, json_object or json_schema")
  }
}

/** Chat Completions has what a schema is called one level deeper than Responses. */
const SCHEMA_FIELDS = ["name", "description", "schema", "strict"] as const
const FORMAT_FIELDS: ReadonlySet<string> = new Set(["type", "json_schema", ...SCHEMA_FIELDS])

function readSchema(given: JsonView, notes: FeatureNotes): OutputFormat {
  notes.noteUnknown(given, FORMAT_FIELDS)
  return {
    kind: "json-schema",
    name: needText(given, "name"),
    description: textIn(given, "description") ?? null,
    schema: (given.member("schema") ?? missing(given, "schema")).raw(),
    isStrict: booleanIn(given, "strict") === true,
  }
}
