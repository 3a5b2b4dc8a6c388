/**
 * The tree as the architecture checks see it: every source file of the checkout, parsed once.
 *
 * In: the checkout's root, or sources given in memory. Out: path, text, imports and syntax of each
 * file.
 * Knows nothing of any rule.
 */
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, normalize } from "node:path"
import { parseSync, Visitor, type VisitorObject } from "oxc-parser"

/** What a rule reads. `path` is relative to the checkout with `/` between its parts. */
export interface SourceFile {
  readonly path: string
  readonly text: string
}

export interface Import {
  /** As written: `./x.ts`, `#proxy/contract/push.ts`, `node:fs`, `hono`. */
  readonly specifier: string
  /** Path in the checkout for our own modules; null for packages and builtins. */
  readonly target: string | null
  /** Nothing of it is left at run time. */
  readonly isTypeOnly: boolean
  readonly line: number
}

export interface ParsedFile extends SourceFile {
  readonly imports: readonly Import[]
  readonly lineOf: (offset: number) => number
  readonly visit: (visitor: VisitorObject) => void
}

export interface Violation {
  readonly path: string
  readonly line: number
  readonly message: string
}

const SKIPPED = new Set(["node_modules", ".git", ".sidegate", "dist", "coverage", "go", "bin"])

/** Every file below `root` whose name ends in one of `extensions`, sorted by path. */
export function readTree(root: string, extensions: readonly string[]): readonly SourceFile[] {
  const files: SourceFile[] = []
  const walk = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`
      if (entry.isDirectory() && !SKIPPED.has(entry.name)) walk(path)
      if (entry.isFile() && extensions.some((extension) => entry.name.endsWith(extension)))
        files.push({ path, text: readFileSync(join(root, path), "utf8") })
    }
  }
  walk("")
  return files.sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** Throws when the text does not parse: a rule that reads nothing would pass for ever. */
export function parseFile(file: SourceFile): ParsedFile {
  const result = parseSync(file.path, file.text)
  const fault = result.errors[0]
  if (fault !== undefined) throw new Error(`${file.path}: ${fault.message}`)
  const starts = lineStarts(file.text)
  const lineOf = (offset: number): number => starts.findLastIndex((start) => start <= offset) + 1
  return {
    ...file,
    lineOf,
    imports: importsOf(file, result, lineOf),
    visit: (visitor) => new Visitor(visitor).visit(result.program),
  }
}

/**
 * Beside the code, with the makers that tests share, or below `test/` and `e2e/`: what never ships.
 */
export function isTest(path: string): boolean {
  return /\.test(-data)?\.ts$/.test(path) || /^(test|e2e)\//.test(path)
}

export function isGenerated(path: string): boolean {
  return path.includes("/generated/")
}

/** A tool that a developer runs to write checked-in files; it never ships either. */
export function isGenerator(path: string): boolean {
  return /(^|\/)generate(-[a-z-]+)?\.(ts|mjs)$/.test(path)
}

/** Code of the product itself. */
export function isProduct(path: string): boolean {
  return /^(operator|proxy|cli)\//.test(path) && !isTest(path) && !isGenerator(path)
}

type Parsed = ReturnType<typeof parseSync>

function importsOf(
  file: SourceFile,
  parsed: Parsed,
  lineOf: (offset: number) => number,
): readonly Import[] {
  const found: Import[] = []
  const add = (specifier: string, isTypeOnly: boolean, offset: number): void => {
    const target = resolve(file.path, specifier)
    found.push({ specifier, target, isTypeOnly, line: lineOf(offset) })
  }
  for (const one of parsed.module.staticImports) {
    const isTypeOnly = one.entries.length > 0 && one.entries.every((entry) => entry.isType)
    add(one.moduleRequest.value, isTypeOnly, one.start)
  }
  for (const one of parsed.module.staticExports) {
    for (const entry of one.entries) {
      if (entry.moduleRequest != null) add(entry.moduleRequest.value, entry.isType, one.start)
    }
  }
  new Visitor({
    ImportExpression: (node) => {
      if (node.source.type === "Literal") add(String(node.source.value), false, node.start)
    },
    TSImportType: (node) => add(node.source.value, true, node.start),
  }).visit(parsed.program)
  return found
}

function resolve(from: string, specifier: string): string | null {
  if (specifier.startsWith("#")) return specifier.slice(1)
  if (specifier.startsWith(".")) return normalize(join(dirname(from), specifier))
  return null
}

function lineStarts(text: string): readonly number[] {
  const starts = [0]
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1)
  return starts
}
