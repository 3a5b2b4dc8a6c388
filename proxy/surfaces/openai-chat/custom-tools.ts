/** Which of a request's tools are custom ones: a call of theirs is one of another type. */
import { JsonView } from "#proxy/contract/json-view.ts"
import type { RenderContext } from "../surface.ts"

export class CustomTools {
  private readonly context: RenderContext
  private names: ReadonlySet<string> | undefined

  constructor(context: RenderContext) {
    this.context = context
  }

  has(name: string): boolean {
    // Read when it is needed: most answers have no call.
    this.names ??= readNames(new JsonView(this.context.request.document))
    return this.names.has(name)
  }
}

function readNames(body: JsonView): ReadonlySet<string> {
  const tools = body.member("tools")?.items() ?? []
  return new Set(
    tools.flatMap((tool) => {
      return tool.textOf("type") === "custom" ? [tool.member("custom")?.textOf("name") ?? ""] : []
    }),
  )
}
