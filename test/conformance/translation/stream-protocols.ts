/**
 * What a client of each surface relies on in a stream, as a list of what is wrong with one. Kept
 * apart from the renderers: written from the published pages, it shares no code with them.
 */
import type { ModelSurfaceName } from "#proxy/surfaces/registry.ts"

/** Complaints about a whole stream that ended well; none when it is as the surface demands. */
export type StreamCheck = (text: string) => readonly string[]

/** Surfaces that stream in their own shape. A streaming surface without a row fails the suite. */
export const STREAM_CHECKS: Readonly<Partial<Record<ModelSurfaceName, StreamCheck>>> = {
  "openai-chat": checkChunks,
  "openai-completions": checkTexts,
  "openai-responses": checkResponse,
  "anthropic-messages": checkMessage,
  "gemini-generate": checkPieces,
}

interface SseEvent {
  readonly name: string | null
  readonly data: string
}

function eventsOf(text: string): readonly SseEvent[] {
  return text
    .split("\n\n")
    .filter((block) => block !== "")
    .map((block) => {
      const lines = block.split("\n")
      const fieldOf = (field: string) =>
        lines.find((line) => line.startsWith(`${field}: `))?.slice(field.length + 2) ?? null
      return { name: fieldOf("event"), data: fieldOf("data") ?? "" }
    })
}

interface Chunk {
  readonly object?: string
  readonly choices: readonly {
    readonly index: number
    readonly text?: string
    readonly finish_reason: string | null
    readonly delta?: {
      readonly role?: string
      readonly tool_calls?: readonly { readonly index: number; readonly id?: string }[]
    }
  }[]
}

/** Source: OpenAI API reference, "Streaming", "The chat completion chunk object". */
function checkChunks(text: string): readonly string[] {
  const complaints = checkTexts(text)
  const roles = new Set<number>()
  const calls = new Set<string>()
  for (const choice of chunksOf(text).flatMap(({ choices }) => choices)) {
    const { index, delta, finish_reason } = choice
    if (finish_reason === null && !roles.has(index) && delta?.role !== "assistant") {
      complaints.push(`choice ${index} begins without a role`)
    }
    roles.add(index)
    for (const call of delta?.tool_calls ?? []) {
      const key = `${index}.${call.index}`
      if (calls.has(key) === (call.id !== undefined)) complaints.push(`call ${key} and its id`)
      calls.add(key)
    }
  }
  return complaints
}

function chunksOf(text: string): readonly Chunk[] {
  const events = eventsOf(text).filter(({ data }) => data !== "[DONE]")
  return events.map(({ data }): Chunk => JSON.parse(data))
}

function checkTexts(text: string): string[] {
  const complaints: string[] = []
  const events = eventsOf(text)
  if (events.at(-1)?.data !== "[DONE]") complaints.push("[DONE] is not last")
  if (events.filter(({ data }) => data === "[DONE]").length !== 1) complaints.push("not one [DONE]")
  const seen = new Set<number>()
  const ended = new Set<number>()
  for (const { index, finish_reason } of chunksOf(text).flatMap(({ choices }) => choices)) {
    if (ended.has(index)) complaints.push(`choice ${index} goes on after its end`)
    seen.add(index)
    if (finish_reason !== null) ended.add(index)
  }
  if (seen.size !== ended.size) complaints.push("a choice has no end")
  return complaints
}

interface MessageEvent {
  readonly type: string
  readonly index?: number
  readonly content_block?: { readonly type: string }
  readonly delta?: { readonly type?: string; readonly stop_reason?: string | null }
}

const BLOCK_OF_DELTA: Readonly<Record<string, string>> = {
  text_delta: "text",
  citations_delta: "text",
  thinking_delta: "thinking",
  signature_delta: "thinking",
  input_json_delta: "tool_use",
}

/** Source: Anthropic, "Streaming Messages", event types and their order. */
function checkMessage(text: string): readonly string[] {
  const complaints: string[] = []
  const open = new Map<number, string>()
  let next = 0
  const events = eventsOf(text).map(({ name, data }) => {
    const event: MessageEvent = JSON.parse(data)
    if (event.type !== name) complaints.push(`${name} is of type ${event.type}`)
    return event
  })
  for (const { type, index = -1, content_block, delta } of events) {
    if (type === "content_block_start") {
      if (index !== next++) complaints.push(`block ${index} begins out of turn`)
      if (open.size > 0) complaints.push(`block ${index} begins within another`)
      open.set(index, content_block?.type ?? "")
    } else if (type === "content_block_delta") {
      const want = BLOCK_OF_DELTA[delta?.type ?? ""]
      if (open.get(index) !== want) complaints.push(`${delta?.type} in block ${index}`)
    } else if (type === "content_block_stop" && !open.delete(index)) {
      complaints.push(`block ${index} stops and is not open`)
    }
  }
  const types = events.map(({ type }) => type)
  if (open.size > 0) complaints.push("a block is never stopped")
  if (types[0] !== "message_start") complaints.push("message_start is not first")
  if (types.slice(-2).join() !== "message_delta,message_stop")
    complaints.push(`ends ${types.at(-1)}`)
  for (const type of ["message_start", "message_delta", "message_stop"]) {
    if (types.filter((found) => found === type).length !== 1) complaints.push(`not one ${type}`)
  }
  if (typeof events.at(-2)?.delta?.stop_reason !== "string") complaints.push("no stop_reason")
  return complaints
}

interface ResponseStreamEvent {
  readonly type: string
  readonly sequence_number: number
  readonly output_index?: number
  readonly content_index?: number
  readonly item?: { readonly type: string }
  readonly response?: { readonly status: string; readonly output: readonly unknown[] }
}

const ENDS_OF_RESPONSES: ReadonlySet<string> = new Set([
  "response.completed",
  "response.incomplete",
  "response.failed",
])

/** Source: OpenAI API reference, "Responses", "Streaming events". */
function checkResponse(text: string): readonly string[] {
  const complaints: string[] = []
  const items = new Map<number, string>()
  const parts = new Set<string>()
  let count = 0
  const events = eventsOf(text).map(({ name, data }) => {
    const event: ResponseStreamEvent = JSON.parse(data)
    if (event.type !== name) complaints.push(`${name} is of type ${event.type}`)
    return event
  })
  for (const [at, event] of events.entries()) {
    const { type, output_index: index = -1, content_index } = event
    const part = `${index}.${content_index}`
    if (event.sequence_number !== at) complaints.push(`event ${at} says ${event.sequence_number}`)
    if (type === "response.output_item.added") {
      if (index !== count++) complaints.push(`item ${index} begins out of turn`)
      items.set(index, event.item?.type ?? "")
    } else if (type === "response.output_item.done") {
      if (!items.delete(index)) complaints.push(`item ${index} is done and not open`)
    } else if (index >= 0 && !items.has(index)) complaints.push(`${type} outside its item`)
    if (type === "response.content_part.added") parts.add(part)
    else if (type === "response.content_part.done") {
      if (!parts.delete(part)) complaints.push(`part ${part} is done and not open`)
    } else if (content_index !== undefined && type.endsWith(".delta") && !parts.has(part)) {
      if (items.get(index) === "message") complaints.push(`${type} outside its part`)
    }
  }
  if (items.size + parts.size > 0) complaints.push("an item or a part is never done")
  if (events[0]?.type !== "response.created") complaints.push("response.created is not first")
  const ends = events.filter(({ type }) => ENDS_OF_RESPONSES.has(type))
  const last = events.at(-1)
  if (ends.length !== 1 || ends[0] !== last) complaints.push(`ends ${last?.type}`)
  if (last?.response?.output.length !== count) complaints.push("the end has other items")
  return complaints
}

interface Piece {
  readonly candidates?: readonly { readonly index?: number; readonly finishReason?: string }[]
}

/** Source: Gemini API reference, "streamGenerateContent": pieces, the last with its reason. */
function checkPieces(text: string): readonly string[] {
  const isArray = text.startsWith("[")
  const pieces: readonly Piece[] = isArray
    ? JSON.parse(text)
    : eventsOf(text).map(({ data }) => JSON.parse(data))
  const complaints: string[] = []
  const ended = new Set<number>()
  const seen = new Set<number>()
  for (const { index = 0, finishReason } of pieces.flatMap(({ candidates = [] }) => candidates)) {
    if (ended.has(index)) complaints.push(`candidate ${index} goes on after its end`)
    seen.add(index)
    if (finishReason !== undefined) ended.add(index)
  }
  if (seen.size !== ended.size) complaints.push("a candidate has no end")
  if (pieces.length === 0) complaints.push("there is no piece")
  return complaints
}
