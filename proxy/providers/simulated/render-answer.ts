/**
 * A simulated answer in OpenAI's wire shape, whole or as events. `created` is fixed: no clock runs
 * here.
 */
import { DONE_EVENT, writeEvent } from "#proxy/wire/sse-write.ts"
import type { SimulatedAnswer } from "./compose-answer.ts"

/** 2026-01-01T00:00:00Z, in seconds. */
const CREATED = 1_767_225_600

export interface StreamEvent {
  readonly text: string
  /** Whether a token's interval goes before it. */
  readonly isToken: boolean
}

export function completionJson(answer: SimulatedAnswer): string {
  const choices = Array.from({ length: answer.choices }, (_, index) => ({
    index,
    message: messageOf(answer),
    logprobs: null,
    finish_reason: answer.finishReason,
  }))
  return JSON.stringify({
    id: answer.id,
    object: "chat.completion",
    created: CREATED,
    model: answer.model,
    choices,
    usage: usageOf(answer),
  })
}

export function errorJson(message: string): string {
  return JSON.stringify({ error: { message, type: "server_error", param: null, code: null } })
}

/**
 * Role, tokens or the tool call, finish reason, usage when asked for, `[DONE]`; choice after
 * choice.
 */
export function streamEvents(answer: SimulatedAnswer): readonly StreamEvent[] {
  const events: StreamEvent[] = []
  for (let index = 0; index < answer.choices; index++) {
    events.push(chunk(answer, index, { role: "assistant", content: "" }, null, false))
    for (const content of answer.tokens) events.push(chunk(answer, index, { content }, null, true))
    if (answer.toolCall !== null) {
      events.push(chunk(answer, index, { tool_calls: [callDelta(answer.toolCall)] }, null, true))
    }
    events.push(chunk(answer, index, {}, answer.finishReason, false))
  }
  if (answer.hasUsage) {
    const text = event({ ...chunkHead(answer), choices: [], usage: usageOf(answer) })
    events.push({ text, isToken: false })
  }
  events.push({ text: DONE_EVENT, isToken: false })
  return events
}

function messageOf(answer: SimulatedAnswer): unknown {
  const { toolCall } = answer
  if (toolCall === null) {
    return { role: "assistant", content: answer.tokens.join(""), refusal: null }
  }
  return { role: "assistant", content: null, refusal: null, tool_calls: [callOf(toolCall)] }
}

function callOf(call: NonNullable<SimulatedAnswer["toolCall"]>): unknown {
  return {
    id: call.id,
    type: "function",
    function: { name: call.name, arguments: call.arguments },
  }
}

function callDelta(call: NonNullable<SimulatedAnswer["toolCall"]>): unknown {
  return {
    index: 0,
    id: call.id,
    type: "function",
    function: { name: call.name, arguments: call.arguments },
  }
}

function chunk(
  answer: SimulatedAnswer,
  index: number,
  delta: unknown,
  finishReason: string | null,
  isToken: boolean,
): StreamEvent {
  const choices = [{ index, delta, logprobs: null, finish_reason: finishReason }]
  const usage = answer.hasUsage ? { usage: null } : {}
  return { text: event({ ...chunkHead(answer), choices, ...usage }), isToken }
}

function chunkHead(answer: SimulatedAnswer): Readonly<Record<string, unknown>> {
  return {
    id: answer.id,
    object: "chat.completion.chunk",
    created: CREATED,
    model: answer.model,
  }
}

function event(body: unknown): string {
  return writeEvent(JSON.stringify(body))
}

function usageOf(answer: SimulatedAnswer): unknown {
  return {
    prompt_tokens: answer.promptTokens,
    completion_tokens: answer.completionTokens,
    total_tokens: answer.promptTokens + answer.completionTokens,
    prompt_tokens_details: { cached_tokens: 0 },
  }
}
