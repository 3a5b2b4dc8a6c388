/** The chats the bench sends and the answers it gets: ordinary English in ordinary shapes. Pure. */

/** What the gateway's route is called, and what the upstream calls the model. */
export const BENCH_MODEL = "bench"
/** The same for streams: another upstream path answers them. */
export const STREAM_MODEL = "bench-stream"
export const UPSTREAM_MODEL = "upstream-model-2026"

const PROSE =
  "Please summarise the following note for a colleague who has not read it: " +
  '"the delivery\\nslipped" ' +
  "because two parts were missing, the supplier answered late, and nobody had asked twice. "

/**
 * A chat of about `bytes` bytes (within one message of it), in messages of at most 1 KB of text.
 */
export function chatBody(bytes: number, isStream: boolean): string {
  const messages: { role: string; content: string }[] = [
    { role: "system", content: "You answer in short, plain sentences." },
  ]
  const frame = JSON.stringify({ ...shape(isStream), messages }).length
  let left = bytes - frame
  for (let at = 0; left > 40; at += 1) {
    const size = Math.min(1000, left - 36)
    const content = PROSE.repeat(Math.ceil(size / PROSE.length)).slice(0, Math.max(1, size))
    messages.push({ role: at % 2 === 0 ? "user" : "assistant", content })
    left -= JSON.stringify(messages.at(-1)).length + 1
  }
  return JSON.stringify({ ...shape(isStream), messages })
}

/** The upstream's whole answer: 1.1 KB, with usage. */
export function answerBody(): string {
  return JSON.stringify({
    id: "chatcmpl-BenchBenchBenchBenchBench",
    object: "chat.completion",
    created: 1_700_000_000,
    model: UPSTREAM_MODEL,
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: PROSE.repeat(4).slice(0, 640), refusal: null },
        logprobs: null,
        finish_reason: "stop",
      },
    ],
    usage: {
      prompt_tokens: 210,
      completion_tokens: 140,
      total_tokens: 350,
      prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
    },
    service_tier: "default",
    system_fingerprint: "fp_bench",
  })
}

/** One event of a streamed answer with its blank line. */
export function deltaEvent(content: string): string {
  return event([{ index: 0, delta: { content }, logprobs: null, finish_reason: null }], null)
}

export function usageEvent(): string {
  return event([], { prompt_tokens: 210, completion_tokens: 140, total_tokens: 350 })
}

export const DONE_EVENT = "data: [DONE]\n\n"

function event(choices: readonly unknown[], usage: unknown): string {
  const chunk = {
    id: "chatcmpl-BenchBenchBenchBenchBench",
    object: "chat.completion.chunk",
    created: 1_700_000_000,
    model: UPSTREAM_MODEL,
    service_tier: "default",
    system_fingerprint: "fp_bench",
    choices,
    usage,
  }
  return `data: ${JSON.stringify(chunk)}\n\n`
}

function shape(isStream: boolean): object {
  const settings = { temperature: 0.2, max_tokens: 300 }
  if (!isStream) return { model: BENCH_MODEL, ...settings }
  // Usage is asked for, so that nothing is hidden and both gateways pass on the same events.
  const options = { stream: true, stream_options: { include_usage: true } }
  return { model: STREAM_MODEL, ...settings, ...options }
}
