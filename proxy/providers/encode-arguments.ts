/** A tool call's arguments for a wire that wants them as an object. */
import type { RawJson } from "#proxy/contract/json-write.ts"
import type { ToolCallPart } from "#proxy/exchange/chat-request.ts"
import { parseArguments } from "#proxy/exchange/tool-arguments.ts"
import type { EncodeContext } from "./adapter.ts"
import { cannotSay } from "./cannot-say.ts"

/** Refuses a text that is no JSON object: a client may send anything as one. */
export function encodeArguments(part: ToolCallPart, context: EncodeContext): RawJson {
  const parsed = parseArguments(part.arguments)
  if (parsed !== null) return parsed
  const why = `the arguments of the call ${part.id.slice(0, 64)} are not a JSON object`
  return cannotSay("messages", context, why)
}
