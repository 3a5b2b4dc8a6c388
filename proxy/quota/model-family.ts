/**
 * How each family of models turns what it is sent into tokens: one table for all surfaces.
 *
 * In: the name of the model that serves, as the upstream has it. Out: the factors of its family.
 * Numbers are the vendors' own where they publish them; each row says where.
 */

export interface TokenFactors {
  /** Bytes of English text and of code in one token. */
  readonly bytesPerToken: number
  /** Around one message: role and separators. */
  readonly perMessage: number
  /** What the vendor adds when there are tools. */
  readonly perToolPrompt: number
  /** The most that one image is scaled to, and one that is looked at coarsely. */
  readonly perImage: number
  readonly perCoarseImage: number
  readonly perAudioSecond: number
}

/** "1 token is about 4 characters" (OpenAI, Google); OpenAI's "Images and vision", high and low. */
const COMMON: TokenFactors = {
  bytesPerToken: 4,
  perMessage: 4,
  perToolPrompt: 0,
  perImage: 1105,
  perCoarseImage: 85,
  // OpenAI, "Managing costs": one token for 100 ms of what a user says.
  perAudioSecond: 10,
}

/** From Opus 4.7 and the fifth generation on, in either order of name and number. */
const NEWER_CLAUDE = new RegExp(
  [
    "claude-(?:opus-4[.-][7-9]|(?:opus|sonnet|haiku)-[5-9]|fable|mythos)",
    "claude-(?:4[.-][7-9]|[5-9](?:[.-][0-9])?)-(?:opus|sonnet|haiku)",
  ].join("|"),
)

/** The first that matches holds. Names may stand behind a vendor's or a region's prefix. */
const FAMILIES: readonly { readonly pattern: RegExp; readonly factors: TokenFactors }[] = [
  // 2,833 tokens, and 5,667 for each of four tiles ("Images and vision").
  { pattern: /gpt-4o-mini/, factors: { ...COMMON, perImage: 25_501, perCoarseImage: 2833 } },
  // 1,536 patches at most, times 1.62, 2.46 or 1.72 as documented ("Images and vision"); GPT-5 is
  // billed less.
  { pattern: /gpt-(4[.]1|5[.0-9]*)-mini/, factors: { ...COMMON, perImage: 2489 } },
  { pattern: /gpt-(4[.]1|5[.0-9]*)-nano/, factors: { ...COMMON, perImage: 3779 } },
  { pattern: /o4-mini/, factors: { ...COMMON, perImage: 2642 } },
  {
    // "Approximately 30 percent more tokens" than those below (Anthropic's "Token counting"), and
    // images of up to 3.75 megapixels at 750 pixels a token ("Vision").
    pattern: NEWER_CLAUDE,
    factors: {
      ...COMMON,
      bytesPerToken: 2.7,
      perToolPrompt: 346,
      perImage: 5000,
      perCoarseImage: 5000,
    },
  },
  {
    // 3.5 characters of English (Anthropic's glossary); images of 1,092 x 1,092 ("Vision"); the
    // system prompt of tools ("Tool use", pricing).
    pattern: /claude/,
    factors: {
      ...COMMON,
      bytesPerToken: 3.5,
      perToolPrompt: 346,
      perImage: 1600,
      perCoarseImage: 1600,
    },
  },
  {
    // Gemini API, "Understand and count tokens" and "Media resolution": 1,120 an image at most, 32
    // a second of audio.
    pattern: /gemini|gemma/,
    factors: { ...COMMON, perImage: 1120, perCoarseImage: 280, perAudioSecond: 32 },
  },
  // 0.3 tokens a character of English (DeepSeek API, "Token usage").
  { pattern: /deepseek/, factors: { ...COMMON, bytesPerToken: 3.3 } },
]

/** Models seen; at the bound all are let go, since a Snapshot names far fewer. */
const KNOWN_MAX = 1024
const known = new Map<string, TokenFactors>()

/** Looked up once for each name: patterns for every request add up. */
export function factorsOf(model: string): TokenFactors {
  const before = known.get(model)
  if (before !== undefined) return before
  const factors = FAMILIES.find(({ pattern }) => pattern.test(model))?.factors ?? COMMON
  if (known.size >= KNOWN_MAX) known.clear()
  known.set(model, factors)
  return factors
}
