/**
 * Which calls of each choice have begun, and which of them a piece belongs to.
 *
 * OpenAI numbers calls by `index`, and the first piece of one carries its id and name. Vendors of
 * its shape leave the index out, give every call the same, or another one to the last piece of a
 * call (Ollama, Gemini's own endpoint, Nebius); leave out the id or write it empty; tell the name
 * after the first arguments, or with every piece (vLLM, SGLang).
 */
import type { JsonView } from "#proxy/contract/json-view.ts"
import { ObjectScan } from "#proxy/exchange/object-scan.ts"
import type { ResponseEvent } from "#proxy/exchange/response-event.ts"
import { BareCalls } from "../bare-calls.ts"

export class ChoiceCalls {
  /** The answer's own id, behind which made ids are the only ones of a conversation. */
  answer: string | null = null
  private readonly choices = new Map<number, OpenCalls>()

  hasCalls(choice: number): boolean {
    return this.choices.has(choice)
  }

  /** What is still to be said of the calls of a choice when it ends. */
  end(choice: number): readonly ResponseEvent[] {
    return this.choices.get(choice)?.end() ?? []
  }

  /** `position`: among the calls of the same piece. */
  read(choice: number, call: JsonView, position: number): readonly ResponseEvent[] {
    const prefix = this.answer === null ? "call_" : `call_${this.answer}_`
    const calls = this.choices.get(choice) ?? new OpenCalls(choice, `${prefix}${choice}_`)
    this.choices.set(choice, calls)
    return calls.read(pieceOf(call), position)
  }
}

interface CallPiece {
  readonly index: number | undefined
  /** Empty where there is none, as the name. */
  readonly id: string
  readonly name: string
  readonly signature: string | null
  readonly arguments: string
}

function pieceOf(call: JsonView): CallPiece {
  const called = call.member("function")
  const given = called?.member("arguments")
  return {
    index: call.countOf("index"),
    id: call.textOf("id") ?? "",
    name: called?.textOf("name") ?? "",
    signature: call.member("extra_content")?.member("google")?.textOf("thought_signature") ?? null,
    // Some servers give the object itself in place of its text.
    arguments: (given?.isObject === true ? given.raw().text : given?.text()) ?? "",
  }
}

interface OpenCall {
  readonly number: number
  id: string
  name: string
  hasStarted: boolean
  hasArguments: boolean
  /** Arguments that came before the name. */
  held: string
  readonly scan: ObjectScan
}

/** Of one choice, numbered in the order in which they begin. */
class OpenCalls {
  private readonly choice: number
  private readonly idPrefix: string
  /** Told to have an empty object only when their choice ends. */
  private readonly bare: BareCalls
  private readonly calls: OpenCall[] = []
  /** The call that an index stands for now. */
  private readonly byIndex = new Map<number, OpenCall>()

  constructor(choice: number, idPrefix: string) {
    this.choice = choice
    this.idPrefix = idPrefix
    this.bare = new BareCalls(choice)
  }

  read(piece: CallPiece, position: number): readonly ResponseEvent[] {
    const begun = this.find(piece, position)
    const call = begun ?? this.begin(piece.index ?? position)
    if (!call.hasStarted) {
      call.id ||= piece.id
      call.name ||= piece.name
    }
    // Databricks begins every call with an empty object, and then tells its arguments.
    const isPrelude = begun === undefined && piece.arguments === "{}"
    const text = isPrelude ? "" : piece.arguments
    if (text !== "") {
      call.hasArguments = true
      call.scan.grow(text)
    }
    if (!call.hasStarted && call.name === "") {
      call.held += text
      return []
    }
    const started = call.hasStarted ? [] : this.start(call, piece.signature)
    return [...started, ...this.grow(call, text)]
  }

  end(): readonly ResponseEvent[] {
    const nameless = this.calls.filter(({ hasStarted }) => !hasStarted)
    return [...nameless.flatMap((call) => this.start(call, null)), ...this.bare.endAll()]
  }

  /** The call that a piece goes on with; undefined where it begins one. */
  private find(piece: CallPiece, position: number): OpenCall | undefined {
    const { index, id, name } = piece
    const last = this.calls.at(-1)
    if (id === "" && name === "" && index === undefined) return last
    const begun = this.byIndex.get(index ?? position)
    if (begun === undefined) return id === "" && name === "" ? last : undefined
    return isAnother(piece, begun) ? undefined : begun
  }

  private begin(index: number): OpenCall {
    const call: OpenCall = {
      number: this.calls.length,
      id: "",
      name: "",
      hasStarted: false,
      hasArguments: false,
      held: "",
      scan: new ObjectScan(),
    }
    this.calls.push(call)
    this.byIndex.set(index, call)
    return call
  }

  private start(call: OpenCall, signature: string | null): readonly ResponseEvent[] {
    const { choice } = this
    const { number, name, held } = call
    call.hasStarted = true
    const id = call.id === "" ? `${this.idPrefix}${number}` : call.id
    this.bare.begin(number)
    const started: ResponseEvent = {
      kind: "tool-call-start",
      choice,
      call: number,
      id,
      name,
      signature,
    }
    return [started, ...this.grow(call, held)]
  }

  private grow({ number }: OpenCall, text: string): readonly ResponseEvent[] {
    if (text === "") return []
    this.bare.grow(number)
    return [{ kind: "tool-call-delta", choice: this.choice, call: number, arguments: text }]
  }
}

/** Whether a piece under the index of a begun call is the first of another one all the same. */
function isAnother({ id, name, arguments: text }: CallPiece, begun: OpenCall): boolean {
  if (name === "") return false
  if (id !== "" && begun.id !== "") return id !== begun.id
  if (id !== "") return begun.hasArguments
  return begun.id === "" && text !== "" && begun.scan.isWhole
}
