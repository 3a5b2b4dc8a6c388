/** What a test may not do: sleep, be skipped without a reason, or keep the others from running. */
import type { ParsedFile, Violation } from "./source-file.ts"

const RUNNERS = new Set(["test", "it", "describe", "suite"])

/**
 * `.only` never; `.skip`, `.todo` and `.skipIf` with a comment on the line before that says why.
 */
export function checkSkips(files: readonly ParsedFile[]): readonly Violation[] {
  return testFiles(files).flatMap((file) => {
    const found: Violation[] = []
    const lines = file.text.split("\n")
    file.visit({
      MemberExpression: (node) => {
        if (node.object.type !== "Identifier" || !RUNNERS.has(node.object.name)) return
        if (node.property.type !== "Identifier") return
        const { name } = node.property
        const line = file.lineOf(node.start)
        const hasReason = /^\s*(\/\/|\*)/.test(lines[line - 2] ?? "")
        if (name === "only") found.push({ path: file.path, line, message: ".only stays at home" })
        if (["skip", "todo", "skipIf", "runIf"].includes(name) && !hasReason)
          found.push({ path: file.path, line, message: `.${name} without a reason in words above` })
      },
    })
    return found
  })
}

/**
 * An awaited timer outside a loop is a sleep; inside a loop it polls a condition, with its
 * deadline.
 */
export function checkSleeps(files: readonly ParsedFile[]): readonly Violation[] {
  return testFiles(files).flatMap((file) => {
    const found: Violation[] = []
    const loops: { readonly start: number; readonly end: number }[] = []
    const awaits: { readonly start: number; readonly end: number }[] = []
    const enterLoop = (node: { readonly start: number; readonly end: number }): void => {
      loops.push({ start: node.start, end: node.end })
    }
    file.visit({
      WhileStatement: enterLoop,
      DoWhileStatement: enterLoop,
      ForStatement: enterLoop,
      AwaitExpression: (node) => {
        const text = file.text.slice(node.argument.start, node.argument.end)
        const isTimer =
          /^(sleep|delay|setTimeout|wait)\(/.test(text) ||
          /^new Promise(<\w+>)?\(\s*\(?\w*\)?\s*=>\s*\{?\s*setTimeout\(/.test(text)
        if (isTimer) awaits.push({ start: node.start, end: node.end })
      },
    })
    for (const { start, end } of awaits) {
      if (loops.some((loop) => loop.start <= start && end <= loop.end)) continue
      const message = "a test sleeps: wait for the condition, with a deadline"
      found.push({ path: file.path, line: file.lineOf(start), message })
    }
    return found
  })
}

function testFiles(files: readonly ParsedFile[]): readonly ParsedFile[] {
  return files.filter((file) => file.path.endsWith(".test.ts"))
}
