/**
 * What a provider's server reads in a request, schema by schema: only what it needs to choose an
 * answer. Sources: the API references that `test/golden/providers` names.
 */

export const UPSTREAM_SCHEMAS = ["OpenAI", "Anthropic", "Gemini", "Bedrock", "Cohere"] as const
export type UpstreamSchema = (typeof UPSTREAM_SCHEMAS)[number]

export interface Wanted {
  readonly isStream: boolean
  readonly tools: number
  readonly hasToolResults: boolean
  /** The schema that the answer must follow stands where this provider looks for it. */
  readonly hasSchema: boolean
}

interface Wire {
  /** The provider's key is expected in this header. */
  readonly key: readonly [header: string, prefix: string]
  readonly chatPath: RegExp
  readonly read: (path: string, body: unknown) => Wanted
}

/** Each is served below a folder of its own: `/anthropic/v1/messages`. */
export const WIRES: Readonly<Record<UpstreamSchema, Wire>> = {
  OpenAI: {
    key: ["authorization", "Bearer "],
    chatPath: /^\/v1\/chat\/completions$/,
    read: (_path, body) => ({
      isStream: at(body, "stream") === true,
      tools: listAt(body, "tools").length,
      hasToolResults: at(listAt(body, "messages").at(-1), "role") === "tool",
      hasSchema: isObject(at(body, "response_format", "json_schema", "schema")),
    }),
  },
  Anthropic: {
    key: ["x-api-key", ""],
    chatPath: /^\/v1\/messages$/,
    read: (_path, body) => ({
      isStream: at(body, "stream") === true,
      tools: listAt(body, "tools").length,
      hasToolResults: lastParts(body, "messages", "content").some(
        (part) => at(part, "type") === "tool_result",
      ),
      hasSchema: isObject(at(body, "output_config", "format", "schema")),
    }),
  },
  Gemini: {
    key: ["x-goog-api-key", ""],
    chatPath: /^\/v1beta\/models\/[^/]+:(generateContent|streamGenerateContent\?alt=sse)$/,
    read: (path, body) => ({
      isStream: path.endsWith("?alt=sse"),
      tools: listAt(body, "tools").flatMap((tool) => listAt(tool, "functionDeclarations")).length,
      hasToolResults: lastParts(body, "contents", "parts").some((part) =>
        isObject(at(part, "functionResponse")),
      ),
      hasSchema:
        isObject(at(body, "generationConfig", "responseJsonSchema")) ||
        isObject(at(body, "generationConfig", "responseSchema")),
    }),
  },
  Bedrock: {
    key: ["authorization", "Bearer "],
    chatPath: /^\/model\/[^/]+\/(converse|converse-stream)$/,
    read: (path, body) => ({
      isStream: path.endsWith("-stream"),
      tools: listAt(body, "toolConfig", "tools").length,
      hasToolResults: lastParts(body, "messages", "content").some((part) =>
        isObject(at(part, "toolResult")),
      ),
      hasSchema:
        typeof at(body, "outputConfig", "textFormat", "structure", "jsonSchema", "schema") ===
        "string",
    }),
  },
  Cohere: {
    key: ["authorization", "Bearer "],
    chatPath: /^\/v2\/chat$/,
    read: (_path, body) => ({
      isStream: at(body, "stream") === true,
      tools: listAt(body, "tools").length,
      hasToolResults: at(listAt(body, "messages").at(-1), "role") === "tool",
      hasSchema: isObject(at(body, "response_format", "json_schema")),
    }),
  },
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null
}

/** The member at that place; undefined where there is none. */
export function at(value: unknown, ...keys: readonly string[]): unknown {
  let found = value
  for (const key of keys) {
    if (typeof found !== "object" || found === null) return undefined
    found = new Map<string, unknown>(Object.entries(found)).get(key)
  }
  return found
}

export function listAt(value: unknown, ...keys: readonly string[]): readonly unknown[] {
  const found = at(value, ...keys)
  return Array.isArray(found) ? found : []
}

function lastParts(body: unknown, turns: string, parts: string): readonly unknown[] {
  return listAt(listAt(body, turns).at(-1), parts)
}
