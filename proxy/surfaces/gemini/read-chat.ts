/** A checked generateContent request to the intermediate form. */
import type { JsonView } from "#proxy/contract/json-view.ts"
import type {
  ChatRequest,
  OutputFormat,
  ReasoningWish,
  ToolChoice,
} from "#proxy/exchange/chat-request.ts"
import { GoogleView } from "#proxy/exchange/google-names.ts"
import type { Decision, ParsedRequest } from "#proxy/exchange/parsed-request.ts"
import {
  BodyFault,
  badValue,
  type CarriedMember,
  countIn,
  digitsIn,
  FeatureNotes,
  listIn,
  numberIn,
  readBody,
  textIn,
  textsIn,
} from "#proxy/exchange/read-body.ts"
import { refuse } from "#proxy/exchange/refusal.ts"
import { allowTools } from "../checks/allow-tools.ts"
import { hasChoice } from "../checks/has-choice.ts"
import { readTier, type Tiers } from "../checks/read-tier.ts"
import { readContents, readSystem } from "./read-contents.ts"
import { answerSchemaOf } from "./read-schema.ts"
import { readTools } from "./read-tools.ts"

const CONFIG_FIELDS: readonly CarriedMember[] = [
  ["maxOutputTokens", "max-output-tokens"],
  ["temperature", "temperature"],
  ["topP", "top-p"],
  ["topK", "top-k"],
  ["frequencyPenalty", "frequency-penalty"],
  ["presencePenalty", "presence-penalty"],
  ["seed", "seed"],
  ["stopSequences", "stop"],
]

const KNOWN_CONFIG: ReadonlySet<string> = new Set([
  ...CONFIG_FIELDS.map(([name]) => name),
  ...["candidateCount", "responseMimeType", "responseSchema", "responseJsonSchema"],
  ...["responseLogprobs", "logprobs", "thinkingConfig", "responseModalities"],
])

const KNOWN: ReadonlySet<string> = new Set([
  ...["contents", "systemInstruction", "tools", "toolConfig", "generationConfig"],
  ...["safetySettings", "labels", "model", "serviceTier"],
])

/** Source: Gemini API reference, "ServiceTier". */
const TIERS: Tiers = { unspecified: null, standard: "standard" }

export function readChat(request: ParsedRequest): Decision<ChatRequest> {
  return readBody(() => read(new GoogleView(request.document), request))
}

function read(body: JsonView, request: ParsedRequest): ChatRequest {
  const notes = new FeatureNotes()
  const config = body.member("generationConfig")
  noteFields(body, config, notes)
  return {
    isStream: request.isStream,
    messages: [...readSystem(body, notes), ...readContents(body, notes)],
    ...allowTools(
      {
        tools: readTools(body, notes),
        toolChoice: readToolChoice(body, notes),
        parallelToolCalls: null,
      },
      readAllowed(body),
    ),
    outputFormat: readFormat(config, notes),
    reasoning: readReasoning(config, notes),
    ownThinking: null,
    maxOutputTokens: config === undefined ? null : (countIn(config, "maxOutputTokens") ?? null),
    temperature: digitsIn(config, "temperature"),
    topP: saidIn(config, "topP")?.raw() ?? null,
    topK: saidIn(config, "topK")?.raw() ?? null,
    minP: null,
    frequencyPenalty: digitsIn(config, "frequencyPenalty"),
    presencePenalty: digitsIn(config, "presencePenalty"),
    seed: digitsIn(config, "seed"),
    stop: config === undefined ? [] : textsIn(config, "stopSequences"),
    choices: readChoices(config, notes),
    logprobs: readLogprobs(config, notes),
    logitBias: null,
    user: null,
    serviceTier: readTier(body, "serviceTier", TIERS, notes),
    verbosity: null,
    safetySettings: body.member("safetySettings")?.raw() ?? null,
    mayShowImages: modalitiesIn(config).some((modality) => modality.text() === "IMAGE"),
    cacheKey: null,
    cacheRetention: null,
    cacheOptions: null,
    uses: notes.uses,
  }
}

function noteFields(body: JsonView, config: JsonView | undefined, notes: FeatureNotes): void {
  for (const [name, feature] of CONFIG_FIELDS) {
    const member = saidIn(config, name)
    if (member !== undefined) notes.note(feature, member)
  }
  for (const modality of modalitiesIn(config)) {
    if (modality.text() === "IMAGE") notes.note("output-image", modality)
    if (modality.text() === "AUDIO") notes.note("output-audio", modality)
  }
  const safety = body.member("safetySettings")
  if (safety?.items().some((setting) => !isOff(setting)) === true) {
    notes.note("safety-settings", safety)
  }
  const labels = body.member("labels")
  if (labels !== undefined) notes.note("metadata", labels)
  notes.noteUnknown(body, KNOWN)
  if (config !== undefined) notes.noteUnknown(config, KNOWN_CONFIG)
}

/** No other provider blocks by such a category, so that to block by none is said to nobody. */
function isOff(setting: JsonView): boolean {
  const threshold = setting.textOf("threshold")
  return threshold === "OFF" || threshold === "BLOCK_NONE"
}

/**
 * A number of the configuration; undefined too where it is what Gemini's models do anyway, which
 * its own command line writes into every request. Source: Gemini API, "Models".
 */
function saidIn(config: JsonView | undefined, name: string): JsonView | undefined {
  const defaults = DEFAULTS[name]
  if (config === undefined || defaults === undefined) return config?.member(name)
  const number = numberIn(config, name)
  return defaults.includes(number?.number() ?? Number.NaN) ? undefined : number
}

const DEFAULTS: Readonly<Partial<Record<string, readonly number[]>>> = {
  topP: [0.95],
  topK: [40, 64],
}

function modalitiesIn(config: JsonView | undefined): readonly JsonView[] {
  return config?.member("responseModalities")?.items() ?? []
}

const TOOL_CONFIG: ReadonlySet<string> = new Set(["functionCallingConfig"])
const CALLING_FIELDS: ReadonlySet<string> = new Set(["mode", "allowedFunctionNames"])

function readToolChoice(body: JsonView, notes: FeatureNotes): ToolChoice | null {
  const given = body.member("toolConfig")
  if (given !== undefined) notes.noteUnknown(given, TOOL_CONFIG)
  const config = given?.member("functionCallingConfig")
  notes.noteUnknown(config, CALLING_FIELDS)
  const mode = config === undefined ? undefined : textIn(config, "mode")
  const isChoice = hasChoice(config, (mode ?? "AUTO").toLowerCase(), body.member("tools"))
  if (config === undefined || mode === undefined || !isChoice) return null
  const names = listIn(config, "allowedFunctionNames").map((item) => item.text() ?? "")
  const [only] = names
  if (names.length > 1 || (names.length === 1 && mode !== "ANY")) {
    notes.note("tool-choice-allowed", config)
  }
  switch (mode) {
    case "AUTO":
    case "VALIDATED":
      return notes.noteChoice({ kind: "auto" }, config)
    case "NONE":
      return notes.noteChoice({ kind: "none" }, config)
    case "ANY":
      return notes.noteChoice(
        only !== undefined && names.length === 1
          ? { kind: "named", name: only }
          : { kind: "required" },
        config,
      )
    default:
      return badValue(config.member("mode") ?? config, "must be AUTO, ANY, NONE or VALIDATED")
  }
}

/** Names of the tools that may be called; null for all, and for one, which is named. */
function readAllowed(body: JsonView): readonly string[] | null {
  const config = body.member("toolConfig")?.member("functionCallingConfig")
  const names = config === undefined ? [] : textsIn(config, "allowedFunctionNames")
  if (config?.textOf("mode") === "ANY" && names.length === 1) return null
  return names.length === 0 ? null : names
}

function readFormat(config: JsonView | undefined, notes: FeatureNotes): OutputFormat | null {
  const type = config === undefined ? undefined : textIn(config, "responseMimeType")
  if (config === undefined) return null
  const own = config.member("responseJsonSchema")
  const schema = own ?? config.member("responseSchema")
  if (type === undefined || type === "text/plain") return schema === undefined ? null : idle(schema)
  const given = config.member("responseMimeType") ?? config
  if (type !== "application/json") {
    notes.note("unknown-field", given)
    return null
  }
  if (schema === undefined) {
    notes.note("json-object", given)
    return { kind: "json-object" }
  }
  notes.note("json-schema", schema)
  return {
    kind: "json-schema",
    name: "response",
    description: null,
    schema: own?.raw() ?? answerSchemaOf(schema),
    isStrict: false,
  }
}

/** As Gemini itself has it: a schema does not say that the answer shall follow one. */
function idle({ where: param }: JsonView): never {
  const message = `${param} is only taken where responseMimeType is application/json`
  throw new BodyFault(refuse("invalid_value", message, { param }))
}

const THINKING_FIELDS: ReadonlySet<string> = new Set([
  ...["includeThoughts", "thinkingBudget", "thinkingLevel"],
])
const LEVELS = ["minimal", "low", "medium", "high"] as const

function readReasoning(config: JsonView | undefined, notes: FeatureNotes): ReasoningWish | null {
  const thinking = config?.member("thinkingConfig")
  if (thinking === undefined) return null
  notes.noteUnknown(thinking, THINKING_FIELDS)
  const isShown = thinking.member("includeThoughts")?.boolean() === true
  const budget = numberIn(thinking, "thinkingBudget")?.number()
  if (budget !== undefined && budget >= 0) {
    notes.note(budget === 0 ? "reasoning-effort" : "reasoning-budget", thinking)
    if (budget === 0) return { effort: "none", budgetTokens: null, isShown: false }
    return { effort: null, budgetTokens: budget, isShown }
  }
  const level = textIn(thinking, "thinkingLevel")?.toLowerCase()
  const isKnown = level === undefined || LEVELS.some((name) => name === level)
  if (!isKnown) badValue(thinking.member("thinkingLevel") ?? thinking, "must be a known level")
  notes.note("reasoning-effort", thinking)
  // A budget of -1, and no level: as much as the model itself finds right.
  return { effort: LEVELS.find((name) => name === level) ?? null, budgetTokens: null, isShown }
}

function readChoices(config: JsonView | undefined, notes: FeatureNotes): number {
  const given = config?.member("candidateCount")
  const choices = config === undefined ? 1 : (countIn(config, "candidateCount") ?? 1)
  if (given !== undefined && choices > 1) notes.note("choices", given)
  return choices
}

function readLogprobs(config: JsonView | undefined, notes: FeatureNotes): number | null {
  const wanted = config?.member("responseLogprobs")
  if (config === undefined || wanted?.boolean() !== true) return null
  notes.note("logprobs", wanted)
  return countIn(config, "logprobs") ?? 0
}
