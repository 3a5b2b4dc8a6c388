/**
 * Counters of tokens, one for each category that OpenTelemetry's conventions for inference tokens
 * name: cached, written and reasoning tokens are parts of the input and the output, never beside
 * them, so that nothing is counted twice by summing one counter.
 *
 * In: the usage of one exchange. Out: `gen_ai.client.inference.usage.*`, in Prometheus form.
 */
import type { Registry } from "prom-client"
import type { TokenUsage } from "#proxy/contract/records.ts"
import { type BoundCounter, CounterFamily } from "./fast-metrics.ts"

const CATEGORIES = {
  input_tokens: "Tokens of prompts, cached ones included.",
  output_tokens: "Tokens of answers, reasoning included.",
  cache_read_input_tokens: "Part of the input that providers read from their caches.",
  cache_write_input_tokens: "Part of the input that providers wrote to their caches.",
  reasoning_output_tokens: "Part of the output that models reasoned with.",
} as const

type Category = keyof typeof CATEGORIES
/** `unknown` where the provider does not break its usage down. */
type Modality = "text" | "audio" | "image" | "unknown"

export type TokenFamilies = Readonly<Record<Category, CounterFamily>>

/** `labels` are those of the conventions that every metric of a call carries. */
export function createTokenFamilies(registry: Registry, labels: readonly string[]): TokenFamilies {
  const family = (category: Category) =>
    new CounterFamily(registry, {
      name: `gen_ai_client_inference_usage_${category}_total`,
      help: CATEGORIES[category],
      labels: [...labels, "gen_ai_token_modality"],
    })
  return {
    input_tokens: family("input_tokens"),
    output_tokens: family("output_tokens"),
    cache_read_input_tokens: family("cache_read_input_tokens"),
    cache_write_input_tokens: family("cache_write_input_tokens"),
    reasoning_output_tokens: family("reasoning_output_tokens"),
  }
}

/** The counters of one kind of call, bound when first added to: most providers tell few parts. */
export class TokenCounters {
  readonly #families: TokenFamilies
  readonly #labels: readonly string[]
  readonly #bound: Readonly<Record<Category, Partial<Record<Modality, BoundCounter>>>> = {
    input_tokens: {},
    output_tokens: {},
    cache_read_input_tokens: {},
    cache_write_input_tokens: {},
    reasoning_output_tokens: {},
  }

  constructor(families: TokenFamilies, labels: readonly string[]) {
    this.#families = families
    this.#labels = labels
  }

  add(usage: TokenUsage): void {
    const { inputTokens, outputTokens, inputAudioTokens, outputAudioTokens } = usage
    this.#addSide("input_tokens", inputTokens, inputAudioTokens, usage.inputImageTokens)
    this.#addSide("output_tokens", outputTokens, outputAudioTokens, usage.outputImageTokens)
    this.#add("cache_read_input_tokens", "unknown", usage.cachedInputTokens)
    this.#add("cache_write_input_tokens", "unknown", usage.cacheWriteTokens)
    this.#add("reasoning_output_tokens", "unknown", usage.reasoningTokens)
  }

  #addSide(
    category: Category,
    whole: number,
    audio: number | undefined,
    image: number | undefined,
  ): void {
    if (audio === undefined && image === undefined) {
      this.#add(category, "unknown", whole)
      return
    }
    this.#add(category, "audio", audio)
    this.#add(category, "image", image)
    this.#add(category, "text", whole - (audio ?? 0) - (image ?? 0))
  }

  #add(category: Category, modality: Modality, count: number | undefined): void {
    if (count === undefined || count === 0) return
    const counters = this.#bound[category]
    counters[modality] ??= this.#families[category].bind(...this.#labels, modality)
    counters[modality].add(count)
  }
}
