/**
 * One cell of the matrix: the real pipeline between a client's request and an upstream's bytes.
 *
 * In: surface, case, schema, whole or stream. Out: what the upstream was sent and what the client
 * got, as text for a golden file. Headers that name times or versions are left out.
 */
import { existsSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import type { ProviderConfig, ProviderSchema } from "#proxy/contract/snapshot.ts"
import type { UpstreamRequest } from "#proxy/exchange/ports.ts"
import { type Act, createWorld, startChat, type World } from "#proxy/pipeline/world.test-data.ts"
import {
  makeBackend,
  makeProvider,
  makeRule,
  makeRuntime,
} from "#proxy/runtime/samples.test-data.ts"
import { type ModelSurfaceName, SURFACES } from "#proxy/surfaces/registry.ts"
import { encodeAwsMessages } from "./aws-message.ts"
import { type CaseName, CHAT_CASES, type Scenario, STATUSES } from "./cases.ts"

export type Mode = "whole" | "stream"

/** What differs from an OpenAI-shaped provider, and how its streams look. */
export interface SchemaFacts {
  readonly schema: ProviderSchema
  /** Folder of its answers in `upstream/`: platforms share those of the schema that they host. */
  readonly answers: string
  /** The same, of a surface that it serves in another wire than chat. */
  readonly answersOf?: Readonly<Partial<Record<ModelSurfaceName, string>>>
  readonly provider: Partial<ProviderConfig>
  /** The upstream's name of the model, as its documentation writes such names. */
  readonly model: string
  readonly streamEnding: string
  readonly streamType: string
}

const SSE = { streamEnding: "sse", streamType: "text/event-stream" } as const
const VERTEX = { schema: "VertexAI", project: "acme-ai", location: "europe-west4" } as const

const RESPONSES = { "openai-responses": "OpenAI-responses" } as const

/** Columns of the matrix; a test sees that every schema has one. */
export const SCHEMAS = {
  OpenAI: {
    ...SSE,
    schema: "OpenAI",
    answers: "OpenAI",
    answersOf: RESPONSES,
    provider: { vendor: "OpenAI" },
    model: "gpt-4o",
  },
  AzureOpenAI: {
    ...SSE,
    schema: "AzureOpenAI",
    answers: "AzureOpenAI",
    answersOf: RESPONSES,
    provider: {
      pathPrefix: "",
      options: { schema: "AzureOpenAI", apiVersion: "2025-04-01-preview" },
    },
    // The name of a deployment, which is anybody's choice.
    model: "chat-eu",
  },
  Anthropic: {
    ...SSE,
    schema: "Anthropic",
    answers: "Anthropic",
    provider: { pathPrefix: "" },
    model: "claude-sonnet-4-5",
  },
  Gemini: {
    ...SSE,
    schema: "Gemini",
    answers: "Gemini",
    provider: { pathPrefix: "" },
    model: "gemini-2.5-flash",
  },
  VertexAI: {
    ...SSE,
    schema: "VertexAI",
    answers: "Gemini",
    provider: { pathPrefix: "", options: VERTEX },
    model: "gemini-3-pro",
  },
  Cohere: {
    ...SSE,
    schema: "Cohere",
    answers: "Cohere",
    provider: { pathPrefix: "" },
    model: "command-a-03-2025",
  },
  Bedrock: {
    schema: "Bedrock",
    answers: "Bedrock",
    streamEnding: "events.json",
    streamType: "application/vnd.amazon.eventstream",
    provider: { pathPrefix: "", options: { schema: "Bedrock", region: "eu-central-1" } },
    model: "eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
  },
  "VertexAI-claude": {
    ...SSE,
    schema: "VertexAI",
    answers: "Anthropic",
    provider: { pathPrefix: "", options: VERTEX },
    model: "claude-opus-4-6@20260205",
  },
} as const satisfies Readonly<Record<string, SchemaFacts>>

export type Column = keyof typeof SCHEMAS

/** Where a surface that names model and stream in its path is asked; others have one path. */
const PATHS: Readonly<Partial<Record<ModelSurfaceName, (mode: Mode) => string>>> = {
  "gemini-generate": (mode) =>
    `/v1beta/models/smart:${mode === "stream" ? "streamGenerateContent" : "generateContent"}`,
}

/** How a surface asks for a stream in its body; a surface that does it in the path adds nothing. */
const STREAM_FIELDS: Readonly<Partial<Record<ModelSurfaceName, string>>> = {
  "openai-chat": '"stream":true,"stream_options":{"include_usage":true}',
  "openai-responses": '"stream":true',
  "anthropic-messages": '"stream":true',
}

export function runCase(
  surface: ModelSurfaceName,
  name: CaseName,
  column: Column,
  mode: Mode,
): string {
  return describeCell(playCase(surface, name, column, mode, actsOf(surface, column, name, mode)))
}

/**
 * The cell's request, answered by `acts`: after it the exchange is over. `more` says how the
 * provider differs from the column's.
 */
export function playCase(
  surface: ModelSurfaceName,
  name: CaseName,
  column: Column,
  mode: Mode,
  acts: readonly Act[],
  more: Partial<ProviderConfig> = {},
): World {
  const facts: SchemaFacts = SCHEMAS[column]
  const world = createWorld({ scripts: [acts] })
  const request = readText(`requests/${surface}/${name}.json`)
  const fields = mode === "stream" ? STREAM_FIELDS[surface] : undefined
  // As text: a number that is parsed and written again loses its digits.
  const body = fields === undefined ? request : request.replace("{", `{${fields},`)
  const one = makeProvider("one", { schema: facts.schema, ...facts.provider, ...more })
  const rule = makeRule({ backends: [makeBackend("one", { model: facts.model })] })
  startChat(world, {
    surface: SURFACES[surface],
    runtime: makeRuntime({
      providers: { one },
      routes: [
        { name: "search/chat", rules: [{ ...rule, retry: { ...rule.retry, attempts: 1 } }] },
      ],
    }),
    body,
    raw: { path: PATHS[surface]?.(mode) ?? "/", query: "alt=sse" },
  })
  world.advance(10)
  return world
}

function actsOf(
  surface: ModelSurfaceName,
  column: Column,
  name: CaseName,
  mode: Mode,
): readonly Act[] {
  const { status, type, bytes } = answerOf(column, CHAT_CASES[name], mode, surface)
  return [{ head: status, headers: { "content-type": type } }, { data: bytes }, { end: true }]
}

/** What the upstream of that column answers to a surface; an error never streams. */
export function answerOf(
  column: Column,
  scenario: Scenario,
  mode: Mode,
  surface: ModelSurfaceName = "openai-chat",
): { readonly status: number; readonly type: string; readonly bytes: Uint8Array } {
  const facts: SchemaFacts = SCHEMAS[column]
  const { streamEnding, streamType } = facts
  const answers = facts.answersOf?.[surface] ?? facts.answers
  const status = STATUSES[scenario] ?? 200
  const isStream = mode === "stream" && status === 200
  const file = `upstream/${answers}/${scenario}.${isStream ? streamEnding : "json"}`
  const bytes = file.endsWith(".events.json")
    ? new Uint8Array(Buffer.concat(encodeAwsMessages(readText(file))))
    : readBytes(file)
  return { status, type: isStream ? streamType : "application/json", bytes }
}

export function describeCell({ requests, client, finals }: World): string {
  const [request] = requests
  const sent = request === undefined ? "nothing was sent" : describeRequest(request)
  const final = [...finals.values()].at(-1)
  const usage = final === undefined ? "none" : `${JSON.stringify(final.usage)} (${final.source})`
  const answer = `${client.status} ${client.headers["content-type"] ?? ""}\n${pretty(client.body)}`
  const end = client.end_ === "ended" ? "" : `\n(${client.end_})`
  return `=== upstream request\n${sent}\n=== client answer\n${answer}${end}\n=== usage\n${usage}\n`
}

function describeRequest({ method, path, headers, body, authorization }: UpstreamRequest): string {
  const own = headers.filter((_, at) => !FIXED.has(headers[at - (at % 2)] ?? ""))
  const lines = own.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${own[at + 1]}`] : []))
  const text = typeof body === "string" ? body : new TextDecoder().decode(body)
  return [`${method} ${path}`, `${authorization.header}: KEY`, ...lines, pretty(text)].join("\n")
}

const FIXED: ReadonlySet<string> = new Set(["content-type", "accept-encoding", "user-agent"])

/** JSON is laid out for reading; numbers keep their digits since no value is parsed for output. */
function pretty(text: string): string {
  if (!text.startsWith("{")) return text.trimEnd()
  return layOut(text)
}

/** Line breaks and indents between the tokens of a JSON text, and nothing else changed. */
function layOut(text: string): string {
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g) ?? []
  let depth = 0
  let out = ""
  for (const [at, token] of tokens.entries()) {
    const isEmpty = "}]".includes(token) && "{[".includes(tokens[at - 1] ?? " ")
    if ("}]".includes(token)) depth--
    if ("}]".includes(token) && !isEmpty) out += `\n${"  ".repeat(depth)}`
    out += token === ":" ? ": " : token
    if ("{[".includes(token)) depth++
    const next = tokens[at + 1] ?? ""
    if (token === "," || ("{[".includes(token) && !"}]".includes(next))) {
      out += `\n${"  ".repeat(depth)}`
    }
  }
  return out
}

const FOLDER = new URL("./", import.meta.url)

export function placeOf(file: string): string {
  return fileURLToPath(new URL(file, FOLDER))
}

function readBytes(file: string): Uint8Array {
  const place = placeOf(file)
  if (!existsSync(place)) throw new Error(`${file} is missing: each schema answers each scenario`)
  return new Uint8Array(readFileSync(place))
}

export function readText(file: string): string {
  return new TextDecoder().decode(readBytes(file))
}
