/**
 * One directory for all that a vitest run leaves behind: the workers' `tmpdir()` is in it, and at
 * the end it is removed. A worker is ended without `exit`, so nobody in it could do that.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

export function setup(): () => void {
  const before = process.env["TMPDIR"]
  const root = mkdtempSync(join(tmpdir(), "sidegate-run-"))
  process.env["TMPDIR"] = root
  return () => {
    if (before === undefined) delete process.env["TMPDIR"]
    else process.env["TMPDIR"] = before
    // A program that is ending may write a last file meanwhile.
    rmSync(root, { recursive: true, force: true, maxRetries: 5 })
  }
}
