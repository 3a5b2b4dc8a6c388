/**
 * Ids of calls as a wire takes them. An id only ties a result to its call, within one request: one
 * that another provider made, or made twice, stands under a name that this wire takes.
 */
import type { ChatMessage, ContentPart } from "#proxy/exchange/chat-request.ts"

export interface CallIds {
  readonly valid: RegExp
  /** A valid id; `number` counts the calls of the conversation. */
  readonly make: (number: number) => string
}

/** The messages themselves where every id is valid and no two calls share one. */
export function renameCalls(
  messages: readonly ChatMessage[],
  ids: CallIds,
): readonly ChatMessage[] {
  const names = new Names(ids)
  const renamed = messages.map(({ role, parts }) => ({
    role,
    parts: parts.map((part) => names.rename(part)),
  }))
  return names.hasRenamed ? renamed : messages
}

class Names {
  hasRenamed = false
  private count = 0
  private readonly ids: CallIds
  private readonly taken = new Set<string>()
  /** Of the last call with each id: a result follows its call. */
  private readonly current = new Map<string, string>()

  constructor(ids: CallIds) {
    this.ids = ids
  }

  rename(part: ContentPart): ContentPart {
    if (part.kind === "tool-call") {
      const id = this.nameOf(part.id)
      return id === part.id ? part : { ...part, id }
    }
    if (part.kind !== "tool-result") return part
    const callId = this.current.get(part.callId) ?? this.nameOf(part.callId)
    return callId === part.callId ? part : { ...part, callId }
  }

  private nameOf(id: string): string {
    let name = id
    while (this.taken.has(name) || !this.ids.valid.test(name)) name = this.ids.make(this.count++)
    this.taken.add(name)
    this.current.set(id, name)
    this.hasRenamed ||= name !== id
    return name
  }
}
