/** Sizes and names of `style.md` section 3: what no reader should have to put up with. */
import {
  isGenerated,
  isGenerator,
  isTest,
  type ParsedFile,
  type SourceFile,
  type Violation,
} from "./source-file.ts"

export const FILE_LINES_MAX = 400
export const FUNCTION_LINES_MAX = 60
export const LINE_COLUMNS_MAX = 100

/** `work-queue.test.ts`, `vitest.config.ts`; no capitals, no underscores. */
const FILE_NAME = /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|test-data|config|d))?\.(ts|mjs)$/
/** Names that say nothing: the thing has no single job yet. */
const EMPTY_WORDS = ["utils", "util", "helpers", "helper", "common", "manager", "service", "misc"]

export function checkFileSizes(files: readonly SourceFile[]): readonly Violation[] {
  return files
    .filter((file) => !isTest(file.path) && !isGenerated(file.path))
    .flatMap((file) => {
      const lines = file.text.trimEnd().split("\n").length
      const message = `${lines} lines, ${FILE_LINES_MAX} at most`
      return lines > FILE_LINES_MAX ? [{ path: file.path, line: lines, message }] : []
    })
}

/** A test may quote a message whole: there, what stands in quotes does not count. */
export function checkLineWidths(files: readonly SourceFile[]): readonly Violation[] {
  return files
    .filter((file) => !isGenerated(file.path))
    .flatMap((file) =>
      file.text.split("\n").flatMap((text, index) => {
        const width = isTest(file.path) ? text.replace(QUOTED, '""').length : text.length
        if (width <= LINE_COLUMNS_MAX) return []
        const message = `${width} columns, ${LINE_COLUMNS_MAX} at most`
        return [{ path: file.path, line: index + 1, message }]
      }),
    )
}

const QUOTED = /(["'`])(?:\\.|(?!\1).)*\1/g

/**
 * Lines of each function, those of functions with a name of their own inside it not counted: a
 * function that makes a value of several functions is as long as its own statements. Callbacks
 * count where they stand.
 */
export function checkFunctionSizes(files: readonly ParsedFile[]): readonly Violation[] {
  return files
    .filter((file) => !isTest(file.path) && !isGenerated(file.path))
    .flatMap((file) => {
      const functions: Span[] = []
      const declared: Span[] = []
      const enter = ({ start, end }: Span): void => void functions.push({ start, end })
      file.visit({
        FunctionDeclaration: ({ start, end }) => {
          enter({ start, end })
          declared.push({ start, end })
        },
        VariableDeclarator: ({ init }) => {
          if (init !== null && isFunction(init)) declared.push({ start: init.start, end: init.end })
        },
        Property: ({ value }) => {
          if (isFunction(value)) declared.push({ start: value.start, end: value.end })
        },
        FunctionExpression: enter,
        ArrowFunctionExpression: enter,
      })
      return functions.flatMap((span) => {
        const inner = outermost(declared.filter((one) => isInside(one, span)))
        const lines = inner.reduce((sum, one) => sum - linesOf(file, one), linesOf(file, span))
        if (lines <= FUNCTION_LINES_MAX) return []
        const message = `function of ${lines} lines, ${FUNCTION_LINES_MAX} at most`
        return [{ path: file.path, line: file.lineOf(span.start), message }]
      })
    })
}

interface Span {
  readonly start: number
  readonly end: number
}

function isFunction({ type }: { readonly type: string }): boolean {
  return type === "FunctionExpression" || type === "ArrowFunctionExpression"
}

function linesOf(file: ParsedFile, { start, end }: Span): number {
  return file.lineOf(end) - file.lineOf(start) + 1
}

function isInside(inner: Span, outer: Span): boolean {
  return outer.start < inner.start && inner.end <= outer.end
}

function outermost(spans: readonly Span[]): readonly Span[] {
  return spans.filter((span) => !spans.some((other) => isInside(span, other)))
}

export function checkFileNames(files: readonly SourceFile[]): readonly Violation[] {
  return files.flatMap(({ path }) => {
    const name = path.split("/").at(-1) ?? ""
    if (!FILE_NAME.test(name)) return [{ path, line: 1, message: "the name is not kebab-case" }]
    const words = path.replace(/\.[a-z.]+$/, "").split(/[/-]/)
    const empty = words.find((word) => EMPTY_WORDS.includes(word))
    return empty === undefined
      ? []
      : [{ path, line: 1, message: `"${empty}" says nothing: name the verb or the thing` }]
  })
}

/** Status codes of refusals stand in one table; anywhere else a second truth begins. */
export function checkStatusCodes(files: readonly ParsedFile[]): readonly Violation[] {
  return files
    .filter(({ path }) => path.startsWith("proxy/") && !isTest(path) && !isGenerator(path))
    .filter(({ path }) => path !== "proxy/exchange/refusal.ts")
    .filter(({ path }) => !path.startsWith("proxy/providers/simulated/"))
    .flatMap((file) => {
      const found: Violation[] = []
      const add = (value: unknown, offset: number): void => {
        if (typeof value !== "number" || value < 400 || value > 599) return
        const message = `status ${value} outside the table in proxy/exchange/refusal.ts`
        found.push({ path: file.path, line: file.lineOf(offset), message })
      }
      file.visit({
        CallExpression: (node) => {
          const first = node.arguments[0]
          const { callee } = node
          if (callee.type !== "MemberExpression" || callee.property.type !== "Identifier") return
          if (!["start", "writeHead"].includes(callee.property.name)) return
          if (first?.type === "Literal") add(first.value, node.start)
        },
        Property: (node) => {
          if (node.key.type !== "Identifier" || node.value.type !== "Literal") return
          if (/^status(Code)?$/.test(node.key.name)) add(node.value.value, node.start)
        },
        AssignmentExpression: (node) => {
          if (node.left.type !== "MemberExpression" || node.right.type !== "Literal") return
          const { property } = node.left
          if (property.type === "Identifier" && property.name === "statusCode")
            add(node.right.value, node.start)
        },
      })
      return found
    })
}
