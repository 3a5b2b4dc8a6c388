/** The options of `sidegate run`, checked once. Errors are sentences that name the option. */
import { InvalidArgumentError } from "commander"

export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const

export interface RunOptions {
  readonly namespace: string
  readonly labels: Readonly<Record<string, string>>
  readonly state: string
  readonly port: number
  readonly adminPort: number
  readonly logLevel: (typeof LOG_LEVELS)[number]
}

const NAMESPACE = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/
const LABEL_KEY =
  /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/
const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/

/** 0 lets the system choose, which tests use. */
export function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (port <= 65_535) return port
  throw new InvalidArgumentError("A port is a whole number from 0 to 65535.")
}

export function parseState(text: string): string {
  if (text !== "") return text
  throw new InvalidArgumentError("It is a directory, which may not exist yet.")
}

export function parseNamespace(text: string): string {
  if (NAMESPACE.test(text)) return text
  throw new InvalidArgumentError(
    "A namespace has lower-case letters, digits and dashes, 63 at most.",
  )
}

/** `app=api,tier=gold` as labels of the pod that is played. */
export function parseLabels(text: string): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {}
  for (const part of text.split(",").filter((one) => one !== "")) {
    const at = part.indexOf("=")
    const key = part.slice(0, at)
    const value = part.slice(at + 1)
    if (at < 1 || !LABEL_KEY.test(key) || !LABEL_VALUE.test(value))
      throw new InvalidArgumentError(
        `"${part.slice(0, 64)}" is no label; write key=value,key=value.`,
      )
    labels[key] = value
  }
  return labels
}
