/**
 * One model's prices of the list as ours; undefined when they are not all of what it costs.
 *
 * Not taken are models that are charged by the hour, the page, the request or the video, those of
 * images or speech whose price for them the list does not have, and what is free today: unpriced
 * is never zero. Charges of tools that run at the provider (searches) are no price of tokens.
 * Where the price depends on the time of day, the dearest stands for all day; so it does for video,
 * whose frames are counted as images. An hour in Claude's cache costs two inputs everywhere: so it
 * is filled in where the list has only the five minutes ("Prompt caching", pricing, of Anthropic).
 * No write costs less than input: where the list has less it is what OpenRouter adds to it for
 * Gemini, five minutes of storage ("Prompt Caching", Google Gemini).
 */
import type { ModelInfo, ModelPrice } from "@pydantic/genai-prices"
import type { DatedPrice, DollarTariff, TierPrice } from "./tariff.ts"

const NAMES = {
  input_mtok: "input",
  cache_read_mtok: "cachedInput",
  cache_write_mtok: "cacheWrite",
  cache_write_1h_mtok: "cacheWrite1h",
  input_audio_mtok: "inputAudio",
  input_image_mtok: "inputImage",
  input_video_mtok: "inputImage",
  output_mtok: "output",
  output_audio_mtok: "outputAudio",
  output_image_mtok: "outputImage",
} as const

/** Cached audio and images are charged as audio and images: `costOf`. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  "web_searches_kcount",
  "storage_searches_kcount",
  "cache_audio_read_mtok",
  "cache_image_read_mtok",
])

/** Models that hear or speak. */
const SPEECH = /audio|realtime|voice|voxtral/

/** Their answers are no tokens, so that a price for input is all there is. */
const INPUT_ONLY = /embed|rerank/

export function pricesOf(model: ModelInfo): readonly DatedPrice[] | undefined {
  const dated: DatedPrice[] = []
  const entries = Array.isArray(model.prices) ? model.prices : [{ prices: model.prices }]
  for (const { constraint, prices } of entries) {
    const price = priceOf(model.id, prices)
    if (price === undefined) return undefined
    const last = dated.at(-1)
    if (constraint === undefined) dated.push(price)
    else if (constraint.type === "start_date") {
      dated.push({ from: `${constraint.start_date}T00:00:00Z`, ...price })
    } else if (last === undefined || last.tiers !== undefined) return undefined
    else dated[dated.length - 1] = dearest(last, price)
  }
  return dated
}

function priceOf(id: string, prices: ModelPrice): DatedPrice | undefined {
  const names = Object.keys(prices).filter((name) => !LEFT_OUT.has(name))
  if (!names.every((name) => Object.hasOwn(NAMES, name))) return undefined
  if (/image/.test(id) && !names.some((name) => /image/.test(name))) return undefined
  if (SPEECH.test(id) && !names.some((name) => /audio/.test(name))) return undefined
  const base = tariffOf(id, prices, 0)
  if (base === undefined) return undefined
  const starts = Object.values(prices).flatMap((price) =>
    typeof price === "object" ? price.tiers.map(({ start }) => start) : [],
  )
  const tiers = [...new Set(starts)]
    .sort((a, b) => a - b)
    .flatMap((start): readonly TierPrice[] => {
      const tariff = tariffOf(id, prices, start + 1)
      return tariff === undefined ? [] : [{ aboveInputTokens: start, ...tariff }]
    })
  return tiers.length === 0 ? base : { ...base, tiers }
}

/** For a prompt of `inputTokens`: a tier holds above its start, which is the list's own rule. */
function tariffOf(id: string, prices: ModelPrice, inputTokens: number): DollarTariff | undefined {
  const found: { -readonly [K in keyof DollarTariff]?: string } = {}
  for (const [name, ours] of Object.entries(NAMES)) {
    const price = prices[name]
    if (price === undefined) continue
    const tier =
      typeof price === "object" ? price.tiers.findLast(({ start }) => inputTokens > start) : null
    const written = dollars(typeof price === "object" ? (tier?.price ?? price.base) : price)
    found[ours] = dearer(found[ours], written)
  }
  const { input, output = INPUT_ONLY.test(id) ? "0" : undefined, ...rest } = found
  if (input === undefined || output === undefined) return undefined
  if (rest.cacheWrite !== undefined && Number(rest.cacheWrite) < Number(input)) {
    rest.cacheWrite = dollars(Number(input) + Number(rest.cacheWrite))
  }
  if (/claude/.test(id) && rest.cacheWrite !== undefined) {
    rest.cacheWrite1h ??= dollars(2 * Number(input))
  }
  return { input, ...rest, output }
}

/** Six digits after the point, as ModelCatalog has; a price with more is rounded up. */
function dollars(price: number): string {
  const millionths = Math.ceil(price * 1e6 - 1e-6)
  return (millionths / 1e6).toFixed(6).replace(/[.]?0+$/, "")
}

function dearest(a: DatedPrice, b: DollarTariff): DatedPrice {
  const merged: { -readonly [K in keyof DatedPrice]: DatedPrice[K] } = { ...a }
  for (const name of Object.values(NAMES)) {
    const [one, other] = [a[name], b[name]]
    if (one !== undefined && other !== undefined) merged[name] = dearer(one, other)
  }
  return merged
}

function dearer(before: string | undefined, price: string): string {
  return before !== undefined && Number(before) > Number(price) ? before : price
}
