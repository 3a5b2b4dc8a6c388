import { inspect } from "node:util"

/**
 * A provider key in memory. Its text comes out through `reveal` only: printed, logged,
 * interpolated, compared or made into JSON it is `[redacted]`.
 */
export class SecretValue {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  /** For the message that carries it to a sidecar, nowhere else. */
  reveal(): string {
    return this.#text
  }

  toString(): string {
    return "[redacted]"
  }

  toJSON(): string {
    return "[redacted]"
  }

  [inspect.custom](): string {
    return "[redacted]"
  }
}
