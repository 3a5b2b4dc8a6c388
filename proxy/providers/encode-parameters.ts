/** A tool's parameters for a wire that wants a schema of every tool. */
import type { JsonValue } from "#proxy/contract/json-write.ts"
import type { ToolDefinition } from "#proxy/exchange/chat-request.ts"

const NO_PARAMETERS: JsonValue = Object.freeze({ type: "object", properties: {} })

/** An empty schema, which OpenAI takes, says no more than none. */
export function encodeParameters({ parameters }: ToolDefinition): JsonValue {
  return parameters === null || /^\{\s*\}$/.test(parameters.text) ? NO_PARAMETERS : parameters
}
