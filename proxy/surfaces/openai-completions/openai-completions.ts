/**
 * `POST /v1/completions`, OpenAI's older surface, as clients speak it.
 *
 * In: a completions request, or a chat answer in the intermediate form. Out: the request checked;
 * as a chat of one turn where a chat provider is asked; text choices and chunks. It must not know
 * who serves. Source: OpenAI API reference, "Create completion".
 */
import {
  countOf,
  firstIn,
  type JsonDocument,
  KIND,
  kindOf,
  memberOf,
  sizeOf,
} from "#proxy/contract/json-document.ts"
import { JsonView } from "#proxy/contract/json-view.ts"
import { type JsonValue, writeJson } from "#proxy/contract/json-write.ts"
import { type ChatAnswer, textOfChoice } from "#proxy/exchange/chat-answer.ts"
import type { ChatRequest } from "#proxy/exchange/chat-request.ts"
import type { ParsedRequest } from "#proxy/exchange/parsed-request.ts"
import {
  badValue,
  type CarriedMember,
  countIn,
  digitsIn,
  FeatureNotes,
  missing,
  readBody,
  untranslatable,
} from "#proxy/exchange/read-body.ts"
import type { ResponseEvent } from "#proxy/exchange/response-event.ts"
import { checkCount, checkStreamOptions, OUTPUT_TOKENS_MAX } from "../checks/field-checks.ts"
import { type PassedRules, parsePassed } from "../checks/parse-passed.ts"
import type { SurfaceLimits } from "../limits.ts"
import { ChunkFrame } from "../openai/chunk-frame.ts"
import { finishReason, renderUsage } from "../openai/finish-reason.ts"
import { openAiOutput } from "../openai/output-fields.ts"
import { readChoices, readStop } from "../openai/read-fields.ts"
import { noteSaid, saidIn, saidNumber } from "../openai/read-said.ts"
import { openAiErrors } from "../openai/render-error.ts"
import type { RenderContext, StreamRenderer, Surface } from "../surface.ts"

const CHOICES_MAX = 128
/** OpenAI's default where the request says nothing ("max_tokens"). */
const OUTPUT_TOKENS = 16

const RULES: PassedRules = Object.freeze({
  surface: "openai-completions",
  prompt: "prompt",
  mayStream: true,
  check: (document: JsonDocument) =>
    checkCount(document, "max_tokens", 0, OUTPUT_TOKENS_MAX) ??
    checkStreamOptions(document) ??
    checkCount(document, "n", 1, CHOICES_MAX) ??
    checkCount(document, "best_of", 0, CHOICES_MAX),
  outputTokens: (document: JsonDocument, _limits: SurfaceLimits) => {
    const count = (name: string) => countOf(document, memberOf(document, 0, name))
    // What `best_of` makes is billed, whether it is shown or not.
    const choices = Math.max(count("n") ?? 1, count("best_of") ?? 1)
    return (count("max_tokens") ?? OUTPUT_TOKENS) * choices * countPrompts(document)
  },
})

/** A list is several prompts, unless it is one of token ids. */
function countPrompts(document: JsonDocument): number {
  const prompt = memberOf(document, 0, "prompt")
  if (kindOf(document, prompt) !== KIND.array) return 1
  const isTokens = kindOf(document, firstIn(document, prompt)) === KIND.number
  return isTokens ? 1 : sizeOf(document, prompt, Number.MAX_SAFE_INTEGER)
}

export const openAiCompletions: Surface = Object.freeze({
  name: "openai-completions",
  wire: "openai.completions",
  operation: "text_completion",
  errors: openAiErrors,
  output: openAiOutput(["max_tokens"], OUTPUT_TOKENS),
  parse: (raw, limits) => parsePassed(raw.body, limits, RULES),
  chat: Object.freeze({
    read: (request: ParsedRequest) => readBody(() => read(request)),
    renderAnswer,
    openRenderer: (context: RenderContext) => new TextRenderer(context),
  }),
  embeddings: null,
  rerank: null,
} satisfies Surface)

const CARRIED: readonly CarriedMember[] = [
  ["max_tokens", "max-output-tokens"],
  ["temperature", "temperature"],
  ["top_p", "top-p"],
  ["frequency_penalty", "frequency-penalty"],
  ["presence_penalty", "presence-penalty"],
  ["seed", "seed"],
  ["stop", "stop"],
  ["user", "user"],
  ["logit_bias", "logit-bias"],
  ["stream_options", "stream-options"],
  // What a chat has no counterpart of.
  ["best_of", "unknown-field"],
  ["echo", "unknown-field"],
]

const KNOWN: ReadonlySet<string> = new Set([
  ...CARRIED.map(([name]) => name),
  ...["model", "prompt", "stream", "n"],
])

function read(request: ParsedRequest): ChatRequest {
  const body = new JsonView(request.document)
  const notes = new FeatureNotes()
  noteSaid(body, CARRIED, notes)
  notes.noteUnknown(body, KNOWN)
  const prompt = body.member("prompt") ?? missing(body, "prompt")
  const text = prompt.text() ?? oneText(prompt)
  // A turn without a word is none, and OpenAI's own default begins a document.
  if (text === "") untranslatable(prompt, "an empty text")
  return {
    isStream: request.isStream,
    messages: [{ role: "user", parts: [{ kind: "text", text, cache: null }] }],
    tools: [],
    toolChoice: null,
    parallelToolCalls: null,
    outputFormat: null,
    reasoning: null,
    ownThinking: null,
    maxOutputTokens: countIn(body, "max_tokens") ?? OUTPUT_TOKENS,
    temperature: digitsIn(body, "temperature"),
    topP: digitsIn(body, "top_p"),
    topK: null,
    minP: null,
    frequencyPenalty: saidNumber(body, "frequency_penalty"),
    presencePenalty: saidNumber(body, "presence_penalty"),
    seed: digitsIn(body, "seed"),
    stop: readStop(body),
    choices: readChoices(body, notes),
    logprobs: null,
    logitBias: saidIn(body, "logit_bias")?.raw() ?? null,
    user: request.user,
    serviceTier: null,
    verbosity: null,
    safetySettings: null,
    mayShowImages: false,
    cacheKey: null,
    cacheRetention: null,
    cacheOptions: null,
    uses: notes.uses,
  }
}

/** A list of one text is that text; a chat has no form for several prompts or for token ids. */
function oneText(prompt: JsonView): string {
  const [only, second] = prompt.items()
  if (second !== undefined || only === undefined) return badValue(prompt, ONE_TEXT)
  return only.text() ?? badValue(only, "must be a string")
}

const ONE_TEXT = "must be one text where a chat model serves it"

function renderAnswer(answer: ChatAnswer, context: RenderContext): string {
  return writeJson({
    id: answer.id ?? context.id,
    object: "text_completion",
    created: context.createdSeconds,
    model: answer.model ?? context.model,
    choices: answer.choices.map((choice, index) =>
      renderChoice(index, textOfChoice(choice), finishReason(choice.reason)),
    ),
    usage: answer.usage === undefined ? undefined : renderUsage(answer.usage),
  })
}

function renderChoice(index: number, text: string, reason: string | null): JsonValue {
  return { text, index, logprobs: null, finish_reason: reason }
}

class TextRenderer implements StreamRenderer {
  private readonly frame: ChunkFrame

  constructor(context: RenderContext) {
    this.frame = new ChunkFrame(context, "text_completion")
  }

  push(event: ResponseEvent): string {
    switch (event.kind) {
      case "response-start":
        this.frame.start(event)
        return ""
      case "text-delta":
      case "refusal-delta":
        return this.frame.chunk([renderChoice(event.choice, event.text, null)])
      case "choice-end":
        return this.frame.chunk([renderChoice(event.choice, "", finishReason(event.reason))])
      case "usage-report":
        this.frame.report(event.usage)
        return ""
      case "response-end":
        return this.frame.end()
      default:
        return ""
    }
  }
}
