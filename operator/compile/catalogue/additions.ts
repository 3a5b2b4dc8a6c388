/**
 * Prices that the list does not have yet, or has too coarsely, each from the vendor's own page.
 *
 * A row stands before what the list says of its names. A test fails when the list says the same of
 * one, so that the row can go.
 */
import type { DatedPrice } from "./tariff.ts"

export interface Addition {
  /** As `priceSource` names them. */
  readonly sources: readonly string[]
  /** A name that ends in `*` stands for all that begin so. */
  readonly names: readonly string[]
  readonly prices: readonly DatedPrice[]
  /** Where it says so, and when that was read. */
  readonly page: string
}

const OPENAI = ["OpenAI", "AzureOpenAI"] as const

/** Read there by others: the page itself needs scripts. Three public price tables say the same. */
const AWS = "aws.amazon.com/bedrock/pricing, as public price tables quote it, 2026-11"

/** Behind the profiles of Bedrock's regions too. */
function inRegions(name: string): readonly string[] {
  return ["", "us.", "eu.", "apac.", "global."].map((region) => `${region}${name}`)
}

export const ADDITIONS: readonly Addition[] = [
  {
    sources: OPENAI,
    names: [
      "gpt-4o-audio-preview",
      "gpt-4o-audio-preview-2024-12-17",
      "gpt-4o-audio-preview-2025-06-03",
    ],
    prices: [{ input: "2.5", inputAudio: "40", output: "10", outputAudio: "80" }],
    page: "developers.openai.com/api/docs/models/gpt-4o-audio-preview, 2026-11",
  },
  {
    sources: OPENAI,
    names: ["gpt-4o-mini-audio-preview", "gpt-4o-mini-audio-preview-2024-12-17"],
    prices: [{ input: "0.15", inputAudio: "10", output: "0.6", outputAudio: "20" }],
    page: "developers.openai.com/api/docs/models/gpt-4o-mini-audio-preview, 2026-11",
  },
  {
    sources: OPENAI,
    names: ["gpt-4o-mini-tts-2025-03-20", "gpt-4o-mini-tts-2025-12-15"],
    prices: [{ input: "0.6", output: "12" }],
    page: "developers.openai.com/api/docs/models/gpt-4o-mini-tts, 2026-11",
  },
  {
    // Those of gpt-4o-mini-transcribe: the list has a price for audio, which the page leaves out.
    sources: OPENAI,
    names: ["gpt-4o-mini-transcribe-2025-12-15"],
    prices: [{ input: "1.25", inputAudio: "3", output: "5" }],
    page: "developers.openai.com/api/docs/models/gpt-4o-mini-transcribe, 2026-11",
  },
  {
    sources: OPENAI,
    names: [
      "gpt-image-2.5-flare",
      "gpt-image-2.5-flare-2026-09-08",
      "gpt-image-2.5-sunburst",
      "gpt-image-2.5-sunburst-2026-09-08",
      "gpt-image-2.6-sunburst",
    ],
    prices: [{ input: "5", cachedInput: "1.25", inputImage: "8", output: "30" }],
    page: "developers.openai.com/api/docs/models/gpt-image-2.6-sunburst, 2026-11",
  },
  {
    // "Free" is the vendor's word for these: the one price of 0 that is known, not assumed.
    sources: ["OpenAI"],
    names: ["omni-moderation-latest", "omni-moderation-2024-09-26"],
    prices: [{ input: "0", output: "0" }],
    page: "developers.openai.com/api/docs/models/omni-moderation-latest, 2026-11",
  },
  {
    sources: ["Anthropic"],
    names: ["claude-sonnet-5-5*"],
    prices: [
      { input: "2", cachedInput: "0.2", cacheWrite: "2.5", cacheWrite1h: "4", output: "10" },
      {
        from: "2026-10-07T00:00:00Z",
        input: "2",
        cachedInput: "0.1",
        cacheWrite: "2.5",
        cacheWrite1h: "4",
        output: "10",
      },
    ],
    page: "platform.claude.com/docs/en/about-claude/pricing, 2026-10",
  },
  {
    sources: ["Anthropic"],
    names: ["claude-haiku-5-5*"],
    prices: [
      {
        input: "0.1",
        cachedInput: "0.01",
        cacheWrite: "0.125",
        cacheWrite1h: "0.2",
        output: "0.5",
        tiers: [
          {
            aboveInputTokens: 100_000,
            input: "0.5",
            cachedInput: "0.05",
            cacheWrite: "0.625",
            cacheWrite1h: "1",
            output: "2.5",
          },
        ],
      },
    ],
    page: "platform.claude.com/docs/en/about-claude/pricing, 2026-10",
  },
  {
    // The list has all of Titan's text embeddings at the price of the first generation.
    sources: ["Bedrock"],
    names: inRegions("amazon.titan-embed-text-v2*"),
    prices: [{ input: "0.02", output: "0" }],
    page: AWS,
  },
  {
    sources: ["Bedrock"],
    names: ["cohere.embed-english-v3*", "cohere.embed-multilingual-v3*"],
    prices: [{ input: "0.1", output: "0" }],
    page: AWS,
  },
  {
    // Of text, which is all that it is asked for here; images are dearer.
    sources: ["Bedrock"],
    names: inRegions("cohere.embed-v4*"),
    prices: [{ input: "0.12", output: "0" }],
    page: AWS,
  },
]
