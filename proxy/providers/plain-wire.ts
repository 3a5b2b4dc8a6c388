/**
 * What most wires are alike in: bodies of JSON, streams of server-sent events, a key as bearer. A
 * wire begins with it and says what it offers; alone it offers nothing.
 */
import type { Authorization, UpstreamWire } from "./adapter.ts"

export const BEARER: Authorization = Object.freeze({ header: "authorization", prefix: "Bearer " })

export const PLAIN_WIRE = Object.freeze({
  headers: Object.freeze([]),
  passedHeaders: Object.freeze([]),
  authorization: BEARER,
  framing: "sse",
  same: null,
  chat: null,
  embeddings: null,
  rerank: null,
} as const satisfies Partial<UpstreamWire>)
