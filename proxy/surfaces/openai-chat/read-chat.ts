/** A checked Chat Completions request to the intermediate form. */
import { JsonView } from "#proxy/contract/json-view.ts"
import type { ChatRequest } from "#proxy/exchange/chat-request.ts"
import type { Decision, ParsedRequest } from "#proxy/exchange/parsed-request.ts"
import {
  booleanIn,
  type CarriedMember,
  countIn,
  digitsIn,
  FeatureNotes,
  readBody,
} from "#proxy/exchange/read-body.ts"
import { allowTools } from "../checks/allow-tools.ts"
import { OPENAI_TIERS, readTier } from "../checks/read-tier.ts"
import { readCacheHints, readCalling, readChoices, readStop } from "../openai/read-fields.ts"
import { noteSaid, saidIn, saidNumber } from "../openai/read-said.ts"
import { readMessages } from "./read-messages.ts"
import { readReasoning } from "./read-reasoning.ts"
import { readAllowed, readOutputFormat, readToolChoice, readTools } from "./read-tools.ts"

const CARRIED: readonly CarriedMember[] = [
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
  ...["response_format", "modalities", "service_tier", "thinking", "reasoning"],
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
    ...readCalls(body, notes),
    outputFormat: readOutputFormat(body, notes),
    reasoning: readReasoning(body, notes),
    ownThinking: null,
    maxOutputTokens: countIn(body, "max_completion_tokens") ?? countIn(body, "max_tokens") ?? null,
    temperature: digitsIn(body, "temperature"),
    topP: digitsIn(body, "top_p"),
    topK: digitsIn(body, "top_k"),
    minP: digitsIn(body, "min_p"),
    frequencyPenalty: saidNumber(body, "frequency_penalty"),
    presencePenalty: saidNumber(body, "presence_penalty"),
    seed: digitsIn(body, "seed"),
    stop: readStop(body),
    choices: readChoices(body, notes),
    logprobs: readLogprobs(body, notes),
    logitBias: saidIn(body, "logit_bias")?.raw() ?? null,
    user: request.user,
    serviceTier: readTier(body, "service_tier", OPENAI_TIERS, notes),
    verbosity: saidIn(body, "verbosity")?.text() ?? null,
    safetySettings: null,
    mayShowImages: notes.uses.some(({ feature }) => feature === "output-image"),
    ...readCacheHints(body),
    uses: notes.uses,
  }
}

function readCalls(body: JsonView, notes: FeatureNotes) {
  const given = body.member("tool_choice") ?? body.member("function_call")
  const lists = [body.member("tools"), body.member("functions")]
  const tools = readTools(body, notes)
  const calling = readCalling(body, given, lists, readToolChoice, notes)
  return allowTools({ tools, ...calling }, readAllowed(given))
}

function noteFields(body: JsonView, notes: FeatureNotes): void {
  noteSaid(body, CARRIED, notes)
  for (const modality of body.member("modalities")?.items() ?? []) {
    if (modality.text() === "audio") notes.note("output-audio", modality)
    else if (modality.text() !== "text") notes.note("output-image", modality)
  }
  notes.noteUnknown(body, KNOWN)
}

function readLogprobs(body: JsonView, notes: FeatureNotes): number | null {
  if (booleanIn(body, "logprobs") !== true) return null
  notes.note("logprobs", "logprobs")
  return countIn(body, "top_logprobs") ?? 0
}
