/** Every reason that a provider documents, whole and streamed, with calls and without. */
import { describe, expect, test } from "vitest"
import type { FinishReason, ResponseEvent } from "#proxy/exchange/response-event.ts"
import { documentOf } from "#test/conformance/translation/wires.ts"
import type { ChatWire } from "./adapter.ts"
import { anthropicChat } from "./anthropic/anthropic.ts"
import * as converse from "./bedrock/decode-chat.ts"
import * as cohere from "./cohere/decode-chat.ts"
import { geminiChat } from "./gemini/gemini.ts"

type Named = readonly [name: string | null, event: object]

interface Schema {
  readonly decoders: Pick<ChatWire, "decodeAnswer" | "openDecoder">
  readonly whole: (reason: string, hasCall: boolean) => object
  readonly stream: (reason: string, hasCall: boolean) => readonly Named[]
  readonly reasons: Readonly<Record<string, FinishReason>>
}

const SCHEMAS: Readonly<Record<string, Schema>> = {
  // Source: "Handling stop reasons".
  Anthropic: {
    decoders: anthropicChat,
    whole: (stop_reason, hasCall) => ({
      id: "m",
      content: hasCall ? [{ type: "tool_use", id: "c", name: "f", input: {} }] : [],
      stop_reason,
    }),
    stream: (stop_reason, hasCall) => {
      const content_block = { type: "tool_use", id: "c", name: "f", input: {} }
      const call = { type: "content_block_start", index: 0, content_block }
      return [
        { type: "message_start", message: { id: "m" } },
        ...(hasCall ? [call, { type: "content_block_stop", index: 0 }] : []),
        { type: "message_delta", delta: { stop_reason } },
        { type: "message_stop" },
      ].map((event): Named => [event.type, event])
    },
    reasons: {
      end_turn: "stop",
      stop_sequence: "stop-sequence",
      max_tokens: "length",
      model_context_window_exceeded: "context-length",
      tool_use: "tool-calls",
      refusal: "refusal",
      pause_turn: "pause",
      zz_new: "other",
    },
  },
  // Source: Converse, stopReason.
  Bedrock: {
    decoders: converse,
    whole: (stopReason, hasCall) => ({
      output: {
        message: {
          content: hasCall ? [{ toolUse: { toolUseId: "c", name: "f", input: {} } }] : [],
        },
      },
      stopReason,
    }),
    stream: (stopReason, hasCall) => {
      const start = { toolUse: { toolUseId: "c", name: "f" } }
      const call: Named = ["contentBlockStart", { contentBlockIndex: 0, start }]
      return [
        ["messageStart", { role: "assistant" }],
        ...(hasCall ? [call] : []),
        ["messageStop", { stopReason }],
        ["metadata", {}],
      ]
    },
    reasons: {
      end_turn: "stop",
      stop_sequence: "stop-sequence",
      max_tokens: "length",
      model_context_window_exceeded: "context-length",
      tool_use: "tool-calls",
      guardrail_intervened: "content-filter",
      content_filtered: "content-filter",
      malformed_model_output: "failed",
      malformed_tool_use: "failed",
      zz_new: "other",
    },
  },
  // Source: "Chat" (v2), finish_reason.
  Cohere: {
    decoders: cohere,
    whole: (finish_reason, hasCall) => ({
      message: {
        tool_calls: hasCall ? [{ id: "c", function: { name: "f", arguments: "{}" } }] : undefined,
      },
      finish_reason,
    }),
    stream: (finish_reason, hasCall) => {
      const tool_calls = { id: "c", function: { name: "f", arguments: "{}" } }
      const call: Named = ["tool-call-start", { delta: { message: { tool_calls } } }]
      return [
        ["message-start", { id: "m" }],
        ...(hasCall ? [call] : []),
        ["message-end", { delta: { finish_reason } }],
      ]
    },
    reasons: {
      COMPLETE: "stop",
      STOP_SEQUENCE: "stop-sequence",
      MAX_TOKENS: "length",
      TOOL_CALL: "tool-calls",
      ERROR_TOXIC: "content-filter",
      ERROR: "failed",
      TIMEOUT: "failed",
      ZZ_NEW: "other",
    },
  },
  // Source: "Candidate", FinishReason, of the Gemini API and of Vertex AI.
  Gemini: {
    decoders: geminiChat,
    whole: pieceOfGemini,
    stream: (reason, hasCall) => [[null, pieceOfGemini(reason, hasCall)]],
    reasons: {
      STOP: "stop",
      MAX_TOKENS: "length",
      SAFETY: "content-filter",
      RECITATION: "content-filter",
      BLOCKLIST: "content-filter",
      PROHIBITED_CONTENT: "content-filter",
      SPII: "content-filter",
      MODEL_ARMOR: "content-filter",
      IMAGE_SAFETY: "content-filter",
      IMAGE_PROHIBITED_CONTENT: "content-filter",
      IMAGE_RECITATION: "content-filter",
      MALFORMED_FUNCTION_CALL: "failed",
      MALFORMED_RESPONSE: "failed",
      UNEXPECTED_TOOL_CALL: "failed",
      TOO_MANY_TOOL_CALLS: "failed",
      MISSING_THOUGHT_SIGNATURE: "failed",
      OTHER: "other",
      LANGUAGE: "other",
      ZZ_NEW: "other",
    },
  },
}

function pieceOfGemini(finishReason: string, hasCall: boolean) {
  const parts = hasCall ? [{ functionCall: { name: "f", args: {} } }] : []
  return { candidates: [{ content: { parts }, finishReason }] }
}

function reasonsIn(events: readonly ResponseEvent[]): readonly FinishReason[] {
  return events.flatMap((event) => (event.kind === "choice-end" ? [event.reason] : []))
}

describe.each(Object.entries(SCHEMAS))("%s", (_name, { decoders, whole, stream, reasons }) => {
  function read(reason: string, hasCall: boolean) {
    const answer = decoders.decodeAnswer(documentOf(JSON.stringify(whole(reason, hasCall))))
    const decoder = decoders.openDecoder()
    const events = stream(reason, hasCall).flatMap(([name, event]) =>
      decoder.push({ kind: "json", name, document: documentOf(JSON.stringify(event)) }),
    )
    return { whole: answer.ok ? reasonsIn(answer.events) : [], stream: reasonsIn(events) }
  }

  test.each(Object.entries(reasons))("%s is %s", (reason, means) => {
    const want = means === "tool-calls" ? "stop" : means
    expect(read(reason, false)).toEqual({ whole: [want], stream: [want] })
    const called = means === "stop" ? "tool-calls" : means
    expect(read(reason, true)).toEqual({ whole: [called], stream: [called] })
  })
})

test("a piece of Gemini's whose reason is not specified ends nothing", () => {
  const decoder = geminiChat.openDecoder()
  const push = (piece: object) =>
    decoder.push({ kind: "json", name: null, document: documentOf(JSON.stringify(piece)) })
  expect(reasonsIn(push(pieceOfGemini("FINISH_REASON_UNSPECIFIED", false)))).toEqual([])
  expect(decoder.finish()).toEqual([])
  expect(reasonsIn(push(pieceOfGemini("STOP", false)))).toEqual(["stop"])
  expect(decoder.finish()).toEqual([{ kind: "response-end" }])
})
