/**
 * Betas of Anthropic's API that Vertex AI takes in `anthropic-beta`: it refuses a request for any
 * other, and clients that believe to speak to Anthropic itself name many. What a beta switches on
 * is in the body, where Vertex AI refuses by name what it does not know.
 *
 * Source: Anthropic, "Claude on Vertex AI", features; what others found it to refuse.
 */

const TAKEN: ReadonlySet<string> = new Set([
  ...["compact-2026-01-12", "compact-2026-09-04", "computer-use-2025-01-24"],
  ...["computer-use-2025-11-24", "context-1m-2025-08-07", "context-management-2025-06-27"],
  ...["dangerous-tool-use-2026-09-03", "interleaved-thinking-2025-05-14"],
  ...["per-turn-control-2026-07-01", "thinking-binding-controls-2026-08-01"],
  ...["thinking-display-updates-2026-08-18", "tool-search-tool-2025-10-19"],
  "web-search-2025-03-05",
])
/** The same under another name. */
const OTHER_NAMES: Readonly<Partial<Record<string, string>>> = {
  "advanced-tool-use-2025-11-20": "tool-search-tool-2025-10-19",
}

export function takenBetas(value: string): string {
  const named = value.split(",").map((beta) => beta.trim())
  const taken = named.map((beta) => OTHER_NAMES[beta] ?? beta).filter((beta) => TAKEN.has(beta))
  return [...new Set(taken)].join(",")
}
