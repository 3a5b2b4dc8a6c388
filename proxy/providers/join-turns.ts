/** Turns of a conversation for wires in which those of one role that follow each other are one. */
import type { JsonValue } from "#proxy/contract/json-write.ts"

export interface Turn {
  readonly role: string
  readonly content: JsonValue[]
}

/**
 * No turn may be empty at those wires: one that says nothing is none. The first of several takes
 * the content of the others; turns of the role `apart` stay as they are.
 */
export function joinTurns(said: readonly Turn[], apart: string | null = null): readonly Turn[] {
  const turns: Turn[] = []
  for (const turn of said) {
    if (turn.content.length === 0) continue
    const last = turns.at(-1)
    if (last?.role !== turn.role || turn.role === apart) turns.push(turn)
    else for (const part of turn.content) last.content.push(part)
  }
  return turns
}
