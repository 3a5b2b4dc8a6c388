/**
 * What a chat request can ask for beyond text in turns, as a closed list: the one vocabulary of
 * readers, encoders and the documentation.
 *
 * A surface's reader notes each feature that a request uses, under the client's own name of it. A
 * wire has one table that says of every feature what it does with it. What a wire cannot do is
 * refused by name; what it may leave out without losing anything says why in the table. Nothing is
 * dropped that is not in it.
 */
import { type Refusal, refuse } from "./refusal.ts"

export const CHAT_FEATURES = [
  "system",
  "system-between-turns",
  "assistant-prefill",
  "participant-name",
  "image-url",
  "image-data",
  "image-detail",
  "file-url",
  "file-data",
  "file-id",
  "audio-input",
  "video-input",
  "tools",
  "tool-strict",
  "tool-choice",
  "tool-choice-none",
  "tool-choice-required",
  "tool-choice-named",
  "tool-choice-allowed",
  "parallel-tool-calls-off",
  "tool-result-media",
  "tool-result-error",
  "hosted-tools",
  "json-object",
  "json-schema",
  "reasoning-effort",
  "reasoning-budget",
  "reasoning-history",
  "reasoning-unsigned",
  "max-output-tokens",
  "stop",
  "temperature",
  "top-p",
  "top-k",
  "min-p",
  "frequency-penalty",
  "presence-penalty",
  "logit-bias",
  "logprobs",
  "seed",
  "choices",
  "cache-markers",
  "cache-key",
  "cache-retention",
  "citations",
  "prediction",
  "verbosity",
  "output-audio",
  "output-image",
  "service-tier",
  "service-tier-standard",
  "safety-settings",
  "user",
  "metadata",
  "store",
  "stream-options",
  "unknown-field",
] as const

export type ChatFeature = (typeof CHAT_FEATURES)[number]

/** One feature that a request uses; `param` is the client's name or JSON pointer of it. */
export interface FeatureUse {
  readonly feature: ChatFeature
  readonly param: string
}

/**
 * `yes`: it arrives. `no`: 400 `unsupported_parameter`. `dropped`: left out, and the sentence says
 * why the answer is the same without it; it is printed in docs/providers.md.
 */
export type Support = "yes" | "no" | { readonly dropped: string }

export type FeatureTable = Readonly<Record<ChatFeature, Support>>

/** The first use that `table` refuses, as a refusal that names the field and the provider. */
export function findUnsupported(
  uses: readonly FeatureUse[],
  table: FeatureTable,
  provider: string,
  shape: string,
): Refusal | null {
  for (const { feature, param } of uses) {
    if (table[feature] === "no")
      return refuseUnsupported(param, provider, `${shape} has no such field`)
  }
  return null
}

/** The client's name of what it used of a feature; undefined when it did not. */
export function paramOf(uses: readonly FeatureUse[], feature: ChatFeature): string | undefined {
  return uses.find((use) => use.feature === feature)?.param
}

/** Also for what only an encoder can tell, such as a value outside the range that a wire takes. */
export function refuseUnsupported(param: string, provider: string, why: string): Refusal {
  const message = `${param} cannot be said to provider ${provider}: ${why}`
  return refuse("unsupported_parameter", message, { param })
}
