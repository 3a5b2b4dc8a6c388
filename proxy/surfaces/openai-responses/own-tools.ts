/**
 * The tools of a Responses request that its client runs: functions, tools whose input is plain text
 * (`custom`), and the search among further tools; alone or in a namespace, among the request's
 * tools or where the conversation added them.
 *
 * Other shapes know functions alone: each of them is one there, under one name. The same index says
 * what a call in the answer was a call of. Source: OpenAI API reference, "Create a response",
 * `tools`; items `additional_tools`, `custom_tool_call`, `tool_search_call`, `tool_search_output`.
 */
import type { JsonView } from "#proxy/contract/json-view.ts"
import { needText, textIn } from "#proxy/exchange/read-body.ts"

export type OwnKind = "function" | "custom" | "search"

export interface OwnTool {
  readonly kind: OwnKind
  readonly name: string
  readonly namespace: string | null
  /** What it is called in the intermediate form: no other tool of the request is. */
  readonly formName: string
  readonly view: JsonView
}

/** Name of the one tool that searches. */
const SEARCH = "tool_search"
/** Codex's own namespace of tools that have none elsewhere. */
const UNNAMED = "functions"

export class OwnTools {
  readonly all: OwnTool[] = []
  /** Tools that the provider runs. */
  readonly hosted: JsonView[] = []
  private readonly byForm = new Map<string, OwnTool>()
  private readonly byName = new Map<string, OwnTool>()
  /** Next number of a name that several tools would have. */
  private readonly numbers = new Map<string, number>()

  constructor(body: JsonView) {
    for (const tool of body.member("tools")?.items() ?? []) this.add(tool, null)
    for (const item of body.member("input")?.items() ?? []) {
      if (!ADDERS.has(item.textOf("type") ?? "")) continue
      for (const tool of item.member("tools")?.items() ?? []) this.add(tool, null)
    }
  }

  /** What a call of this name in an answer is a call of; undefined for one that nobody declared. */
  ofForm(formName: string): OwnTool | undefined {
    return this.byForm.get(formName)
  }

  /** The name of an earlier call, of a tool that may be no more. */
  formName(name: string, namespace: string | null): string {
    return this.byName.get(keyOf(name, namespace))?.formName ?? joinName(name, namespace)
  }

  private add(view: JsonView, namespace: string | null): void {
    const type = needText(view, "type")
    if (type === "namespace") {
      const name = needText(view, "name")
      for (const tool of view.member("tools")?.items() ?? []) this.add(tool, name)
      return
    }
    const kind = kindOf(view, type)
    if (kind === null) {
      this.hosted.push(view)
      return
    }
    const name = kind === "search" ? SEARCH : needText(view, "name")
    // A search gives a tool that may have been declared before.
    const key = keyOf(name, namespace)
    if (this.byName.has(key)) return
    const formName = this.freeName(joinName(name, namespace))
    const tool = { kind, name, namespace, formName, view }
    this.all.push(tool)
    this.byForm.set(formName, tool)
    this.byName.set(key, tool)
  }

  private freeName(wanted: string): string {
    let number = this.numbers.get(wanted) ?? 1
    let name = wanted
    while (this.byForm.has(name)) name = `${wanted}_${++number}`
    this.numbers.set(wanted, number)
    return name
  }
}

const ADDERS: ReadonlySet<string> = new Set(["additional_tools", "tool_search_output"])

function kindOf(view: JsonView, type: string): OwnKind | null {
  if (type === "function" || type === "custom") return type
  return type === SEARCH && textIn(view, "execution") === "client" ? "search" : null
}

/** No name has a line break. */
function keyOf(name: string, namespace: string | null): string {
  return `${namespace ?? ""}\n${name}`
}

function joinName(name: string, namespace: string | null): string {
  if (namespace === null || namespace === UNNAMED) return name
  return namespace.endsWith("__") ? namespace + name : `${namespace}__${name}`
}
