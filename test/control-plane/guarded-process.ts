/**
 * A server process that cannot outlive us: a shell guard holds a pipe from this process and kills
 * its child when the pipe closes, which the kernel does even after kill -9.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { openSync } from "node:fs"

/** $1 is a folder to remove at the end, or empty; the rest is the command. */
const GUARD = `
folder=$1; shift
exec 3<&0
"$@" </dev/null 3<&- &
child=$!
( read -r line <&3; kill -9 $child ) 2>/dev/null &
guard=$!
exec 3<&-
wait $child
code=$?
kill $guard 2>/dev/null
if [ -n "$folder" ]; then rm -rf "$folder"; fi
exit $code
`

export interface GuardedProcess {
  /** True once it has ended, for whatever reason. */
  hasEnded(): boolean
  /** kill -9; resolves when it is gone. */
  kill(): Promise<void>
}

export interface GuardOptions {
  readonly command: readonly string[]
  /** Output is appended here. */
  readonly logPath: string
  /** Removed when the process ends; null for none. */
  readonly removeFolder: string | null
}

export function startGuarded(options: GuardOptions): GuardedProcess {
  const log = openSync(options.logPath, "a")
  const child: ChildProcess = spawn(
    "sh",
    ["-c", GUARD, "guard", options.removeFolder ?? "", ...options.command],
    // Its own group: Ctrl-C in a terminal goes to us, and the guard ends the child after that.
    { detached: true, stdio: ["pipe", log, log] },
  )
  child.stdin?.on("error", () => undefined)
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null
  return {
    hasEnded,
    kill: async () => {
      if (hasEnded()) return
      const ended = once(child, "exit")
      child.stdin?.end()
      await ended
    },
  }
}
