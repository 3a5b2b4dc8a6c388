/**
 * One program as a real process, for tests that kill, restart and measure.
 *
 * In: what to run. Out: its pid, its output, its end. Signals go to this pid and to no other, and a
 * program that is still running when the test process exits is killed with it. It knows nothing of
 * what it runs.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { appendFileSync } from "node:fs"

export interface ProgramOptions {
  /** For error messages: `proxy`. */
  readonly name: string
  /** Arguments of Node: flags, file, arguments. With `command`, the arguments of that. */
  readonly args: readonly string[]
  /** Default: the Node that runs the test. */
  readonly command?: string
  /** Added to a bare environment (PATH, HOME, TMPDIR); nothing else is inherited. */
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Pins the process to this core (Linux `taskset`); unset leaves it to the scheduler. */
  readonly core?: number
  /** All output is appended to this file too. */
  readonly logFile?: string
}

export interface ExitFacts {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface Program {
  readonly name: string
  readonly pid: number
  /** Resolves when the process is gone and its output is read to the end; never rejects. */
  readonly exited: Promise<ExitFacts>
  readonly isRunning: () => boolean
  /** The last mebibyte of each. */
  readonly stdout: () => string
  readonly stderr: () => string
  /**
   * The first line of stdout or stderr that matches, also an earlier one. Rejects at the deadline
   * or at exit.
   */
  readonly waitForLine: (pattern: RegExp, withinMs: number) => Promise<RegExpExecArray>
  readonly kill: (signal: NodeJS.Signals) => void
  /**
   * SIGTERM, and SIGKILL when that took more than `graceMs` (default 5,000). Resolves when it is
   * gone.
   */
  readonly stop: (graceMs?: number) => Promise<ExitFacts>
}

const OUTPUT_CHARACTERS_MAX = 1024 * 1024
const running = new Set<ChildProcess>()
process.on("exit", killAll)
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  // A signal ends the process without "exit": nothing must stay behind, and the signal still counts.
  process.once(signal, () => {
    killAll()
    process.kill(process.pid, signal)
  })
}

function killAll(): void {
  for (const child of running) child.kill("SIGKILL")
}

/** Of all programs that were started here and still run. */
export function runningPids(): readonly number[] {
  return [...running].flatMap(({ pid }) => pid ?? [])
}

/** Starts it; rejects when the command cannot be started at all. */
export async function startProgram(options: ProgramOptions): Promise<Program> {
  const command = options.command ?? process.execPath
  const pinned = options.core === undefined ? [] : ["taskset", "-c", String(options.core)]
  const [file = command, ...args] = [...pinned, command, ...options.args]
  const child = spawn(file, args, {
    cwd: options.cwd ?? process.cwd(),
    env: { ...bareEnvironment(), ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  })
  running.add(child)
  const output = collectOutput(child, options.logFile)
  const exited = new Promise<ExitFacts>((resolve) => {
    child.once("close", (code, signal) => {
      running.delete(child)
      resolve({ code, signal })
      output.wake()
    })
  })
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve)
    child.once("error", (error) => {
      running.delete(child)
      reject(new Error(`${options.name} did not start: ${error.message}`))
    })
  })
  return describe(options.name, child, output, exited)
}

interface Output {
  readonly stdout: Tail
  readonly stderr: Tail
  /** Called whenever there is more output, and at the end. */
  readonly watchers: Set<() => void>
  readonly wake: () => void
}

/** The end of a text that comes in pieces; whole pieces are dropped from its start. */
interface Tail {
  readonly add: (piece: string) => void
  readonly text: () => string
}

function createTail(): Tail {
  const pieces: string[] = []
  let characters = 0
  return {
    add: (piece) => {
      pieces.push(piece)
      characters += piece.length
      while (characters - (pieces[0]?.length ?? 0) > OUTPUT_CHARACTERS_MAX) {
        characters -= pieces.shift()?.length ?? 0
      }
    },
    text: () => pieces.join(""),
  }
}

function collectOutput(child: ChildProcess, logFile: string | undefined): Output {
  const output = { stdout: createTail(), stderr: createTail() }
  const watchers = new Set<() => void>()
  const wake = (): void => {
    for (const watcher of [...watchers]) watcher()
  }
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.setEncoding("utf8").on("data", (chunk: string) => {
      output[name].add(chunk)
      if (logFile !== undefined) appendFileSync(logFile, chunk)
      wake()
    })
  }
  return { ...output, watchers, wake }
}

function describe(
  name: string,
  child: ChildProcess,
  output: Output,
  exited: Promise<ExitFacts>,
): Program {
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null
  const kill = (signal: NodeJS.Signals): void => {
    if (isRunning()) child.kill(signal)
  }
  return {
    name,
    pid: child.pid ?? 0,
    exited,
    isRunning,
    stdout: output.stdout.text,
    stderr: output.stderr.text,
    waitForLine: (pattern, withinMs) => waitForLine(name, output, isRunning, pattern, withinMs),
    kill,
    stop: async (graceMs = 5000) => {
      kill("SIGTERM")
      const timer = setTimeout(() => kill("SIGKILL"), graceMs)
      const facts = await exited
      clearTimeout(timer)
      return facts
    },
  }
}

function waitForLine(
  name: string,
  output: Output,
  isRunning: () => boolean,
  pattern: RegExp,
  withinMs: number,
): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    const finish = (settle: () => void): void => {
      clearTimeout(timer)
      output.watchers.delete(look)
      settle()
    }
    const fail = (why: string): void =>
      finish(() => reject(new Error(`${name}: no line ${pattern} ${why}\n${tail(output)}`)))
    const look = (): void => {
      for (const line of wholeLines(output, isRunning())) {
        const match = pattern.exec(line)
        if (match === null) continue
        finish(() => resolve(match))
        return
      }
      if (!isRunning()) fail("before it exited")
    }
    const timer = setTimeout(() => fail(`within ${withinMs} ms`), withinMs)
    output.watchers.add(look)
    look()
  })
}

/** A line that is still being written is not shown while the program runs. */
function wholeLines(output: Output, isRunning: boolean): readonly string[] {
  return [output.stdout.text(), output.stderr.text()].flatMap((text) => {
    const lines = text.split("\n")
    return isRunning ? lines.slice(0, -1) : lines
  })
}

function tail(output: Output): string {
  return `${output.stdout.text().slice(-2000)}\n${output.stderr.text().slice(-4000)}`
}

/**
 * What a program needs from its surroundings; a proxy setting or key of the developer never leaks
 * into a test.
 */
function bareEnvironment(): Record<string, string> {
  const bare: Record<string, string> = {}
  for (const name of ["PATH", "HOME", "TMPDIR"]) {
    const value = process.env[name]
    if (value !== undefined) bare[name] = value
  }
  return bare
}
