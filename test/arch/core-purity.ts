/**
 * The pure core takes time, chance and everything else as values: no clock, no randomness, no I/O.
 *
 * In: parsed files. Out: every use of a banned global or builtin in a core folder, and every
 * JSON.parse outside the one place that parses JSON.
 */
import type { Expression } from "oxc-parser"
import { folderOf } from "./import-directions.ts"
import { isProduct, type ParsedFile, type Violation } from "./source-file.ts"

const CORE_FOLDERS = new Set([
  ...["contract", "wire", "exchange", "surfaces", "providers", "route", "policy", "guard"].map(
    (name) => `proxy/${name}`,
  ),
  ...["quota", "cache", "audit", "runtime", "pipeline"].map((name) => `proxy/${name}`),
  ...["api", "index", "compile", "ledger"].map((name) => `operator/${name}`),
])

/** Names that reach outside; a file that declares one itself means its own. */
const BANNED_GLOBALS = new Set([
  ...["process", "console", "fetch", "crypto", "performance", "globalThis", "navigator"],
  ...["setTimeout", "setInterval", "setImmediate", "queueMicrotask", "clearTimeout"],
  ...["clearInterval", "clearImmediate", "XMLHttpRequest", "WebSocket", "EventSource"],
])

/** Shell inside a core folder: the ledger's storage. */
export function isCore(path: string): boolean {
  if (path.startsWith("operator/ledger/store/")) return false
  return isProduct(path) && CORE_FOLDERS.has(folderOf(path))
}

export function checkCorePurity(files: readonly ParsedFile[]): readonly Violation[] {
  return files.filter((file) => isCore(file.path)).flatMap(checkCoreFile)
}

/** `JSON.parse` anywhere in the product but in `proxy/contract/json.ts`. */
export function checkJsonParse(files: readonly ParsedFile[]): readonly Violation[] {
  return files
    .filter((file) => isProduct(file.path) && file.path !== "proxy/contract/json.ts")
    .flatMap((file) => {
      const found: Violation[] = []
      file.visit({
        MemberExpression: (node) => {
          if (memberName(node) !== "JSON.parse") return
          const message = "JSON.parse outside proxy/contract/json.ts"
          found.push({ path: file.path, line: file.lineOf(node.start), message })
        },
      })
      return found
    })
}

function checkCoreFile(file: ParsedFile): readonly Violation[] {
  const found: Violation[] = []
  const declared = declaredNames(file)
  const add = (offset: number, what: string): void => {
    const message = `${what} in the pure core: take it as a value`
    found.push({ path: file.path, line: file.lineOf(offset), message })
  }
  const addIfGlobal = (node: Expression | { readonly type: string }, offset: number): void => {
    if (!("name" in node) || node.type !== "Identifier") return
    const { name } = node
    if (typeof name === "string" && BANNED_GLOBALS.has(name) && !declared.has(name))
      add(offset, name)
  }
  for (const { specifier, line } of file.imports) {
    if (specifier.startsWith("node:"))
      found.push({ path: file.path, line, message: `${specifier} in the pure core` })
  }
  file.visit({
    MemberExpression: (node) => {
      const name = memberName(node)
      if (name === "Date.now" || name === "Math.random") add(node.start, name)
      addIfGlobal(node.object, node.start)
    },
    CallExpression: (node) => {
      addIfGlobal(node.callee, node.start)
      if (node.callee.type === "Identifier" && node.callee.name === "Date")
        add(node.start, "Date()")
      for (const argument of node.arguments) addIfGlobal(argument, argument.start)
    },
    NewExpression: (node) => {
      addIfGlobal(node.callee, node.start)
      const isDate = node.callee.type === "Identifier" && node.callee.name === "Date"
      if (isDate && node.arguments.length === 0) add(node.start, "new Date() without an argument")
    },
    VariableDeclarator: (node) => {
      if (node.init !== null) addIfGlobal(node.init, node.start)
    },
  })
  return found
}

/** Names bound anywhere in the file: a parameter called `process` is not the global. */
function declaredNames(file: ParsedFile): ReadonlySet<string> {
  const names = new Set<string>()
  const addPattern = (pattern: { readonly type: string }): void => {
    if (pattern.type === "Identifier" && "name" in pattern) names.add(String(pattern.name))
    if (pattern.type === "ObjectPattern" && "properties" in pattern)
      for (const property of list(pattern.properties)) addProperty(property)
  }
  const addProperty = (property: unknown): void => {
    if (!isNode(property)) return
    if ("value" in property && isNode(property.value)) addPattern(property.value)
  }
  const addAll = (node: { readonly params: readonly { readonly type: string }[] }): void => {
    for (const parameter of node.params) addPattern(parameter)
  }
  file.visit({
    FunctionDeclaration: (node) => {
      if (node.id !== null) names.add(node.id.name)
      addAll(node)
    },
    FunctionExpression: addAll,
    ArrowFunctionExpression: addAll,
    VariableDeclarator: (node) => addPattern(node.id),
    ImportSpecifier: (node) => names.add(node.local.name),
  })
  return names
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function isNode(value: unknown): value is { readonly type: string } {
  return typeof value === "object" && value !== null && "type" in value
}

function memberName(node: { readonly object: unknown; readonly property: unknown }): string {
  return `${nameOf(node.object)}.${nameOf(node.property)}`
}

function nameOf(node: unknown): string {
  if (typeof node !== "object" || node === null) return ""
  if ("name" in node && typeof node.name === "string") return node.name
  return "value" in node && typeof node.value === "string" ? node.value : ""
}
