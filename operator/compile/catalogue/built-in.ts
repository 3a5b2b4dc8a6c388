/** The built-in catalogue: what models cost where no ModelCatalog says otherwise. */
import type { ProviderSchema } from "#proxy/contract/snapshot.ts"
import openai from "./generated/openai.json" with { type: "json" }

/** US dollars per million tokens, as in ModelCatalog. */
export interface DollarTariff {
  readonly input: string
  readonly cachedInput?: string | undefined
  readonly cacheWrite?: string | undefined
  readonly cacheWrite1h?: string | undefined
  readonly inputAudio?: string | undefined
  readonly inputImage?: string | undefined
  readonly output: string
  readonly outputAudio?: string | undefined
  readonly outputImage?: string | undefined
}

export interface DatedPrice extends DollarTariff {
  readonly from?: string | undefined
  readonly tiers?: readonly (DollarTariff & { readonly aboveInputTokens: number })[] | undefined
}

type Models = Readonly<Record<string, readonly DatedPrice[]>>

/** Where the prices are from, for metrics and `explain`. */
export const BUILT_IN_SOURCE: string = openai.source

const OPENAI: Models = openai.models

/** Simulated models cost what their namesakes of OpenAI cost, and these what is written here. */
const SIMULATED: Models = {
  ...OPENAI,
  simulated: [{ input: "1", cachedInput: "0.5", output: "2" }],
  "simulated-small": [{ input: "0.1", cachedInput: "0.05", output: "0.4" }],
  "simulated-large": [{ input: "5", cachedInput: "2.5", output: "15" }],
}

export const BUILT_IN_MODELS: readonly {
  readonly schema: ProviderSchema
  readonly models: Models
}[] = [
  { schema: "OpenAI", models: OPENAI },
  { schema: "Simulated", models: SIMULATED },
]
