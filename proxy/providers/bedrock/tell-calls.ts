/**
 * Earlier calls and what they gave, as texts: Converse takes neither without the tools, and with
 * them the model may call again, which the client does not want.
 */
import type {
  ChatMessage,
  ContentPart,
  ToolCallPart,
  ToolResultPart,
} from "#proxy/exchange/chat-request.ts"

export function tellCalls(messages: readonly ChatMessage[]): readonly ChatMessage[] {
  return messages.map(({ role, parts }) => ({
    role: role === "tool" ? "user" : role,
    parts: parts.flatMap((part): readonly ContentPart[] => {
      if (part.kind === "tool-call") return [tellCall(part)]
      return part.kind === "tool-result" ? tellResult(part) : [part]
    }),
  }))
}

export function hasCalls(messages: readonly ChatMessage[]): boolean {
  return messages.some(({ parts }) =>
    parts.some(({ kind }) => kind === "tool-call" || kind === "tool-result"),
  )
}

function tellCall({ name, arguments: text, cache }: ToolCallPart): ContentPart {
  return { kind: "text", text: `[Called ${name} with ${text}]`, cache }
}

function tellResult({ name, callId, parts, isError }: ToolResultPart): readonly ContentPart[] {
  const what = isError ? "failed with" : "gave"
  return [{ kind: "text", text: `[${name ?? callId} ${what}:]`, cache: null }, ...parts]
}
