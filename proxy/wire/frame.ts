/**
 * One whole message of a stream, whatever cuts the bytes into messages.
 *
 * `sse`: server-sent events. `aws-event-stream`: AWS's binary messages, whose `:event-type` is the
 * name.
 */
import type { JsonDocument } from "#proxy/contract/json-document.ts"

export type FramingName = "sse" | "aws-event-stream"

export type Frame =
  /** `name` is null where the stream names none. */
  | { readonly kind: "json"; readonly name: string | null; readonly document: JsonDocument }
  /** OpenAI's `[DONE]`. */
  | { readonly kind: "done-marker" }
