/**
 * What a chat request can ask for beyond text in turns, as a closed list: the one vocabulary of
 * readers, encoders and the documentation.
 */
import type { SupportTable, UseOf } from "./feature-support.ts"

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
  "tool-grammar",
  "tool-deferred",
  "tool-choice",
  "tool-choice-none",
  "tool-choice-required",
  "tool-choice-named",
  "tool-choice-allowed",
  "parallel-tool-calls-off",
  "tool-result-media",
  "tool-result-error",
  "hosted-tools",
  "hosted-tools-offered",
  "json-object",
  "json-schema",
  "reasoning-effort",
  "reasoning-budget",
  "reasoning-history",
  "reasoning-history-google",
  "reasoning-unsigned",
  "context-management",
  "answer-echo",
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
  "search-results",
  "citations",
  "citation-history",
  "media-history",
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

export type FeatureUse = UseOf<ChatFeature>
export type FeatureTable = SupportTable<ChatFeature>

/** Why a feature that is no field of its own cannot be said. */
export const CHAT_REASONS: Readonly<Partial<Record<ChatFeature, string>>> = Object.freeze({
  "media-history": "it takes no image or file as something that the model said",
})
