/**
 * What a client writes that is what happens when nothing is written: SDKs and frameworks send many
 * defaults, and a wire without such a field is none the poorer.
 *
 * Source: OpenAI API reference, "Create chat completion", "Create completion": the defaults.
 */
import type { JsonView } from "#proxy/contract/json-view.ts"
import type { RawJson } from "#proxy/contract/json-write.ts"
import { type CarriedMember, type FeatureNotes, numberIn } from "#proxy/exchange/read-body.ts"

/** A member of a body; undefined too where its value is the default. */
export function saidIn(body: JsonView, name: string): JsonView | undefined {
  const member = body.member(name)
  return member === undefined || isDefault(name, member) ? undefined : member
}

/** The same of a number that is only carried, in the client's own digits. */
export function saidNumber(body: JsonView, name: string): RawJson | null {
  const number = numberIn(body, name)
  return number === undefined || isDefault(name, number) ? null : number.raw()
}

export function noteSaid(
  body: JsonView,
  members: readonly CarriedMember[],
  notes: FeatureNotes,
): void {
  for (const [name, feature] of members) {
    const member = saidIn(body, name)
    if (member !== undefined) notes.note(feature, member)
  }
}

function isDefault(name: string, value: JsonView): boolean {
  switch (name) {
    case "frequency_penalty":
    case "presence_penalty":
      return value.number() === 0
    case "logit_bias":
      return value.isObject && value.members().length === 0
    case "store":
    case "echo":
      return value.boolean() === false
    case "best_of":
      return value.number() === 1
    case "verbosity":
      return value.text() === "medium"
    default:
      return false
  }
}
