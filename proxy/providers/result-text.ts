/** A tool's result for a wire that takes nothing but a text. */
import type { ToolResultPart } from "#proxy/exchange/chat-request.ts"

export function textOfResult({ parts }: ToolResultPart): string {
  return parts
    .flatMap((part) => {
      if (part.kind === "text") return [part.text]
      return part.source.kind === "text" ? [part.source.text] : []
    })
    .join("\n")
}
