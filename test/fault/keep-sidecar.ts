/**
 * Keeps the proxy of a commit as one file, for the tests that run it against a later operator.
 *
 * In: `keep-sidecar.ts COMMIT`, in a clone that has it. Out: `kept/sidegate-proxy-schema-N.mjs.gz`,
 * where N is the Snapshot schema of that commit. The packages in it are those that are installed.
 */
import { execFileSync } from "node:child_process"
import { readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { build } from "esbuild"
import { temporaryDirectory } from "#test/process/places.ts"

const ROOT = join(import.meta.dirname, "../..")
const [, , commit] = process.argv
if (commit === undefined) throw new Error("keep-sidecar.ts needs a commit")
const tree = temporaryDirectory("kept")
const archive = execFileSync("git", ["archive", commit], { cwd: ROOT, maxBuffer: 2 ** 30 })
execFileSync("tar", ["-x", "-C", tree], { input: archive })
symlinkSync(join(ROOT, "node_modules"), join(tree, "node_modules"))
const outfile = join(tree, "main.mjs")
await build({
  absWorkingDir: tree,
  entryPoints: ["proxy/main.ts"],
  outfile,
  bundle: true,
  minify: true,
  platform: "node",
  target: "node24",
  format: "esm",
  legalComments: "eof",
  banner: { js: 'import{createRequire as r}from"node:module";const require=r(import.meta.url);' },
})
const contract = readFileSync(join(tree, "proxy/contract/snapshot.ts"), "utf8")
const schema = /SNAPSHOT_SCHEMA_VERSION = (\d+)/.exec(contract)?.[1]
const kept = join(import.meta.dirname, `kept/sidegate-proxy-schema-${schema}.mjs.gz`)
writeFileSync(kept, gzipSync(readFileSync(outfile), { level: 9 }))
console.log(kept)
