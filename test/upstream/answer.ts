/** The answers of the test upstream in OpenAI's published shapes, as text. Pure. */
import type { Behaviour } from "./behaviour.ts"

export interface Asked {
  readonly backend: string
  readonly model: string
  readonly isStream: boolean
  readonly wantsUsage: boolean
  /** The attempt's number at this upstream; makes ids unique. */
  readonly number: number
}

/**
 * Content type and body of a whole answer. Source: OpenAI API reference, "The chat completion
 * object".
 */
export function wholeAnswer(asked: Asked, behaviour: Behaviour): readonly [string, string] {
  if (behaviour.body !== null) return ["application/json", behaviour.body]
  if (behaviour.status !== 200) return ["application/json", errorBody(asked, behaviour.status)]
  const usage = usageOf(asked, behaviour)
  return [
    "application/json",
    JSON.stringify({
      id: idOf(asked),
      object: "chat.completion",
      created: 1_700_000_000,
      model: asked.model,
      system_fingerprint: asked.backend,
      choices: [
        {
          index: 0,
          message: { role: "assistant", content: words(asked, behaviour).join(""), refusal: null },
          logprobs: null,
          finish_reason: "stop",
        },
      ],
      ...(usage === undefined ? {} : { usage }),
    }),
  ]
}

/**
 * The events of a streamed answer, `[DONE]` included, each with its blank line.
 * Source: OpenAI API reference, "The chat completion chunk object" and
 * `stream_options.include_usage`.
 */
export function streamEvents(asked: Asked, behaviour: Behaviour): readonly string[] {
  const usage = asked.wantsUsage ? usageOf(asked, behaviour) : undefined
  const chunk = (choices: readonly unknown[], more: unknown): string =>
    `data: ${JSON.stringify({
      id: idOf(asked),
      object: "chat.completion.chunk",
      created: 1_700_000_000,
      model: asked.model,
      system_fingerprint: asked.backend,
      choices,
      ...(more === undefined ? {} : { usage: more }),
    })}\n\n`
  const delta = (content: unknown, finish: string | null): string =>
    chunk(
      [{ index: 0, delta: content, logprobs: null, finish_reason: finish }],
      usage === undefined ? undefined : null,
    )
  return [
    delta({ role: "assistant", content: "", refusal: null }, null),
    ...words(asked, behaviour).map((word) => delta({ content: word }, null)),
    delta({}, "stop"),
    ...(usage === undefined ? [] : [chunk([], usage)]),
    "data: [DONE]\n\n",
  ]
}

/** What the upstream bills for a whole answer, and what it says when `usage` is `present`. */
export function billedUsage(behaviour: Behaviour): {
  readonly prompt_tokens: number
  readonly completion_tokens: number
} {
  return { prompt_tokens: 11, completion_tokens: behaviour.words }
}

function usageOf(asked: Asked, behaviour: Behaviour): unknown {
  if (behaviour.usage === "absent") return undefined
  if (behaviour.usage !== "present") return behaviour.usage.verbatim
  const { prompt_tokens, completion_tokens } = billedUsage(behaviour)
  return {
    prompt_tokens,
    completion_tokens,
    total_tokens: prompt_tokens + completion_tokens,
    prompt_tokens_details: { cached_tokens: asked.model.endsWith("-cached") ? 4 : 0 },
  }
}

function errorBody(asked: Asked, status: number): string {
  const message = `backend ${asked.backend} answers ${status} because the test asked for it`
  return JSON.stringify({ error: { message, type: "server_error", param: null, code: null } })
}

/** `alpha word1 word2 ...`: a test sees which backend answered, also in a stream. */
function words(asked: Asked, behaviour: Behaviour): readonly string[] {
  const count = Math.max(1, behaviour.words)
  return Array.from({ length: count }, (_, at) => {
    if (at > 0) return ` word${at}`
    return `${asked.backend}${"x".repeat(behaviour.paddingBytes)}`
  })
}

function idOf(asked: Asked): string {
  return `chatcmpl-${asked.backend}-${asked.number}`
}
