/**
 * The search results of a request in the order in which citations count them: across messages and
 * results of tools. A provider that cites one may say its number alone (Bedrock), where this
 * shape's clients are told its source. Source: "Search results".
 */
import { JsonView } from "#proxy/contract/json-view.ts"
import type { RenderContext } from "../surface.ts"

export class FoundResults {
  private readonly context: RenderContext
  private all: readonly JsonView[] | undefined

  constructor(context: RenderContext) {
    this.context = context
  }

  /** Empty for one that the request does not have. */
  sourceOf(index: number): string {
    // Read when it is needed: most answers cite none.
    this.all ??= resultsIn(new JsonView(this.context.request.document).member("messages"))
    return this.all[index]?.textOf("source") ?? ""
  }
}

function resultsIn(messages: JsonView | undefined): readonly JsonView[] {
  const blocks = (messages?.items() ?? []).flatMap((message) => blocksOf(message))
  return blocks
    .flatMap((block) => (block.textOf("type") === "tool_result" ? blocksOf(block) : [block]))
    .filter((block) => block.textOf("type") === "search_result")
}

function blocksOf(holder: JsonView): readonly JsonView[] {
  return holder.member("content")?.items() ?? []
}
