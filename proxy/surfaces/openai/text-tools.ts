/**
 * OpenAI's `custom` tools, whose input is a text: every other shape knows functions alone, so that
 * each is a function with one member there, and a call of it comes back with the text alone.
 *
 * Source: OpenAI API reference, "Create chat completion" and "Create a response", `tools`. A
 * grammar is told to the model in words; only OpenAI holds a model to it, where bytes pass.
 */
import type { JsonView } from "#proxy/contract/json-view.ts"
import { RawJson, writeJson } from "#proxy/contract/json-write.ts"
import type { ToolDefinition } from "#proxy/exchange/chat-request.ts"
import { type FeatureNotes, needText, textIn } from "#proxy/exchange/read-body.ts"
import { textInArguments } from "#proxy/exchange/tool-arguments.ts"

/**
 * `definition`: what holds name, description and format. Chat Completions has a grammar one level
 * deeper than Responses.
 */
export function readTextTool(
  definition: JsonView,
  notes: FeatureNotes,
): Pick<ToolDefinition, "name" | "description" | "parameters" | "isStrict"> {
  return {
    name: needText(definition, "name"),
    description: describe(definition, notes),
    parameters: TEXT_INPUT,
    isStrict: false,
  }
}

/** Of an earlier call with that input. */
export function writeArguments(input: string): string {
  return writeJson({ input })
}

const TEXT_INPUT = new RawJson(
  writeJson({
    type: "object",
    properties: {
      input: { type: "string", description: "The whole input of the tool, as plain text." },
    },
    required: ["input"],
    additionalProperties: false,
  }),
)

const FORMAT_FIELDS: ReadonlySet<string> = new Set(["type", "syntax", "definition", "grammar"])
const GRAMMAR_FIELDS: ReadonlySet<string> = new Set(["syntax", "definition"])

function describe(tool: JsonView, notes: FeatureNotes): string | null {
  const description = textIn(tool, "description") ?? null
  const format = tool.member("format")
  const grammar = format?.member("grammar")
  notes.noteUnknown(format, FORMAT_FIELDS)
  notes.noteUnknown(grammar, GRAMMAR_FIELDS)
  const holder = grammar ?? format
  const definition = holder === undefined ? undefined : textIn(holder, "definition")
  if (format === undefined || definition === undefined) return description
  notes.note("tool-grammar", format)
  const rule = `The input follows this ${holder?.textOf("syntax") ?? ""} grammar:\n${definition}`
  return description === null ? rule : `${description}\n\n${rule}`
}

/** The input that whole arguments hold, as a stream of them tells it. */
export function inputOf(text: string): string {
  const input = new TextInput()
  return input.grow(text) + input.finish()
}

/** Of the beginning, up to the text itself: so does every model write it, told of one member. */
const BEGINNING = /^\s*\{\s*"input"\s*:\s*"/
/** Within which that must stand; what begins otherwise is told when it is whole. */
const BEGINNING_CHARS_MAX = 256

/**
 * The input within arguments that come in pieces, told as it comes, wherever they are cut.
 *
 * What a model wrote wrongly within the text (line breaks, escapes that there are not) is taken as
 * it stands, and what is cut off is as much as came. Arguments that are no such object are the
 * input themselves: some models write the text in their place.
 */
export class TextInput {
  private state: "begins" | "text" | "ended" | "other" = "begins"
  /** All of them until the text has begun. */
  private held = ""
  /** An escape of which more is to come. */
  private escape = ""
  /** Half a character, told with its other half. */
  private half = ""

  /** The next piece of the input. */
  grow(piece: string): string {
    if (this.state === "text") return this.whole(this.read(piece, 0))
    if (this.state === "ended") return ""
    this.held += piece
    if (this.state === "other") return ""
    const found = BEGINNING.exec(this.held.slice(0, BEGINNING_CHARS_MAX))
    if (found === null) {
      if (this.held.length >= BEGINNING_CHARS_MAX) this.state = "other"
      return ""
    }
    const { held } = this
    this.held = ""
    this.state = "text"
    return this.whole(this.read(held, found[0].length))
  }

  /** What is left of it when the arguments are whole, or cut off. */
  finish(): string {
    const { held, half } = this
    this.held = ""
    this.half = ""
    if (this.state === "text" || this.state === "ended") return half
    this.state = "ended"
    return isEmptyObject(held) ? "" : (textInArguments(held, "input") ?? held)
  }

  private read(piece: string, from: number): string {
    let out = ""
    let start = from
    for (let at = from; at < piece.length; at++) {
      const char = piece.charAt(at)
      if (this.escape !== "") {
        const begun = this.escape
        const told = this.readEscape(char)
        out += told ?? begun
        start = told === null ? at : at + 1
        if (told !== null) continue
      }
      if (char === "\\" || char === '"') {
        out += piece.slice(start, at)
        start = at + 1
        if (char === "\\") this.escape = char
        else {
          this.state = "ended"
          return out
        }
      }
    }
    return out + piece.slice(start)
  }

  /** What the escape stands for once it is whole, nothing before; null: there is no such one. */
  private readEscape(char: string): string | null {
    const written = this.escape + char
    const isUnfinished = UNFINISHED.test(written)
    this.escape = isUnfinished ? written : ""
    if (isUnfinished) return ""
    if (CODE.test(written)) return String.fromCharCode(Number.parseInt(written.slice(2), 16))
    return ESCAPES.get(written) ?? null
  }

  /** Without a first half at its end, which waits for what comes next. */
  private whole(text: string): string {
    const said = this.half + text
    const isHalf = this.state === "text" && FIRST_HALF.test(said)
    this.half = isHalf ? said.slice(-1) : ""
    return isHalf ? said.slice(0, -1) : said
  }
}

const CODE = /^\\u[0-9a-fA-F]{4}$/
const UNFINISHED = /^\\(?:u[0-9a-fA-F]{0,3})?$/
const FIRST_HALF = /[\ud800-\udbff]$/
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ...([
    ['\\"', '"'],
    ["\\\\", "\\"],
    ["\\/", "/"],
    ["\\b", "\b"],
    ["\\f", "\f"],
    ["\\n", "\n"],
    ["\\r", "\r"],
    ["\\t", "\t"],
  ] as const),
])

/** Or nothing at all. Trimmed first: models write white space without end, of any length. */
function isEmptyObject(text: string): boolean {
  const trimmed = text.trim()
  return trimmed === "" || /^\{\s*\}$/.test(trimmed)
}
