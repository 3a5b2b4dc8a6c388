/**
 * What every adapter reads of an answer in the same way: counts of a usage report, and the words of
 * an error. It must not know any provider's names of fields.
 */
import type { JsonView } from "#proxy/contract/json-view.ts"
import type { TokenUsage } from "#proxy/contract/records.ts"
import { reportedCount } from "#proxy/contract/token-usage.ts"
import type { ResponseEvent } from "#proxy/exchange/response-event.ts"

/** Characters of an upstream's message that are passed on, and of a type or code. */
const MESSAGE_CHARS_MAX = 2000
const NAME_CHARS_MAX = 128

/** A member's count; undefined when it or its parent is absent, NaN when it is no number. */
export function countIn(parent: JsonView | undefined, name: string): number | undefined {
  const member = parent?.member(name)
  return member === undefined ? undefined : reportedCount(member.document, member.node)
}

/** The report as an event; none where the upstream said nothing of use. */
export function reportOf(usage: TokenUsage | undefined): readonly ResponseEvent[] {
  return usage === undefined ? [] : [{ kind: "usage-report", usage }]
}

/**
 * An upstream's words, cut. Some upstreams quote the key they were sent: `conceal` takes it out
 * before the cut, so that not even a part of it is left.
 */
export function quoteMessage(text: string, conceal: (text: string) => string): string {
  return conceal(text).slice(0, MESSAGE_CHARS_MAX).toWellFormed()
}

/** The same of a type or a code; null stays null. */
export function quoteName(
  text: string | null | undefined,
  conceal: (text: string) => string,
): string | null {
  return text === null || text === undefined
    ? null
    : conceal(text).slice(0, NAME_CHARS_MAX).toWellFormed()
}
