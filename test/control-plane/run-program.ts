/**
 * Runs one program to its end and gives its output; the whole process group dies at the deadline.
 */
import { spawn } from "node:child_process"

export interface RunOptions {
  readonly cwd?: string
  readonly environment?: NodeJS.ProcessEnv
  readonly input?: string
  readonly deadlineMs: number
}

export interface RunResult {
  /** Exit code; 128 and more for a signal. */
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/**
 * Like `tryProgram`, but an exit code other than 0 is an Error with the last lines of the output.
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  options: RunOptions,
): Promise<RunResult> {
  const result = await tryProgram(program, args, options)
  if (result.code === 0) return result
  const said = (result.stderr || result.stdout).trim().split("\n").slice(-20).join("\n")
  throw new Error(`${program} ${args.slice(0, 4).join(" ")}: exit code ${result.code}\n${said}`)
}

/** Rejects only when the program cannot be started or passes its deadline. */
export function tryProgram(
  program: string,
  args: readonly string[],
  options: RunOptions,
): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: options.environment ?? process.env,
      detached: true,
      stdio: ["pipe", "pipe", "pipe"],
    })
    const killGroup = (): void => {
      if (child.pid === undefined) return
      try {
        process.kill(-child.pid, "SIGKILL")
      } catch {
        // It ended by itself in this moment.
      }
    }
    const timer = setTimeout(() => {
      killGroup()
      reject(new Error(`${program} did not end within ${options.deadlineMs} ms`))
    }, options.deadlineMs)
    process.once("exit", killGroup)
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk))
    child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk))
    child.stdin.on("error", () => undefined)
    child.stdin.end(options.input ?? "")
    const settle = (): void => {
      clearTimeout(timer)
      process.off("exit", killGroup)
    }
    child.on("error", (error) => {
      settle()
      reject(error)
    })
    child.on("close", (code) => {
      settle()
      resolve({
        code: code ?? 128,
        stdout: Buffer.concat(stdout).toString("utf8"),
        stderr: Buffer.concat(stderr).toString("utf8"),
      })
    })
  })
}
