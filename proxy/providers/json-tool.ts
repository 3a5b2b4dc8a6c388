/**
 * A JSON object as the answer, of models that write one only as a schema says, or as arguments: the
 * one tool that they must call, whose arguments are the answer. Beside tools of the client's own no
 * call can be demanded.
 *
 * Source: Anthropic, "Tool use", "Controlling Claude's output", "JSON output".
 */
import type { ChatRequest } from "#proxy/exchange/chat-request.ts"
import { paramOf } from "#proxy/exchange/feature-support.ts"
import type { EncodeContext } from "./adapter.ts"
import { cannotSay } from "./cannot-say.ts"

/** No client's own tool stands beside it. */
export const JSON_TOOL = "answer_with_json"

const TOOL = Object.freeze({
  name: JSON_TOOL,
  description: "Gives the whole answer, a JSON object with the members that were asked for.",
  parameters: null,
  isStrict: false,
  cache: null,
})

/** The request itself where it does not want one, or says how it must look. */
export function withJsonTool(chat: ChatRequest, context: EncodeContext): ChatRequest {
  if (chat.outputFormat?.kind !== "json-object") return chat
  if (chat.tools.length > 0) {
    const why = "a JSON object of any form is only had without tools there; a schema may be beside"
    return cannotSay(paramOf(chat.uses, "json-object") ?? "response_format", context, why)
  }
  const toolChoice = { kind: "named", name: JSON_TOOL } as const
  return { ...chat, outputFormat: null, tools: [TOOL], toolChoice }
}
