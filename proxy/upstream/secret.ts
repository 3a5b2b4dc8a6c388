/**
 * A provider's key, opaque: nothing that prints, logs, compares or serialises a value can show it.
 */
import { inspect } from "node:util"

const HIDDEN = "[secret]"

export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  /** Only for the header that carries it, at the last step before the socket. */
  reveal(): string {
    return this.#value
  }

  /** `text` with the key taken out, wherever it stands. */
  concealIn(text: string): string {
    return this.#value === "" ? text : text.replaceAll(this.#value, HIDDEN)
  }

  holds(value: string): boolean {
    return this.#value === value
  }

  toString(): string {
    return HIDDEN
  }

  toJSON(): string {
    return HIDDEN
  }

  [Symbol.toPrimitive](): string {
    return HIDDEN
  }

  [inspect.custom](): string {
    return HIDDEN
  }
}
