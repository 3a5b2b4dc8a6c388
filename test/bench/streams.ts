/** Streams of 100 chunks of content as the two vendors send them, an event each. Pure. */

export const CHUNKS = 100

const utf8 = new TextEncoder()
const words = Array.from({ length: CHUNKS }, (_, at) => ` word${at}`)

/** Source: OpenAI API reference, "The chat completion chunk object". */
export function openAiStream(): readonly Uint8Array[] {
  const chunk = (choices: readonly object[], more: object = {}) =>
    utf8.encode(
      `data: ${JSON.stringify({
        id: "chatcmpl-Bq3b1XyZ",
        object: "chat.completion.chunk",
        created: 1_700_000_000,
        model: "gpt-4o-2024-08-06",
        service_tier: "default",
        system_fingerprint: "fp_07871e2ad8",
        choices,
        ...more,
      })}\n\n`,
    )
  const delta = (content: object, finish_reason: string | null = null) =>
    chunk([{ index: 0, delta: content, logprobs: null, finish_reason }], { usage: null })
  const usage = { prompt_tokens: 20, completion_tokens: CHUNKS, total_tokens: 120 }
  return [
    delta({ role: "assistant", content: "", refusal: null }),
    ...words.map((content) => delta({ content })),
    delta({}, "stop"),
    chunk([], { usage }),
    utf8.encode("data: [DONE]\n\n"),
  ]
}

/** Source: Anthropic, "Streaming Messages". */
export function anthropicStream(): readonly Uint8Array[] {
  const event = (type: string, fields: object) =>
    utf8.encode(`event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`)
  const message = {
    id: "msg_01XFDUDYJgAACzvnptvVoYEL",
    type: "message",
    role: "assistant",
    model: "claude-sonnet-4-5-20250929",
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 20, output_tokens: 1 },
  }
  return [
    event("message_start", { message }),
    event("content_block_start", { index: 0, content_block: { type: "text", text: "" } }),
    ...words.map((text) =>
      event("content_block_delta", { index: 0, delta: { type: "text_delta", text } }),
    ),
    event("content_block_stop", { index: 0 }),
    event("message_delta", {
      delta: { stop_reason: "end_turn", stop_sequence: null },
      usage: { output_tokens: CHUNKS },
    }),
    event("message_stop", {}),
  ]
}
