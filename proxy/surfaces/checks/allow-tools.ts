/**
 * A choice among some of the request's tools: the others are not shown, so that no model can call
 * them. Only what is cached of the prompt differs from a provider's own way of saying so.
 */
import type { ChatRequest } from "#proxy/exchange/chat-request.ts"

type Calling = Pick<ChatRequest, "tools" | "toolChoice" | "parallelToolCalls">

/** `allowed`: names in the intermediate form; null for all of them. */
export function allowTools(calling: Calling, allowed: readonly string[] | null): Calling {
  if (allowed === null) return calling
  const names = new Set(allowed)
  const tools = calling.tools.filter(({ name }) => names.has(name))
  // Without a tool there is nothing to choose.
  return tools.length === 0
    ? { tools, toolChoice: null, parallelToolCalls: null }
    : { ...calling, tools }
}
