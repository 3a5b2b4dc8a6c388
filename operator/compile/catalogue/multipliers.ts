/**
 * What the price of a model is multiplied with at other terms of service than the regular ones,
 * from the vendors' own pages: the list has none of it. What is not here is unpriced.
 */
import type { Multiplier } from "./tariff.ts"

interface TermRow {
  /** As `priceSource` names them. */
  readonly sources: readonly string[]
  /** A name stands for its dated ones too; one that ends in `*` for all that begin so. */
  readonly names: readonly string[]
  readonly multipliers: readonly Multiplier[]
  /** Where it says so, and when that was read. */
  readonly page: string
}

const FAST_MODE = "openai.com/api-fast-mode, 2026-11"

/** Fast mode, which was called priority processing: the answer's word is still that. */
function fast(factor: string, ...names: readonly string[]): TermRow {
  const multipliers = [{ when: "service_tier=priority", factor }]
  return { sources: ["OpenAI"], names, multipliers, page: FAST_MODE }
}

/** Of rows that say the same term of one name the later holds. */
export const TERM_ROWS: readonly TermRow[] = [
  fast("2.5", "gpt-5.5"),
  fast("2", "gpt-5.6", "gpt-5.6-sol", "gpt-5.6-terra", "gpt-5.6-luna", "gpt-5.4", "gpt-5.4-mini"),
  fast("2", "gpt-5.2", "gpt-5.1", "gpt-5", "gpt-5.1-codex", "gpt-5-codex", "gpt-4.1-nano"),
  fast("1.8", "gpt-5-mini"),
  fast("1.7", "gpt-4o"),
  fast("1.75", "gpt-4.1", "gpt-4.1-mini", "o3", "gpt-4o-2024-05-13"),
  fast("1.818182", "o4-mini"),
  fast("1.666667", "gpt-4o-mini"),
  {
    // "At Batch API rates", which are half of the regular ones; other models refuse it.
    sources: ["OpenAI"],
    names: ["*"],
    multipliers: [{ when: "service_tier=flex", factor: "0.5" }],
    page: "developers.openai.com/api/docs/guides/flex-processing, 2026-11",
  },
  {
    sources: ["AzureOpenAI"],
    names: ["*"],
    multipliers: [{ when: "service_tier=flex", factor: "0.5" }],
    page: "learn.microsoft.com/azure/foundry/openai/how-to/flex-processing, 2026-11",
  },
  {
    sources: ["Groq"],
    names: ["*"],
    multipliers: [{ when: "service_tier=flex", factor: "1" }],
    page: "console.groq.com/docs/flex-processing, 2026-11",
  },
  {
    // "75% to 100% more than standard", by the model: the dearest stands for all.
    sources: ["Gemini"],
    names: ["*"],
    multipliers: [
      { when: "service_tier=flex", factor: "0.5" },
      { when: "service_tier=priority", factor: "2" },
    ],
    page: "ai.google.dev/gemini-api/docs/optimization, 2026-11",
  },
  {
    // Models before Opus 4.6 refuse it.
    sources: ["Anthropic"],
    names: ["*"],
    multipliers: [{ when: "inference_geo=us", factor: "1.1" }],
    page: "platform.claude.com/docs/en/build-with-claude/data-residency, 2026-11",
  },
  {
    sources: ["Anthropic"],
    names: ["claude-opus-5", "claude-opus-5-5"],
    multipliers: [{ when: "speed=fast", factor: "2" }],
    page: "platform.claude.com/docs/en/build-with-claude/fast-mode, as resellers quote it, 2026-11",
  },
]

/** Of a name in the catalogue; undefined where all terms but the regular ones are unpriced. */
export function multipliersOf(source: string, name: string): readonly Multiplier[] | undefined {
  const found = TERM_ROWS.filter(
    ({ sources, names }) => sources.includes(source) && names.some((row) => covers(row, name)),
  ).flatMap(({ multipliers }) => multipliers)
  const last = new Map(found.map((multiplier) => [multiplier.when, multiplier] as const))
  return last.size === 0 ? undefined : [...last.values()]
}

function covers(row: string, name: string): boolean {
  if (row.endsWith("*")) return name.startsWith(row.slice(0, -1))
  return name === row || name.startsWith(`${row}-20`)
}
