/** Whether there are tools to choose among. */
import type { JsonView } from "#proxy/contract/json-view.ts"
import { BodyFault } from "#proxy/exchange/read-body.ts"
import { refuse } from "#proxy/exchange/refusal.ts"

/** A list in the body, or what was read of one. */
export type Countable = JsonView | readonly unknown[]

/**
 * Without tools `auto` and `none` are what happens anyway, and most providers refuse to be told; to
 * ask for a call is refused here, as they do. `word`: what `given` says, in OpenAI's words.
 */
export function hasChoice(
  given: JsonView | undefined,
  word: string | undefined,
  ...lists: readonly (Countable | undefined)[]
): boolean {
  if (lists.some((list) => sizeOf(list) > 0)) return true
  if (given !== undefined && word !== "auto" && word !== "none") {
    const { where: param } = given
    throw new BodyFault(refuse("invalid_value", `${param} is only taken with tools`, { param }))
  }
  return false
}

function sizeOf(list: Countable | undefined): number {
  if (list === undefined) return 0
  return "length" in list ? list.length : list.items().length
}
