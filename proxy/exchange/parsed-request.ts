/** What a surface makes of a request body: checked once, measured, and never built into objects. */
import type { JsonDocument } from "#proxy/contract/json-document.ts"
import type { FormPart } from "#proxy/wire/multipart.ts"
import type { PromptMeasure } from "./prompt-measure.ts"
import type { Refusal } from "./refusal.ts"

/** The shapes that clients speak. A surface that is not here is 404 `endpoint_not_enabled`. */
export type SurfaceName =
  | "openai-chat"
  | "openai-responses"
  | "openai-completions"
  | "openai-embeddings"
  | "openai-moderations"
  | "openai-images"
  | "openai-speech"
  | "openai-transcriptions"
  | ModelsSurfaceName
  | "anthropic-messages"
  | "anthropic-count-tokens"
  | "gemini-generate"
  | "gemini-count-tokens"
  | "gemini-embed"
  | "gemini-batch-embed"
  | "cohere-rerank"

/** Lists of models: the same names in three shapes. */
export type ModelsSurfaceName = "openai-models" | "anthropic-models" | "gemini-models"

export interface ParsedRequest {
  readonly surface: SurfaceName
  /** The body as it came, with the positions of everything in it; of a form, its fields. */
  readonly document: JsonDocument
  /** Absent where the body is JSON. */
  readonly form?: RequestForm
  /** The name the client asked for; 1 to 256 characters, no control characters. */
  readonly model: string
  /** Node of that name in `document`; NONE where the surface names it in the path. */
  readonly modelNode: number
  readonly isStream: boolean
  /** Content type in which the client wants its stream; null: whichever the upstream gives. */
  readonly streamType: string | null
  /**
   * Whether the client itself asked for usage in its stream; if not, it is asked for and hidden.
   */
  readonly wantsUsage: boolean
  /** From the body's own field; null when the client named nobody. */
  readonly user: string | null
  /** For the estimate of its tokens before the answer. */
  readonly measure: PromptMeasure
  /** A policy bounds its answer: an upstream must be told so in a word that it knows. */
  readonly isOutputBounded?: true
}

export interface RequestForm {
  readonly parts: readonly FormPart[]
  /** For the body that is built of them; no part holds it. */
  readonly boundary: string
}

/** A stage's answer: the next value, or the refusal that ends the exchange. */
export type Decision<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: Refusal }

export function accept<T>(value: T): Decision<T> {
  return { ok: true, value }
}

export function reject(refusal: Refusal): { readonly ok: false; readonly refusal: Refusal } {
  return { ok: false, refusal }
}
