/** A checked Chat Completions request to the intermediate form. */
import { JsonView } from "#proxy/contract/json-view.ts"
import type { RawJson } from "#proxy/contract/json-write.ts"
import type { ChatFeature } from "#proxy/exchange/chat-feature.ts"
import type { ChatRequest, ReasoningWish } from "#proxy/exchange/chat-request.ts"
import type { Decision, ParsedRequest } from "#proxy/exchange/parsed-request.ts"
import {
  badValue,
  booleanIn,
  countIn,
  FeatureNotes,
  numberIn,
  readBody,
  textIn,
} from "#proxy/exchange/read-body.ts"
import { OPENAI_TIERS, readTier } from "../checks/service-tier.ts"
import { readMessages } from "./read-messages.ts"
import { readOutputFormat, readToolChoice, readTools } from "./read-tools.ts"

/** Fields whose value alone is a feature: noted when present, carried or not. */
const CARRIED: readonly (readonly [string, ChatFeature])[] = [
  ["temperature", "temperature"],
  ["top_p", "top-p"],
  ["top_k", "top-k"],
  ["min_p", "min-p"],
  ["frequency_penalty", "frequency-penalty"],
  ["presence_penalty", "presence-penalty"],
  ["seed", "seed"],
  ["stop", "stop"],
  ["max_tokens", "max-output-tokens"],
  ["max_completion_tokens", "max-output-tokens"],
  ["logit_bias", "logit-bias"],
  ["user", "user"],
  ["safety_identifier", "user"],
  ["metadata", "metadata"],
  ["store", "store"],
  ["verbosity", "verbosity"],
  ["prediction", "prediction"],
  ["audio", "output-audio"],
  ["web_search_options", "hosted-tools"],
  ["prompt_cache_key", "cache-key"],
  ["prompt_cache_retention", "cache-retention"],
  ["prompt_cache_options", "cache-retention"],
  ["stream_options", "stream-options"],
]

const KNOWN: ReadonlySet<string> = new Set([
  ...CARRIED.map(([name]) => name),
  ...["model", "messages", "stream", "n", "logprobs", "top_logprobs", "reasoning_effort"],
  ...["tools", "tool_choice", "parallel_tool_calls", "functions", "function_call"],
  ...["response_format", "modalities", "service_tier"],
])

export function readChat(request: ParsedRequest): Decision<ChatRequest> {
  return readBody(() => read(new JsonView(request.document), request))
}

function read(body: JsonView, request: ParsedRequest): ChatRequest {
  const notes = new FeatureNotes()
  const messages = readMessages(body, notes)
  noteFields(body, notes)
  return {
    isStream: request.isStream,
    messages,
    tools: readTools(body, notes),
    toolChoice: readToolChoice(body, notes),
    parallelToolCalls: readParallel(body, notes),
    outputFormat: readOutputFormat(body, notes),
    reasoning: readReasoning(body, notes),
    maxOutputTokens: countIn(body, "max_completion_tokens") ?? countIn(body, "max_tokens") ?? null,
    temperature: carried(body, "temperature"),
    topP: carried(body, "top_p"),
    topK: carried(body, "top_k"),
    minP: carried(body, "min_p"),
    frequencyPenalty: carried(body, "frequency_penalty"),
    presencePenalty: carried(body, "presence_penalty"),
    seed: carried(body, "seed"),
    stop: readStop(body),
    choices: readChoices(body, notes),
    logprobs: readLogprobs(body, notes),
    logitBias: body.member("logit_bias")?.raw() ?? null,
    user: request.user,
    serviceTier: readTier(body, "service_tier", OPENAI_TIERS, notes),
    verbosity: textIn(body, "verbosity") ?? null,
    safetySettings: null,
    mayShowImages: notes.uses.some(({ feature }) => feature === "output-image"),
    cacheKey: textIn(body, "prompt_cache_key") ?? null,
    cacheRetention: textIn(body, "prompt_cache_retention") ?? null,
    cacheOptions: body.member("prompt_cache_options")?.raw() ?? null,
    uses: notes.uses,
  }
}

function noteFields(body: JsonView, notes: FeatureNotes): void {
  for (const [name, feature] of CARRIED) {
    const member = body.member(name)
    if (member !== undefined) notes.note(feature, member)
  }
  for (const modality of body.member("modalities")?.items() ?? []) {
    if (modality.text() === "audio") notes.note("output-audio", modality)
    else if (modality.text() !== "text") notes.note("output-image", modality)
  }
  notes.noteUnknown(body, KNOWN)
}

function carried(body: JsonView, name: string): RawJson | null {
  return numberIn(body, name)?.raw() ?? null
}

function readStop(body: JsonView): readonly string[] {
  const stop = body.member("stop")
  if (stop === undefined) return []
  const text = stop.text()
  if (text !== undefined) return [text]
  return stop.items().map((item) => item.text() ?? badValue(item, "must be a string"))
}

function readChoices(body: JsonView, notes: FeatureNotes): number {
  const choices = countIn(body, "n") ?? 1
  if (choices > 1) notes.note("choices", "n")
  return choices
}

function readLogprobs(body: JsonView, notes: FeatureNotes): number | null {
  if (booleanIn(body, "logprobs") !== true) return null
  notes.note("logprobs", "logprobs")
  return countIn(body, "top_logprobs") ?? 0
}

function readParallel(body: JsonView, notes: FeatureNotes): boolean | null {
  const parallel = booleanIn(body, "parallel_tool_calls") ?? null
  if (parallel === false) notes.note("parallel-tool-calls-off", "parallel_tool_calls")
  return parallel
}

const EFFORTS = ["none", "minimal", "low", "medium", "high", "xhigh"] as const

function readReasoning(body: JsonView, notes: FeatureNotes): ReasoningWish | null {
  const given = body.member("reasoning_effort")
  if (given === undefined) return null
  const effort = EFFORTS.find((name) => name === given.text())
  if (effort === undefined) return badValue(given, `must be one of ${EFFORTS.join(", ")}`)
  notes.note("reasoning-effort", given)
  return { effort, budgetTokens: null, isShown: true }
}
