/**
 * A call of a tool as an item, of the kind that the client declared the tool to be: other shapes
 * know functions alone, so that the model answered with arguments as JSON.
 */
import { JsonView } from "#proxy/contract/json-view.ts"
import type { JsonValue } from "#proxy/contract/json-write.ts"
import { argumentsOrText } from "#proxy/exchange/tool-arguments.ts"
import { inputOf } from "../openai/text-tools.ts"
import type { RenderContext } from "../surface.ts"
import { type OwnKind, OwnTools } from "./own-tools.ts"
import type { ItemStatus } from "./render-items.ts"

export interface NamedCall {
  readonly id: string
  readonly name: string
}

/** What a call is a call of, by the request's own tools. */
export class CallKinds {
  private readonly context: RenderContext
  private own: OwnTools | undefined

  constructor(context: RenderContext) {
    this.context = context
  }

  /** A tool that nobody declared is a function. */
  of({ id, name }: NamedCall): CallKind {
    // Read when it is needed: most answers have no call.
    this.own ??= new OwnTools(new JsonView(this.context.request.document))
    const tool = this.own.ofForm(name)
    const namespace = tool?.namespace ?? undefined
    return { kind: tool?.kind ?? "function", callId: id, name: tool?.name ?? name, namespace }
  }
}

export interface CallKind {
  readonly kind: OwnKind
  readonly callId: string
  /** The client's own. */
  readonly name: string
  readonly namespace: string | undefined
}

/** `text`: the arguments as JSON, empty while they are not known. */
export function renderCall(
  id: string,
  status: ItemStatus,
  call: CallKind,
  text: string,
): JsonValue {
  const { kind, callId: call_id, name, namespace } = call
  switch (kind) {
    case "function":
      return { id, type: "function_call", status, call_id, name, namespace, arguments: text }
    case "custom": {
      const input = inputOf(text)
      return { id, type: "custom_tool_call", status, call_id, name, namespace, input }
    }
    case "search": {
      const execution = "client"
      return {
        ...{ id, type: "tool_search_call", status, call_id, execution },
        arguments: argumentsOrText(text),
      }
    }
  }
}
