/** Whether there are tools to choose among. */
import type { JsonView } from "#proxy/contract/json-view.ts"
import { BodyFault } from "#proxy/exchange/read-body.ts"
import { refuse } from "#proxy/exchange/refusal.ts"

/**
 * Without tools `auto` and `none` are what happens anyway, and most providers refuse to be told; to
 * ask for a call is refused here, as they do. `word`: what `given` says, in OpenAI's words.
 */
export function hasChoice(
  given: JsonView | undefined,
  word: string | undefined,
  ...lists: readonly (JsonView | undefined)[]
): boolean {
  if (lists.some((list) => (list?.items().length ?? 0) > 0)) return true
  if (given !== undefined && word !== "auto" && word !== "none") {
    const { where: param } = given
    throw new BodyFault(refuse("invalid_value", `${param} is only taken with tools`, { param }))
  }
  return false
}
