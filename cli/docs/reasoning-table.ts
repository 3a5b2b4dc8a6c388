/**
 * What a wish to reason becomes at each upstream: read and encoded as a client's request is, and
 * shown as the fields that it adds to the body.
 */
import { CONTROL_JSON, parseJson } from "#proxy/contract/json.ts"
import type { ChatRequest } from "#proxy/exchange/chat-request.ts"
import { findUnsupported } from "#proxy/exchange/feature-support.ts"
import { PIPELINE_SETTINGS } from "#proxy/pipeline/settings.ts"
import { type ModelSurfaceName, SURFACES } from "#proxy/surfaces/registry.ts"
import { markdownTable } from "./replace-table.ts"
import { UPSTREAMS, type Upstream, wiresAt } from "./upstreams.ts"

const EFFORTS = ["none", "minimal", "low", "medium", "high", "xhigh", "max"] as const
const BUDGETS = [1024, 4096, 8192, 16_384, 32_768] as const

/** Models of the other generations, which are told in other words. */
const ALSO: Readonly<Record<string, readonly string[]>> = {
  Anthropic: ["claude-opus-4-6"],
  Gemini: ["gemini-3-pro"],
}

const SHOWN: ReadonlySet<string> = new Set(["OpenAI", "Anthropic", "Gemini", "Bedrock", "Cohere"])

const COLUMNS: readonly Upstream[] = UPSTREAMS.filter(({ title }) => SHOWN.has(title)).flatMap(
  (upstream) =>
    [upstream.model, ...(ALSO[upstream.title] ?? [])].map((model) => ({ ...upstream, model })),
)

export function reasoningTable(): string {
  const rows = [
    ...EFFORTS.map((effort) => row(`effort \`${effort}\``, "openai-chat", withEffort(effort))),
    ...BUDGETS.map((budget) => row(`budget ${budget}`, "gemini-generate", withBudget(budget))),
  ]
  const titles = COLUMNS.map(({ title, model }) => `${title}, \`${model}\``)
  return markdownTable(["the client says", ...titles], rows)
}

const HELLO = '"model":"m","messages":[{"role":"user","content":"Hello"}]'
const withEffort = (effort: string) => [
  `{${HELLO},"max_tokens":64000}`,
  `{${HELLO},"max_tokens":64000,"reasoning_effort":"${effort}"}`,
]
const withBudget = (budget: number) => {
  const thinking = `,"thinkingConfig":{"includeThoughts":true,"thinkingBudget":${budget}}`
  const contents = '"contents":[{"parts":[{"text":"Hello"}]}]'
  return ["", thinking].map(
    (more) => `{${contents},"generationConfig":{"maxOutputTokens":64000${more}}}`,
  )
}

function row(
  title: string,
  surface: ModelSurfaceName,
  bodies: readonly string[],
): readonly string[] {
  const [without, wish] = bodies.map((body) => readChat(surface, body))
  if (without === undefined || wish === undefined) throw new Error("two bodies are compared")
  return [title, ...COLUMNS.map((upstream) => cellOf(upstream, without, wish))]
}

function readChat(name: ModelSurfaceName, body: string): ChatRequest {
  const { parse, chat } = SURFACES[name]
  const path = "/v1beta/models/m:generateContent"
  const raw = { method: "POST", path, query: "", headers: {}, receivedAt: 0, id: "docs" }
  const parsed = parse({ ...raw, body: new TextEncoder().encode(body) }, PIPELINE_SETTINGS)
  const form = parsed.ok ? chat?.read(parsed.value) : parsed
  if (form?.ok !== true) throw new Error(`${name} does not read ${body}`)
  return form.value
}

function cellOf(upstream: Upstream, without: ChatRequest, wish: ChatRequest): string {
  const before = encode(upstream, without)
  const after = encode(upstream, wish)
  if (before === null || after === null) return "refused"
  const added = difference(before, after)
  return added === undefined ? "nothing" : `\`${JSON.stringify(added)}\``
}

/** Null when it is refused. */
function encode({ provider, model, ...rest }: Upstream, form: ChatRequest): unknown {
  const wire = wiresAt({ provider, model, ...rest }).find(({ chat }) => chat !== null)
  if (wire === undefined || wire.chat === null) throw new Error("a column has a wire of chat")
  const features = wire.chat.features(provider)
  if (findUnsupported(form.uses, features, provider.name, wire.title) !== null) return null
  const context = { provider, model, isStream: false }
  const body = wire.chat.encode(form, context)
  if (!body.ok) return null
  const parsed = parseJson(new TextEncoder().encode(body.value), CONTROL_JSON)
  if (!parsed.ok) throw new Error(parsed.fault.message)
  return parsed.value
}

/** Members of `after` that are not in `before`, or are others; undefined when none is. */
function difference(before: unknown, after: unknown): unknown {
  if (!isObject(before) || !isObject(after)) {
    return JSON.stringify(before) === JSON.stringify(after) ? undefined : after
  }
  const members = Object.entries(after)
    .map(([name, value]) => [name, difference(before[name], value)] as const)
    .filter(([, value]) => value !== undefined)
  return members.length === 0 ? undefined : Object.fromEntries(members)
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}
