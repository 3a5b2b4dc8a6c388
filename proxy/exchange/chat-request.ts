/**
 * A chat request in the intermediate form: what any client surface of chat can say, and any chat
 * wire can be told.
 *
 * Made by a surface's reader only when a target of another wire is to be asked. Texts are values;
 * what is only carried (schemas, arguments, numbers) is the client's own JSON text. A field that
 * has no place here is in `uses` as `unknown-field`, so that no wire drops it silently.
 */
import type { RawJson } from "#proxy/contract/json-write.ts"
import type { FeatureUse } from "./chat-feature.ts"

export interface ChatRequest {
  readonly isStream: boolean
  /** In the order of the conversation; leading `system` messages are the system prompt. */
  readonly messages: readonly ChatMessage[]
  readonly tools: readonly ToolDefinition[]
  readonly toolChoice: ToolChoice | null
  /** Null when the client did not say; true is every wire's default. */
  readonly parallelToolCalls: boolean | null
  readonly outputFormat: OutputFormat | null
  readonly reasoning: ReasoningWish | null
  /** The same in Anthropic's words, where the client used these: for its models at other hosts. */
  readonly ownThinking: OwnThinking | null
  /** Null: the wire's own default, or ours where the wire needs a number. */
  readonly maxOutputTokens: number | null
  /** Numbers in the client's own digits. */
  readonly temperature: RawJson | null
  readonly topP: RawJson | null
  readonly topK: RawJson | null
  readonly minP: RawJson | null
  readonly frequencyPenalty: RawJson | null
  readonly presencePenalty: RawJson | null
  readonly seed: RawJson | null
  readonly stop: readonly string[]
  /** How many answers; 1 when the client did not say. */
  readonly choices: number
  /** Number of alternatives per token, 0 for the chosen one alone; null asks for none. */
  readonly logprobs: number | null
  /** Token to bias as an object of the client's; only wires with OpenAI's token ids have it. */
  readonly logitBias: RawJson | null
  /** Who the end user is, in the client's words. */
  readonly user: string | null
  /** The provider's regular tier and no better one; null leaves it to the provider. */
  readonly serviceTier: "standard" | null
  readonly verbosity: string | null
  /** Gemini's `safetySettings`, as the client wrote them. */
  readonly safetySettings: RawJson | null
  /** Whether the answer may hold images beside its text. */
  readonly mayShowImages: boolean
  /** Which prompts share a cache at the provider, in OpenAI's words, as the two below. */
  readonly cacheKey: string | null
  readonly cacheRetention: string | null
  readonly cacheOptions: RawJson | null
  /** All that this request uses beyond plain text turns. */
  readonly uses: readonly FeatureUse[]
}

export interface ChatMessage {
  /** `tool`: results only, one part a result. */
  readonly role: "system" | "user" | "assistant" | "tool"
  readonly parts: readonly ContentPart[]
}

export type ContentPart =
  | TextPart
  | MediaPart
  | ReasoningPart
  | RefusalPart
  | ToolCallPart
  | ToolResultPart

export interface TextPart {
  readonly kind: "text"
  /** Of what a search found: its title, its source and what it says, for whoever takes texts. */
  readonly text: string
  readonly cache: CacheMarker | null
  /** Where it is something that a search of the client's found. */
  readonly found?: FoundResult
}

/** Anthropic's `search_result`. */
export interface FoundResult {
  /** An address, or what else the client knows it by. */
  readonly source: string
  readonly title: string
  /** Its texts, which a citation counts. */
  readonly texts: readonly string[]
  /** Whether the answer shall cite it. */
  readonly isCited: boolean
}

/** `file` is a document such as a PDF. */
export interface MediaPart {
  readonly kind: "image" | "file" | "audio" | "video"
  readonly source: MediaSource
  /** Of a file: its name as the model may see it. */
  readonly name: string | null
  /** Of an image: `low`, `high`, `auto`. */
  readonly detail: string | null
  /** Of a file: whether the answer shall cite it. */
  readonly isCited: boolean
  readonly cache: CacheMarker | null
}

export type MediaSource =
  /** Never fetched by us. */
  | { readonly kind: "url"; readonly url: string; readonly mimeType: string | null }
  /** `base64` without line breaks and without a `data:` prefix. */
  | { readonly kind: "data"; readonly mimeType: string; readonly base64: string }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "file-id"; readonly id: string }

/** What the model thought before, given back to it; wires check it by the signature. */
export interface ReasoningPart {
  readonly kind: "reasoning"
  readonly text: string
  readonly signature: string | null
  /** In place of the text where the provider hid it. */
  readonly redacted: string | null
}

export interface RefusalPart {
  readonly kind: "refusal"
  readonly text: string
}

export interface ToolCallPart {
  readonly kind: "tool-call"
  readonly id: string
  readonly name: string
  /** A JSON object as text; `{}` for no arguments. */
  readonly arguments: string
  /** Gemini's `thoughtSignature`, given back to it. */
  readonly signature: string | null
  readonly cache: CacheMarker | null
}

export interface ToolResultPart {
  readonly kind: "tool-result"
  readonly callId: string
  /** Name of the tool, from the call that it answers; null when no call has this id. */
  readonly name: string | null
  readonly parts: readonly (TextPart | MediaPart)[]
  readonly isError: boolean
  readonly cache: CacheMarker | null
}

/** The prompt up to and including this part shall be cached: `5m` or `1h`. */
export interface CacheMarker {
  readonly ttl: "5m" | "1h"
}

export interface ToolDefinition {
  readonly name: string
  readonly description: string | null
  /** JSON schema of the arguments, as the client wrote it; null for none. */
  readonly parameters: RawJson | null
  readonly isStrict: boolean
  readonly cache: CacheMarker | null
}

export type ToolChoice =
  | { readonly kind: "auto" | "none" | "required" }
  | { readonly kind: "named"; readonly name: string }

export type OutputFormat =
  | { readonly kind: "json-object" }
  | {
      readonly kind: "json-schema"
      readonly name: string
      readonly description: string | null
      readonly schema: RawJson
      readonly isStrict: boolean
    }

export const EFFORTS = ["none", "minimal", "low", "medium", "high", "xhigh", "max"] as const

/** One of the two is set, or neither: then reasoning is only switched on. */
export interface ReasoningWish {
  readonly effort: (typeof EFFORTS)[number] | null
  /** Output tokens at most for thinking. */
  readonly budgetTokens: number | null
  /** Whether the answer shall show the thoughts. */
  readonly isShown: boolean
}

/** Anthropic's `thinking` and `output_config.effort`, as the client wrote them. */
export interface OwnThinking {
  /** Of `thinking`. */
  readonly type: string | null
  readonly thinking: RawJson | null
  readonly effort: string | null
}

export function isMedia(part: ContentPart): part is MediaPart {
  switch (part.kind) {
    case "image":
    case "file":
    case "audio":
    case "video":
      return true
    default:
      return false
  }
}
