/**
 * What is said when a time limit has passed: who was waited for, how long, and whose limit it is.
 *
 * In: the rule and the limit. Out: the part of a sentence that follows the provider's name.
 */
import type { LinkedRule } from "#proxy/route/linked-route.ts"

/** `timeoutMs` is what held: the rule's, or less where the request's own header said so. */
export function notFinished({ route, name, timeouts }: LinkedRule, timeoutMs: number): string {
  const isHeader = timeoutMs < timeouts.requestMs
  const whose = isHeader ? "the request's x-sidegate-timeout-ms" : named("request", route, name)
  return `had not finished within ${timeoutMs} ms (${whose})`
}

export function noContent({ route, name, timeouts }: LinkedRule): string {
  return `sent no content within ${timeouts.firstTokenMs} ms (${named("firstToken", route, name)})`
}

/** The silence came after the first content. */
export function wasSilent({ route, name, timeouts }: LinkedRule): string {
  const whose = named("streamIdle", route, name)
  return `was silent for ${timeouts.streamIdleMs} ms within its answer (${whose})`
}

function named(field: string, route: string, rule: string): string {
  return `timeouts.${field} of AIRoute ${route}, rule ${rule}`
}
