/**
 * Reading a client's body into an intermediate form: the value, or the refusal that says where.
 *
 * A reader is straight code that throws `BodyFault` at what it cannot take; `readBody` is the one
 * place that catches it.
 */
import type { JsonView } from "#proxy/contract/json-view.ts"
import type { RawJson } from "#proxy/contract/json-write.ts"
import type { ChatFeature } from "./chat-feature.ts"
import {
  type ChatMessage,
  isMedia,
  type MediaSource,
  type ReasoningPart,
  type ToolChoice,
} from "./chat-request.ts"
import { accept, type Decision, reject } from "./parsed-request.ts"
import { type Refusal, refuse } from "./refusal.ts"
import { bareSignature, isTagged } from "./signatures.ts"
import { UseNotes } from "./use-notes.ts"

export class BodyFault extends Error {
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super(refusal.code)
    this.refusal = refusal
  }
}

export function readBody<T>(read: () => T): Decision<T> {
  try {
    return accept(read())
  } catch (fault) {
    if (fault instanceof BodyFault) return reject(fault.refusal)
    throw fault
  }
}

/** Throws `invalid_value` naming the place: `messages/0/content must be ..., not a number`. */
export function badValue(view: JsonView, must: string): never {
  const { where } = view
  const message = `${where} ${must}, not ${view.kindName}`
  throw new BodyFault(refuse("invalid_value", message, { param: where }))
}

/** Throws `invalid_value` for a member that must be there. */
export function missing(view: JsonView, name: string): never {
  const where = `${view.where === "" ? "" : `${view.where}/`}${name}`
  throw new BodyFault(refuse("invalid_value", `${where} is missing`, { param: where }))
}

/** Throws `unsupported_parameter` for what the form has no place for, whatever the provider. */
export function untranslatable(view: JsonView, what: string): never {
  const { where: param } = view
  const message = `${param}: ${what} cannot be translated for a provider of another shape`
  throw new BodyFault(refuse("unsupported_parameter", message, { param }))
}

/** A member's text; undefined when absent; throws when it is something else. */
export function textIn(view: JsonView, name: string): string | undefined {
  const member = view.member(name)
  return member === undefined ? undefined : (member.text() ?? badValue(member, "must be a string"))
}

export function needText(view: JsonView, name: string): string {
  return textIn(view, name) ?? missing(view, name)
}

export function countIn(view: JsonView, name: string): number | undefined {
  const member = view.member(name)
  if (member === undefined) return undefined
  return member.count() ?? badValue(member, "must be an integer from 0")
}

export function booleanIn(view: JsonView, name: string): boolean | undefined {
  const member = view.member(name)
  if (member === undefined) return undefined
  return member.boolean() ?? badValue(member, "must be true or false")
}

/** A member's number; undefined when absent; throws when it is something else. */
export function numberIn(view: JsonView, name: string): JsonView | undefined {
  const member = view.member(name)
  if (member !== undefined && !member.isNumber) badValue(member, "must be a number")
  return member
}

/** A number that is only carried, in the client's own digits; null when absent. */
export function digitsIn(view: JsonView | undefined, name: string): RawJson | null {
  return view === undefined ? null : (numberIn(view, name)?.raw() ?? null)
}

/** Elements of a member; none when absent; throws when it is no list. */
export function listIn(view: JsonView, name: string): readonly JsonView[] {
  const member = view.member(name)
  if (member === undefined) return []
  return member.isArray ? member.items() : badValue(member, "must be a list")
}

/** Texts of a member's list; none when absent; throws when it is no list or holds anything else. */
export function textsIn(view: JsonView, name: string): readonly string[] {
  return listIn(view, name).map((item) => item.text() ?? badValue(item, "must be a string"))
}

/** A member whose presence alone is a feature, carried or not. */
export type CarriedMember = readonly [name: string, feature: ChatFeature]

type Signed = Pick<ReasoningPart, "signature" | "redacted">

const CHOICE_FEATURES = {
  auto: "tool-choice",
  none: "tool-choice-none",
  required: "tool-choice-required",
  named: "tool-choice-named",
} as const satisfies Readonly<Record<ToolChoice["kind"], ChatFeature>>

/** Of a chat: what several surfaces note in the same way. */
export class FeatureNotes extends UseNotes<ChatFeature> {
  noteCarried(view: JsonView | undefined, members: readonly CarriedMember[]): void {
    for (const [name, feature] of members) {
      const member = view?.member(name)
      if (member !== undefined) this.note(feature, member)
    }
  }

  /** Gives the choice back. */
  noteChoice(choice: ToolChoice, where: JsonView): ToolChoice {
    this.note(CHOICE_FEATURES[choice.kind], where)
    return choice
  }

  /** Of an image or a file: how the client gives it. */
  noteSource(kind: "image" | "file", source: MediaSource, where: JsonView): void {
    if (source.kind === "file-id") this.note("file-id", where)
    else this.note(source.kind === "url" ? `${kind}-url` : `${kind}-data`, where)
  }

  /**
   * As `noteUnknown`; `echoes` are what an earlier answer carried beside its words and a client
   * sends back with it: ids, states, annotations.
   */
  noteFields(
    view: JsonView | undefined,
    known: ReadonlySet<string>,
    echoes: ReadonlySet<string>,
  ): void {
    for (const [name, member] of view?.members() ?? []) {
      if (echoes.has(name)) this.note("answer-echo", member)
      else if (!known.has(name)) this.note("unknown-field", member)
    }
  }

  /** Of a thought that is given back: whose it is. */
  noteThought({ signature, redacted }: Signed, where: JsonView): void {
    const signed = signature ?? redacted
    if (signed === null) this.note("reasoning-unsigned", where)
    else if (bareSignature("google", signed) !== null) this.note("reasoning-history-google", where)
    // What OpenAI hides is taken back by nobody that a chat is translated for.
    else this.note(isTagged(signed) ? "reasoning-unsigned" : "reasoning-history", where)
  }

  /** An earlier answer's images, given back. */
  noteAnswer({ role, parts }: ChatMessage, where: JsonView): void {
    if (role === "assistant" && parts.some(isMedia)) this.note("media-history", where)
  }

  /** A conversation that ends with the assistant asks it to go on from there; `last`: its place. */
  notePrefill(messages: readonly ChatMessage[], last: JsonView | undefined): void {
    if (messages.at(-1)?.role === "assistant" && last !== undefined) {
      this.note("assistant-prefill", last)
    }
  }
}
