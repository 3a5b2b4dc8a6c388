/**
 * The answers of one session, in the order of the pushes; the operator leaves one push unanswered
 * at most.
 */
import { ChannelError, type ControlChannel } from "./channel.ts"
import type { Answer } from "./receive.ts"

/** A failed answer ends the session: the next hello says what is held. */
export class AnswerQueue {
  readonly #channel: ControlChannel
  readonly #session: string
  readonly #ended: AbortController
  #last: Promise<void> = Promise.resolve()
  failure: ChannelError | null = null

  constructor(channel: ControlChannel, session: string, ended: AbortController) {
    this.#channel = channel
    this.#session = session
    this.#ended = ended
  }

  send(answer: Answer): void {
    this.#last = this.#last.then(() => this.#post(answer))
  }

  async #post(answer: Answer): Promise<void> {
    if (this.failure !== null) return
    try {
      await this.#channel.status({ session: this.#session, ...answer })
    } catch (error) {
      this.failure =
        error instanceof ChannelError ? error : new ChannelError("failed", errorText(error))
      this.#ended.abort()
    }
  }
}

function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
