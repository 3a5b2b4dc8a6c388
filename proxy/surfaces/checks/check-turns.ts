/**
 * The list of a conversation's turns, which every chat surface has under a name of its own: how
 * many there may be is one limit, and a list without any is no conversation.
 */
import {
  firstIn,
  type JsonDocument,
  KIND,
  kindNameOf,
  kindOf,
  memberOf,
  NONE,
  nextIn,
} from "#proxy/contract/json-document.ts"
import { type Refusal, refuse } from "#proxy/exchange/refusal.ts"
import { invalid } from "./field-checks.ts"

/** What a surface calls them: `messages`, one of which is a `message`. */
export interface TurnWords {
  readonly list: string
  readonly one: string
}

/** `index` is the turn's place in the list. */
export type CheckTurn = (document: JsonDocument, turn: number, index: number) => Refusal | null

/** Of the body's member `list`, which must be there; refuses `too_many_messages` over `max`. */
export function checkTurns(
  document: JsonDocument,
  words: TurnWords,
  max: number,
  check: CheckTurn,
): Refusal | null {
  return checkTurnList(document, memberOf(document, 0, words.list), words, max, check)
}

/** The same of a value that was found, or NONE. */
export function checkTurnList(
  document: JsonDocument,
  list: number,
  words: TurnWords,
  max: number,
  check: CheckTurn,
): Refusal | null {
  if (list === NONE) {
    return invalid(words.list, `is missing: it must be a list of ${words.list}`)
  }
  if (kindOf(document, list) !== KIND.array) {
    return invalid(words.list, `must be a list, not ${kindNameOf(document, list)}`)
  }
  return checkEachTurn(document, list, words, max, check)
}

function checkEachTurn(
  document: JsonDocument,
  list: number,
  words: TurnWords,
  max: number,
  check: CheckTurn,
): Refusal | null {
  let index = 0
  for (let turn = firstIn(document, list); turn !== NONE; turn = nextIn(document, list, turn)) {
    const refusal = check(document, turn, index)
    if (refusal !== null) return refusal
    index++
    if (index > max) {
      const message = `${words.list} has more than ${max} entries`
      return refuse("too_many_messages", message, { param: words.list })
    }
  }
  return index === 0 ? invalid(words.list, `must have at least one ${words.one}`) : null
}
