/**
 * The matrix: what a client of each surface asks, and what each upstream answers.
 *
 * A case is a request of the surface (`requests/SURFACE/CASE.json`) and a scenario, which every
 * schema answers in its own published shape (`upstream/SCHEMA/SCENARIO.json`, and `.sse` or another
 * ending for its stream). A schema that is registered runs every case of every chat surface.
 */
import type { ModelSurfaceName } from "#proxy/surfaces/registry.ts"

/** The scenario that answers each case of a chat surface; each runs whole and as a stream. */
export const CHAT_CASES = {
  plain: "text",
  "multi-turn": "text",
  system: "text",
  "image-url": "text",
  "image-data": "text",
  file: "text",
  "one-tool": "tool-call",
  "parallel-tools": "parallel-calls",
  "tool-result": "text",
  "custom-tool": "custom-call",
  "custom-tool-result": "text",
  "forced-tool": "tool-call",
  "json-schema": "json",
  sampling: "text",
  stop: "stopped",
  "max-tokens": "cut-at-limit",
  refusal: "refusal",
  reasoning: "reasoning",
  "reasoning-history": "text",
  cached: "cached",
  cited: "cited",
  "search-results": "text",
  "search-results-cited": "cited",
  "empty-content": "empty",
  unicode: "unicode",
  "error-invalid": "error-400",
  "error-not-found": "error-404",
  "error-rate-limited": "error-429",
  "error-overloaded": "error-500",
} as const

export type CaseName = keyof typeof CHAT_CASES
export type Scenario = (typeof CHAT_CASES)[CaseName]

/** Surfaces with words for a case; every one has them for the others. */
const ONLY: Readonly<Partial<Record<CaseName, readonly ModelSurfaceName[]>>> = {
  "custom-tool": ["openai-chat", "openai-responses"],
  "custom-tool-result": ["openai-chat", "openai-responses"],
  "search-results": ["anthropic-messages"],
  "search-results-cited": ["anthropic-messages"],
}

export function casesOf(surface: ModelSurfaceName): readonly CaseName[] {
  const names = Object.keys(CHAT_CASES) as CaseName[]
  return names.filter((name) => ONLY[name]?.includes(surface) ?? true)
}

/** Statuses of the scenarios that are no answers. */
export const STATUSES: Readonly<Partial<Record<Scenario, number>>> = {
  "error-400": 400,
  "error-404": 404,
  "error-429": 429,
  "error-500": 500,
}
