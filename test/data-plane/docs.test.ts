/**
 * The commands that a reader copies: every block marked `bash runnable` in the README and the docs
 * is run against the quickstart, and answers what the text around it says.
 */
import { spawnSync } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { temporaryDirectory } from "#test/process/places.ts"
import type { Program } from "#test/process/program.ts"
import { runSidegate } from "./start-standalone.ts"

const ROOT = join(import.meta.dirname, "../..")
const PAGES = [
  "README.md",
  ...readdirSync(join(ROOT, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
]
const blocks = PAGES.flatMap((page) => {
  const text = readFileSync(join(ROOT, page), "utf8")
  return [...text.matchAll(/```bash runnable\n(.*?)```/gs)].map(([, command = ""]) => ({
    page,
    command,
    want: wanted(command),
  }))
})

/** What the pages promise of each kind of request. */
function wanted(command: string): RegExp {
  if (command.includes("gpt-5-preview")) return /HTTP\/1\.1 403[\s\S]*"code":"model_denied"/
  if (command.includes('"stream":true')) return /data: \[DONE\]/
  if (command.includes("sidegate lint")) return /^\d+ objects in \d+ files, 0 errors, 0 warnings$/m
  if (command.includes("/v1/models")) return /"id":"smart"/
  return /HTTP\/1\.1 200[\s\S]*x-sidegate-provider: primary[\s\S]*"chat\.completion"/i
}

/** As a reader would, but past a proxy of this machine, and with no word of npm about its news. */
function runScript(script: string) {
  const env = { ...process.env, NO_PROXY: "*", no_proxy: "*", NO_UPDATE_NOTIFIER: "1" }
  const options = { cwd: ROOT, env, encoding: "utf8", timeout: 60_000 } as const
  return spawnSync("sh", ["-euc", script], options)
}

// The commands are curl's, and curl is not among what the checkout asks of a machine.
describe.skipIf(spawnSync("curl", ["--version"]).error !== undefined)("the docs' commands", () => {
  let program: Program
  let port = ""
  beforeAll(async () => {
    const state = temporaryDirectory("state")
    program = await runSidegate([
      ...["run", join(ROOT, "examples/quickstart"), "--port", "0", "--admin-port", "0"],
      ...["--state", state],
    ])
    const [, found = ""] = await program.waitForLine(/^gateway +http:.*:(\d+)\/v1$/, 60_000)
    port = found
  })
  afterAll(async () => {
    await program.stop()
  })

  test("there are some", () => {
    expect(blocks.length).toBeGreaterThan(4)
  })

  test.each(blocks)("$page: $command", ({ command, want }) => {
    const script = command.replaceAll("4141", port)
    const run = runScript(script)
    expect(run.stderr.replaceAll(/^npm warn .*\n/gm, "")).toBe("")
    expect(run.stdout).toMatch(want)
  })

  test("start-up ends with a curl that works and the variables of an SDK", async () => {
    await program.waitForLine(/^Saved manifests take effect at once\. Ctrl-C ends\.$/, 60_000)
    const script = /^ {2}curl [\s\S]*?\n(?=\n)/m.exec(program.stdout())?.[0] ?? ""
    const run = runScript(script)
    expect(run.stdout).toMatch(/HTTP\/1\.1 200/)
    expect(program.stdout()).toContain(
      `export OPENAI_BASE_URL=http://127.0.0.1:${port}/v1 OPENAI_API_KEY=sidegate-placeholder`,
    )
  })
})
