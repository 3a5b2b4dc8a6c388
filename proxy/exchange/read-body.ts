/**
 * Reading a client's body into an intermediate form: the value, or the refusal that says where.
 *
 * A reader is straight code that throws `BodyFault` at what it cannot take; `readBody` is the one
 * place that catches it.
 */
import type { JsonView } from "#proxy/contract/json-view.ts"
import type { ChatFeature, FeatureUse } from "./chat-feature.ts"
import { accept, type Decision, reject } from "./parsed-request.ts"
import { type Refusal, refuse } from "./refusal.ts"

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

/** A number that is only carried, in its own digits. */
export function numberIn(view: JsonView, name: string): JsonView | undefined {
  const member = view.member(name)
  if (member !== undefined && !member.isNumber) badValue(member, "must be a number")
  return member
}

/** Elements of a member; none when absent; throws when it is no list. */
export function listIn(view: JsonView, name: string): readonly JsonView[] {
  const member = view.member(name)
  if (member === undefined) return []
  return member.isArray ? member.items() : badValue(member, "must be a list")
}

/** Notes the features that a request uses while it is read. */
export class FeatureNotes {
  readonly uses: FeatureUse[] = []

  /**
   * Once for each feature, however often a body has it: the first place is the one that a refusal
   * names, and to find a place takes time.
   */
  note(feature: ChatFeature, where: JsonView | string): void {
    if (this.uses.some((use) => use.feature === feature)) return
    this.uses.push({ feature, param: typeof where === "string" ? where : where.where })
  }

  /** Members of `view` outside `known` are fields that no other wire can be told. */
  noteUnknown(view: JsonView | undefined, known: ReadonlySet<string>): void {
    for (const [name, member] of view?.members() ?? []) {
      if (!known.has(name)) this.note("unknown-field", member)
    }
  }
}
