/**
 * The answers of five providers, in their published shapes: those of `test/golden/providers`, and
 * embeddings.
 *
 * In: a request, and what was asked with its tag before. Out: status, headers and the pieces of the
 * body. A prompt carries a tag, and may carry a wish: `#t7#`, `#t7 error-404#`.
 */
import { readFileSync } from "node:fs"
import { encodeAwsMessages } from "#test/golden/providers/aws-message.ts"
import { at, listAt, type UpstreamSchema, type Wanted, WIRES } from "./provider-wires.ts"

export interface ProviderAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly pieces: readonly Uint8Array[]
}

/** What the prompt asks the upstream to do instead of a good answer. */
const WISHES = ["error-404", "error-429-once", "error-429", "error-500-once"] as const
type Wish = (typeof WISHES)[number]

export interface Tag {
  readonly name: string
  readonly wish: Wish | null
}

/** Anywhere in the body, so that it is found in every schema. */
export function readTag(body: string): Tag | null {
  const [, name, words = ""] = /#(t\d+)( [a-z0-9-]+)?#/.exec(body) ?? []
  if (name === undefined) return null
  return { name, wish: WISHES.find((wish) => wish === words.trim()) ?? null }
}

export interface Asked {
  readonly schema: UpstreamSchema
  /** Below the schema's folder. */
  readonly path: string
  readonly body: string
  readonly tag: Tag | null
  /** How often this tag was asked for before. */
  readonly before: number
}

export function answerOf({ schema, path, body, tag, before }: Asked): ProviderAnswer {
  const parsed: unknown = JSON.parse(body)
  const failure = failureOf(tag?.wish ?? null, before)
  if (failure !== null) return failWith(schema, failure)
  if (/^\/v[12]\/embed(dings)?$/.test(path)) return json(200, embeddingsOf(schema, parsed))
  const wire = WIRES[schema]
  if (!wire.chatPath.test(path)) return json(404, `{"message":"no path ${path}"}`)
  const wanted = wire.read(path, parsed)
  const scenario = scenarioOf(wanted)
  if (!wanted.isStream) return json(200, fixture(schema, `${scenario}.json`))
  if (schema === "Bedrock") {
    const headers = { "content-type": "application/vnd.amazon.eventstream" }
    return {
      status: 200,
      headers,
      pieces: encodeAwsMessages(fixture(schema, `${scenario}.events.json`)),
    }
  }
  const events = fixture(schema, `${scenario}.sse`).split(/(?<=\n\n)/)
  return {
    status: 200,
    headers: { "content-type": "text/event-stream" },
    pieces: events.filter((event) => isWanted(event, parsed)).map((event) => bytes(event)),
  }
}

function scenarioOf({ tools, hasToolResults, hasSchema }: Wanted): string {
  if (hasSchema) return "json"
  if (tools === 0 || hasToolResults) return "text"
  return tools === 1 ? "tool-call" : "parallel-calls"
}

/** As OpenAI: usage comes only to those who ask for it. */
function isWanted(event: string, body: unknown): boolean {
  return (
    !event.includes('"choices":[],"usage"') || at(body, "stream_options", "include_usage") === true
  )
}

interface Failure {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
}

function failureOf(wish: Wish | null, before: number): Failure | null {
  switch (wish) {
    case "error-404":
      return { status: 404, headers: {} }
    case "error-429-once":
      return before > 0 ? null : { status: 429, headers: { "retry-after": "1" } }
    case "error-429":
      return { status: 429, headers: { "retry-after": "1", "x-should-retry": "false" } }
    case "error-500-once":
      return before > 0 ? null : { status: 500, headers: {} }
    case null:
      return null
  }
}

function failWith(schema: UpstreamSchema, { status, headers }: Failure): ProviderAnswer {
  const answer = json(status, fixture(schema, `error-${status}.json`))
  return { ...answer, headers: { ...answer.headers, ...headers } }
}

function json(status: number, text: string): ProviderAnswer {
  return { status, headers: { "content-type": "application/json" }, pieces: [bytes(text)] }
}

/** Exact in 32 bits, in which the openai clients ask for them as base64. */
export const VECTOR = [0.5, -0.25, 0.125]

function embeddingsOf(schema: UpstreamSchema, body: unknown): string {
  if (schema === "Cohere") {
    const texts = listAt(body, "texts")
    return JSON.stringify({
      id: "5807ee2e-0cda-445a-9ec8-864c60a06606",
      embeddings: { float: texts.map(() => VECTOR) },
      texts,
      meta: { api_version: { version: "2" }, billed_units: { input_tokens: 8 } },
      response_type: "embeddings_by_type",
    })
  }
  const isBase64 = at(body, "encoding_format") === "base64"
  const embedding = isBase64
    ? Buffer.from(new Float32Array(VECTOR).buffer).toString("base64")
    : VECTOR
  const inputs = at(body, "input")
  const data = (Array.isArray(inputs) ? inputs : [inputs]).map((_, index) => ({
    object: "embedding",
    index,
    embedding,
  }))
  return JSON.stringify({
    object: "list",
    data,
    model: "text-embedding-3-small",
    usage: { prompt_tokens: 8, total_tokens: 8 },
  })
}

function fixture(schema: UpstreamSchema, file: string): string {
  const place = new URL(`../../golden/providers/upstream/${schema}/${file}`, import.meta.url)
  return readFileSync(place, "utf8")
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
