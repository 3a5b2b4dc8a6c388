/** What concerns us in an answer of the OpenAI schema: whether it is one, and its error. */
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
} from "#proxy/contract/json-document.ts"
import { JsonView } from "#proxy/contract/json-view.ts"
import { RawJson } from "#proxy/contract/json-write.ts"
import type { ResponseEvent } from "#proxy/exchange/response-event.ts"
import type { UpstreamError } from "#proxy/exchange/upstream-error.ts"
import type { Frame } from "#proxy/wire/frame.ts"
import { errorName } from "../open-event.ts"
import { quoteMessage, quoteName } from "../read-report.ts"

/** Of a list of complaints, the first are told. */
const ENTRIES_MAX = 8
const BYTES_PER_TOKEN = 4

export function findAnswerFault(answer: JsonDocument): string | null {
  if (kindOf(answer, 0) !== KIND.object) return "it is not a JSON object"
  if (hasError(answer)) return "it is an error with status 200"
  const choices = memberOf(answer, 0, "choices")
  const isList = choices !== NONE && kindOf(answer, choices) === KIND.array
  return isList && firstIn(answer, choices) !== NONE ? null : "it has no choices"
}

/** An error in place of an answer; Mistral's and older vLLM's is the object itself. */
export function hasError(answer: JsonDocument): boolean {
  const object = memberOf(answer, 0, "object")
  if (object !== NONE && textEquals(answer, object, "error")) return true
  // Groq says so of a stream in a member of its own.
  return [0, memberOf(answer, 0, "x_groq")].some((holder) => {
    const error = memberOf(answer, holder, "error")
    return error !== NONE && kindOf(answer, error) !== KIND.null
  })
}

type JsonFrame = Extract<Frame, { readonly kind: "json" }>

/** An error in place of an event. */
export function isErrorEvent({ name, document }: JsonFrame): boolean {
  return name === "error" || hasError(document)
}

export function errorOf({ document }: JsonFrame): ResponseEvent {
  return { kind: "response-error", name: nameOfError(document) }
}

/** Of an error in a stream: its code or its type, wherever they stand. */
export function nameOfError(answer: JsonDocument): string | null {
  const root = new JsonView(answer)
  const error = root.member("error")
  const [code, type] = ["code", "type"].map((name) => error?.textOf(name) ?? root.textOf(name))
  return errorName(code, type, error?.text(), root.member("x_groq")?.textOf("error"))
}

/**
 * From `{"error":{...}}` or `{"error":"..."}`, or the same members at the top, as Mistral, Cerebras
 * and older vLLM have them; undefined when there is no message in it. `conceal` takes a quoted key
 * out of each text.
 */
export function readError(
  answer: JsonDocument,
  conceal: (text: string) => string,
): UpstreamError | undefined {
  const root = new JsonView(answer)
  const said = root.member("error")
  const error = said?.isObject === true ? said : root
  const message = said?.text() ?? wordsOf(error)
  if (message === undefined) return undefined
  const name = (member: string) => quoteName(nameIn(error, member), conceal)
  const inner = innerError(error.member("innererror"), conceal)
  return {
    message: quoteMessage(message, conceal),
    type: name("type"),
    param: name("param"),
    code: name("code"),
    ...(inner === undefined ? {} : { innerError: inner }),
  }
}

/**
 * A longer one is left out: verdicts of a filter are a few hundred. So is one with escapes, in
 * which a key could stand unseen.
 */
const INNER_CHARS_MAX = 4096

function innerError(
  inner: JsonView | undefined,
  conceal: (text: string) => string,
): RawJson | undefined {
  if (inner?.isObject !== true) return undefined
  const { text } = inner.raw()
  const isPlain = text.length <= INNER_CHARS_MAX && !text.includes("\\")
  return isPlain ? new RawJson(conceal(text)) : undefined
}

/** Some servers' codes are numbers. */
function nameIn(error: JsonView, member: string): string | undefined {
  return error.textOf(member) ?? error.member(member)?.number()?.toString()
}

/** `message`; else what servers made with FastAPI (vLLM, Mistral) and Cloudflare call it. */
function wordsOf(error: JsonView): string | undefined {
  const message = error.member("message")
  if (message?.isText === true) return message.text()
  const detail = message?.member("detail") ?? error.member("detail")
  if (detail?.isText === true) return detail.text()
  const entries = detail ?? error.member("errors")
  const words = (entries?.items() ?? []).slice(0, ENTRIES_MAX).flatMap(wordsOfEntry)
  return words.length === 0 ? undefined : words.join("; ")
}

/** `{"loc":["body","stop"],"msg":"..."}` or `{"message":"..."}`. */
function wordsOfEntry(entry: JsonView): readonly string[] {
  const words = entry.textOf("msg") ?? entry.textOf("message")
  if (words === undefined) return []
  const place = (entry.member("loc")?.items() ?? []).map((part) => part.text() ?? part.raw().text)
  return place.length === 0 ? [words] : [`${place.join(".")}: ${words}`]
}

/**
 * Whether a choice's `finish_reason` is one: that it goes on is a text too at some servers (SGLang,
 * Ollama, KoboldCpp).
 */
export function isReason(text: string): boolean {
  return text !== "" && text !== "null"
}

const CONTENT = ["content", "reasoning_content", "reasoning", "tool_calls"] as const

/** Text and tool calls of every choice at four bytes a token. */
export function measureAnswer(answer: JsonDocument): number {
  const choices = memberOf(answer, 0, "choices")
  if (choices === NONE || kindOf(answer, choices) !== KIND.array) return 0
  let bytes = 0
  for (
    let choice = firstIn(answer, choices);
    choice !== NONE;
    choice = nextIn(answer, choices, choice)
  ) {
    const message = memberOf(answer, choice, "message")
    const said = CONTENT.map((name) => memberOf(answer, message, name))
    for (const node of [memberOf(answer, choice, "text"), ...said]) {
      if (node !== NONE) bytes += endOf(answer, node) - startOf(answer, node)
    }
  }
  return Math.ceil(bytes / BYTES_PER_TOKEN)
}
