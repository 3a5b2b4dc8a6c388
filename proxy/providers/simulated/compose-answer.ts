/**
 * What a simulated provider answers: deterministic from the request, so that a person sees what
 * happened.
 *
 * Text names the provider and the model it was asked for, and repeats the start of the prompt. With
 * tools it calls one when the request says so; with a JSON schema it gives a minimal instance of
 * it.
 */
import { minimalInstance } from "./minimal-instance.ts"

export interface SimulatedAnswer {
  readonly id: string
  readonly model: string
  readonly isStream: boolean
  readonly hasUsage: boolean
  /** Pieces of the text, a token each; empty with a tool call. */
  readonly tokens: readonly string[]
  readonly toolCall: {
    readonly id: string
    readonly name: string
    readonly arguments: string
  } | null
  readonly finishReason: "stop" | "length" | "tool_calls"
  readonly choices: number
  readonly promptTokens: number
  /** Of all choices together. */
  readonly completionTokens: number
}

const PROMPT_CHARS_SHOWN = 200
const BYTES_PER_TOKEN = 4
const CHOICES_MAX = 16

/** `outputTokens`: length of a plain text answer; the request's own maximum still holds. */
export function composeAnswer(
  request: unknown,
  provider: string,
  outputTokens: number,
): SimulatedAnswer {
  const model = textIn(request, "model") ?? "simulated"
  const prompt = lastUserText(request)
  const source = JSON.stringify(field(request, "messages") ?? "") + prompt
  const toolCall = chooseTool(request, prompt, source)
  const wanted = numberIn(request, "max_completion_tokens") ?? numberIn(request, "max_tokens")
  const speaker = `provider ${provider}, model ${model}`
  const all = toolCall === null ? writeTokens(request, speaker, prompt, outputTokens) : []
  const tokens = wanted === undefined ? all : all.slice(0, wanted)
  const isCut = tokens.length < all.length
  const choices = Math.min(numberIn(request, "n") ?? 1, CHOICES_MAX)
  const each = toolCall === null ? tokens.length : estimate(toolCall.arguments) + 1
  return {
    id: `chatcmpl-sim-${hash(source + model)}`,
    model,
    isStream: field(request, "stream") === true,
    hasUsage: field(field(request, "stream_options"), "include_usage") === true,
    tokens,
    toolCall,
    finishReason: toolCall !== null ? "tool_calls" : isCut ? "length" : "stop",
    choices,
    promptTokens: estimate(source),
    completionTokens: each * choices,
  }
}

/**
 * JSON for a schema or `json_object` is never padded or cut to length; text is repeated up to it.
 */
function writeTokens(
  request: unknown,
  speaker: string,
  prompt: string,
  outputTokens: number,
): readonly string[] {
  const format = field(request, "response_format")
  const type = textIn(format, "type")
  if (type === "json_schema") {
    const schema = field(field(format, "json_schema"), "schema")
    return splitTokens(JSON.stringify(minimalInstance(schema)))
  }
  const shown = prompt.slice(0, PROMPT_CHARS_SHOWN).toWellFormed()
  const sentence = `This is the simulated ${speaker}. You said: "${shown}".`
  if (type === "json_object") return splitTokens(JSON.stringify({ answer: sentence }))
  const tokens = splitTokens(sentence)
  const filler = splitTokens(" And so on, up to the length that this provider is set to.")
  while (tokens.length < outputTokens) {
    tokens.push(...filler.slice(0, outputTokens - tokens.length))
  }
  return tokens.slice(0, outputTokens)
}

/**
 * A call when `tool_choice` demands or names one, or the prompt holds a tool's name; never for
 * `none`.
 */
function chooseTool(request: unknown, prompt: string, source: string): SimulatedAnswer["toolCall"] {
  const tools = field(request, "tools")
  const choice = field(request, "tool_choice")
  if (!Array.isArray(tools) || choice === "none" || lastRole(request) === "tool") return null
  const named = textIn(field(choice, "function"), "name")
  const isNeeded = choice === "required" || named !== undefined
  for (const tool of tools) {
    const definition = field(tool, "function")
    const name = textIn(definition, "name")
    if (name === undefined || (named !== undefined && name !== named)) continue
    if (!isNeeded && !prompt.includes(name)) continue
    const parameters = minimalInstance(field(definition, "parameters") ?? { type: "object" })
    return { id: `call_${hash(source + name)}`, name, arguments: JSON.stringify(parameters) }
  }
  return null
}

function lastUserText(request: unknown): string {
  const messages = field(request, "messages")
  if (!Array.isArray(messages)) return ""
  const last = messages.findLast((message) => field(message, "role") === "user")
  const content = field(last, "content")
  if (typeof content === "string") return content
  if (!Array.isArray(content)) return ""
  return content.map((part) => textIn(part, "text") ?? "").join(" ")
}

function lastRole(request: unknown): string | undefined {
  const messages = field(request, "messages")
  return Array.isArray(messages) ? textIn(messages.at(-1), "role") : undefined
}

/** A word with the space before it is a token. */
function splitTokens(text: string): string[] {
  return text.match(/\s*\S+|\s+$/g) ?? []
}

function estimate(text: string): number {
  return Math.ceil(text.length / BYTES_PER_TOKEN)
}

function field(value: unknown, name: string): unknown {
  return isFields(value) && Object.hasOwn(value, name) ? value[name] : undefined
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null
}

function textIn(value: unknown, name: string): string | undefined {
  const text = field(value, name)
  return typeof text === "string" ? text : undefined
}

function numberIn(value: unknown, name: string): number | undefined {
  const number = field(value, name)
  return typeof number === "number" && number >= 0 ? Math.floor(number) : undefined
}

/** FNV-1a, 32 bits, as hexadecimal digits: the same prompt has the same id. */
function hash(text: string): string {
  let value = 0x811c9dc5
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
  }
  return (value >>> 0).toString(16).padStart(8, "0")
}
