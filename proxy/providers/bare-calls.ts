/**
 * Calls that get no arguments in a stream: those of a tool that takes none. Clients parse the
 * arguments of every call, so that such a one has an empty object when it ends.
 */
import type { ResponseEvent } from "#proxy/exchange/response-event.ts"

export class BareCalls {
  private readonly choice: number
  private readonly bare = new Map<number, string>()

  constructor(choice = 0) {
    this.choice = choice
  }

  /** `given`: what the start of the call holds, which a server may not repeat in pieces. */
  begin(call: number, given = "{}"): void {
    this.bare.set(call, given)
  }

  grow(call: number): void {
    this.bare.delete(call)
  }

  end(call: number | undefined): readonly ResponseEvent[] {
    const given = call === undefined ? undefined : this.bare.get(call)
    if (call === undefined || given === undefined) return []
    this.bare.delete(call)
    return [{ kind: "tool-call-delta", choice: this.choice, call, arguments: given }]
  }

  /** For wires that tell no end of a single call. */
  endAll(): readonly ResponseEvent[] {
    return [...this.bare.keys()].flatMap((call) => this.end(call))
  }
}
