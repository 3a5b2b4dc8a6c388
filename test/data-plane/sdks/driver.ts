/**
 * What a suite asks of every SDK, in the SDK's own words on both sides: a driver calls the SDK as
 * its documentation shows and says what came back.
 */
import type { UpstreamSchema } from "./provider-wires.ts"

export interface Asking {
  readonly model: string
  readonly prompt: string
  readonly isStream: boolean
}

export interface Answered {
  readonly text: string
  readonly stop: string | null
  readonly inputTokens: number | null
  readonly outputTokens: number | null
}

export interface ToolsAnswered {
  /** What the model called, and why it stopped. */
  readonly calls: readonly { readonly name: string; readonly args: unknown }[]
  readonly stop: string | null
  /** Its answer once it was given each tool's result, `RESULT`. */
  readonly text: string
}

/** What a person sees of an SDK's error. */
export interface Failed {
  readonly failed: string
  readonly status: number | null
  readonly code: string | null
  readonly message: string
}

export interface Driver {
  readonly name: string
  /** Reasons to stop, in its words. */
  readonly stops: { readonly text: string; readonly tools: string }
  /** Classes of its errors. */
  readonly errors: {
    readonly badRequest: string
    readonly notFound: string
    readonly rateLimited: string
    /** Whether the SDK shows `code`; if not, it is in the message. */
    readonly hasCode: boolean
  }
  /** Attempts in all when it is told 429 once, with `retry-after: 1`, and does nothing about it. */
  readonly retries: boolean
  /** Whether it does as `x-should-retry: false` says. */
  readonly heedsShouldRetry: boolean
  readonly chat: (asking: Asking) => Promise<Answered>
  /** Two turns with `tools`, of which `get_weather` is the first and `get_time` the second. */
  readonly callTools: (asking: Asking, tools: 1 | 2) => Promise<ToolsAnswered>
  /** The parsed object of schema `PERSON`. */
  readonly structured: (asking: Asking) => Promise<unknown>
  /** Asks with a parameter that other schemas do not know. */
  readonly unsupported: {
    readonly param: string
    readonly refusedBy: readonly UpstreamSchema[]
    readonly ask: (asking: Asking) => Promise<Answered>
  }
  readonly embed: ((model: string, texts: readonly string[]) => Promise<Embedded>) | null
  readonly hidesEmbeddingUsage?: boolean
  readonly models: ModelReader | null
  readonly close?: () => Promise<void>
}

/** Names as an application would ask for them. */
export interface ModelReader {
  readonly list: () => Promise<readonly string[]>
  readonly retrieve: (name: string) => Promise<string | undefined>
}

export interface Embedded {
  readonly vectors: readonly (readonly number[])[]
  readonly inputTokens: number | null
}

/** What every tool gives back. */
export const RESULT = "18 degrees"

export const CITY = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
} as const

export const TOOLS = [
  { name: "get_weather", description: "Weather of a city", schema: CITY },
  { name: "get_time", description: "Time of a city", schema: CITY },
] as const

export const PERSON = {
  type: "object",
  properties: { name: { type: "string" }, age: { type: "integer" } },
  required: ["name", "age"],
  additionalProperties: false,
} as const
