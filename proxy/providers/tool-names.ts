/**
 * Names of tools as a wire takes them: one that is too long there, or has other characters, stands
 * under another in all of the request, and under its own again in the answer.
 */
import type { ChatMessage, ChatRequest, ContentPart } from "#proxy/exchange/chat-request.ts"

/** What most of them take. */
export const PLAIN_NAMES = /^[a-zA-Z0-9_-]{1,64}$/

export interface NamedTools {
  readonly chat: ChatRequest
  /** The client's own names by those that were sent. */
  readonly given: ReadonlyMap<string, string>
}

/** The request itself where every name is valid. */
export function nameTools(chat: ChatRequest, valid: RegExp): NamedTools {
  const names = namesIn(chat)
  const sent = new Map<string, string>()
  const taken = new Set([...names].filter((name) => valid.test(name)))
  for (const name of names) {
    if (valid.test(name)) continue
    const made = makeName(name, taken)
    taken.add(made)
    sent.set(name, made)
  }
  if (sent.size === 0) return { chat, given: sent }
  const given = new Map([...sent].map(([name, made]) => [made, name]))
  return { chat: rename(chat, (name) => sent.get(name) ?? name), given }
}

function namesIn({ tools, messages, toolChoice }: ChatRequest): ReadonlySet<string> {
  const names = new Set(tools.map(({ name }) => name))
  if (toolChoice?.kind === "named") names.add(toolChoice.name)
  for (const { parts } of messages) {
    for (const part of parts) if (part.kind === "tool-call") names.add(part.name)
  }
  return names
}

const KEPT_CHARS = 52

/** Always the same for a name, so that prompts stay the same: its beginning, and a hash of it. */
function makeName(name: string, taken: ReadonlySet<string>): string {
  const clean = name.replace(/[^a-zA-Z0-9_-]/g, "_").replace(/^[^a-zA-Z_]/, "_")
  for (let salt = 0; ; salt++) {
    const made = `${clean.slice(0, KEPT_CHARS)}_${hashOf(`${name}${salt === 0 ? "" : salt}`)}`
    if (!taken.has(made)) return made
  }
}

/** FNV-1a, 32 bits: names of one request are told apart, and no more. */
function hashOf(text: string): string {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  }
  return (hash >>> 0).toString(36).padStart(7, "0")
}

function rename(chat: ChatRequest, nameOf: (name: string) => string): ChatRequest {
  const { toolChoice } = chat
  return {
    ...chat,
    tools: chat.tools.map((tool) => ({ ...tool, name: nameOf(tool.name) })),
    toolChoice:
      toolChoice?.kind === "named" ? { ...toolChoice, name: nameOf(toolChoice.name) } : toolChoice,
    messages: chat.messages.map(
      ({ role, parts }): ChatMessage => ({
        role,
        parts: parts.map((part) => renamePart(part, nameOf)),
      }),
    ),
  }
}

function renamePart(part: ContentPart, nameOf: (name: string) => string): ContentPart {
  if (part.kind === "tool-call") return { ...part, name: nameOf(part.name) }
  if (part.kind === "tool-result" && part.name !== null) {
    return { ...part, name: nameOf(part.name) }
  }
  return part
}
