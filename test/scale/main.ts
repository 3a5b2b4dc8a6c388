/**
 * `make scale`: the operator at the size it is promised for, on this machine.
 *
 * In: nothing, or `--only compile|channel|cluster` for one part, which writes nothing. Out: a table
 * on stdout and in `docs/performance.md`; exits 1 when a promise is not kept. The compiler runs
 * alone; the control channel is the shipping server in its own process, over TLS, with its ledger,
 * and 1,000 light subscribers in another; the whole operator runs against a real API server, with a
 * fleet that has tokens of its own. It takes a quarter of an hour, most of it for statuses, which
 * are written at 20 a second.
 */
import { fileURLToPath } from "node:url"
import { conditions } from "#test/process/conditions.ts"
import { writeSection } from "#test/process/document-section.ts"
import { startProgram } from "#test/process/program.ts"
import { runCluster } from "./cluster-run.ts"
import { CLUSTER } from "./cluster-world.ts"
import type { CompileResult } from "./compile-run.ts"
import { podsOf, runSubscribers } from "./subscriber-run.ts"
import { makeWorld, namespaceName, PROMISED, podOf, policyOf, routeOf } from "./world.ts"

const SUBSCRIBERS = 1000
/** Cold measurements of the compiler; the one with the median full compile counts. */
const COMPILES = 3

interface Line {
  readonly what: string
  readonly found: string
  /** The promise, and whether it was kept; null when only printed. */
  readonly promise: { readonly text: string; readonly isKept: boolean } | null
}

const PARTS = { compile: compileLines, channel: channelLines, cluster: clusterLines }

const at = process.argv.indexOf("--only")
const only = at < 0 ? null : process.argv[at + 1]
const parts = Object.entries(PARTS).filter(([name]) => only === null || only === name)
if (parts.length === 0) {
  console.error(`--only takes ${Object.keys(PARTS).join(", ")}`)
  process.exit(2)
}
const lines: Line[] = []
for (const [, measure] of parts) lines.push(...(await measure()))
const table = [
  "| what | found | promised |",
  "| --- | --- | --- |",
  ...lines.map(({ what, found, promise }) => `| ${what} | ${found} | ${promise?.text ?? ""} |`),
]
const text = [conditions("make scale"), "", ...table].join("\n")
console.log(text)
const document = fileURLToPath(new URL("../../docs/performance.md", import.meta.url))
if (only === null) writeSection(document, "scale", text)
const broken = lines.filter(({ promise }) => promise?.isKept === false)
for (const { what, found, promise } of broken) {
  console.error(`Not kept: ${what} took ${found}, promised ${promise?.text}`)
}
process.exit(broken.length === 0 ? 0 : 1)

async function compileLines(): Promise<readonly Line[]> {
  const compiled = await measureCompile()
  if (compiled.problems.length > 0) throw new Error(`wrong: ${compiled.problems.join("; ")}`)
  return [
    printed(`${compiled.objects} objects into the index`, `${compiled.indexMs.toFixed(0)} ms`),
    promised("full compile of 1,000 namespaces", compiled.fullMs, 3000),
    printed("the check of all of them", `${compiled.checkMs.toFixed(0)} ms`),
    printed("canonical text and hash of all of them", `${compiled.hashMs.toFixed(0)} ms`),
    promised("one changed AIRoute, compiled", compiled.oneRouteMs, 20),
    printed("the same, checked and hashed", `${compiled.oneRouteToHashMs.toFixed(2)} ms`),
    printed("one Snapshot", `${(compiled.snapshotBytes / 1024).toFixed(0)} KB`),
    printed("resident memory of index and compiler", `${compiled.rssMb.toFixed(0)} MB`),
  ]
}

async function channelLines(): Promise<readonly Line[]> {
  const one = await runSubscribers({
    objects: makeWorld({ ...PROMISED, namespaces: 20, quotas: 20 }),
    pods: podsOf(namespaceName(0), SUBSCRIBERS),
    change: (generation) => routeOf(0, 0, PROMISED, generation),
    rounds: 5,
  })
  const all = await runSubscribers({
    objects: makeWorld(PROMISED),
    pods: Array.from({ length: SUBSCRIBERS }, (_, namespace) => podOf(namespace)),
    change: (generation) => policyOf(0, PROMISED, generation),
    rounds: 3,
  })
  return [
    printed("1,000 sidecars of one namespace connect", `${one.connectMs} ms`),
    promised("a changed AIRoute acknowledged by all of them", one.acknowledgedMs, 3000),
    printed("the slowest round", `${one.worstMs} ms`),
    printed("resident memory of the operator then", `${one.operatorMb.toFixed(0)} MB`),
    printed(
      "a changed ModelPolicy of all 1,000 namespaces acknowledged by a sidecar in each",
      `${all.acknowledgedMs.toFixed(0)} ms`,
    ),
    printed("resident memory of the operator then", `${all.operatorMb.toFixed(0)} MB`),
  ]
}

/** The operator against a real API server; times are until the last acknowledgement. */
async function clusterLines(): Promise<readonly Line[]> {
  const result = await runCluster({
    size: CLUSTER,
    rounds: 5,
    idleMs: 120_000,
    quietMs: 65_000,
    log: (line) => console.error(line),
  })
  const { objects, sidecars, idleRequestsPerSecond, rewritten } = result
  return [
    printed(
      `real API server, ${objects} objects: ${sidecars} sidecars of 1,000 namespaces connect`,
      `${result.connectMs} ms`,
    ),
    promised("a changed AIRoute, by 100 sidecars of its namespace", result.namespaceMs, 1000),
    printed("the slowest round", `${result.namespaceWorstMs} ms`),
    printed("a changed ModelPolicy, by all sidecars", `${result.policyMs} ms`),
    promised("a provider's kill switch, by all sidecars", result.killSwitchMs, 1000),
    printed("the same, by the first of them", `${result.killSwitchFirstMs} ms`),
    promised("kill -9 until all hold what changed meanwhile", result.recoveryMs, 30_000),
    printed("of that, until the new process leads", `${result.recoveryLeadMs} ms`),
    counted("statuses that were rewritten by that though nothing changed", rewritten, 0, 0),
    counted("idle: requests to the API server a second", idleRequestsPerSecond, 2, 1),
    printed(
      "of that, the API server's own, without an operator",
      result.ownRequestsPerSecond.toFixed(2),
    ),
    printed("idle: CPU of the operator", `${result.idleCpuPercent.toFixed(1)}% of a core`),
    printed("idle: resident memory of the operator", `${result.rssMb.toFixed(0)} MB`),
  ]
}

function counted(what: string, found: number, digits: number, most: number): Line {
  const text = `${most === 0 ? "" : "at most "}${most}`
  return { what, found: found.toFixed(digits), promise: { text, isKept: found <= most } }
}

async function measureCompile(): Promise<CompileResult> {
  const file = fileURLToPath(new URL("./compile-process.ts", import.meta.url))
  const results: CompileResult[] = []
  for (let round = 0; round < COMPILES; round += 1) {
    const program = await startProgram({ name: "compile", args: [file] })
    const [, json = ""] = await program.waitForLine(/^result (.*)$/, 120_000)
    results.push(JSON.parse(json) as CompileResult)
    await program.exited
  }
  const sorted = results.sort((a, b) => a.fullMs - b.fullMs)
  const middle = sorted[Math.floor(sorted.length / 2)]
  if (middle === undefined) throw new Error("nothing was measured")
  return middle
}

function printed(what: string, found: string): Line {
  return { what, found, promise: null }
}

function promised(what: string, foundMs: number, limitMs: number): Line {
  const found = `${foundMs < 10 ? foundMs.toFixed(2) : foundMs.toFixed(0)} ms`
  return { what, found, promise: { text: `under ${limitMs} ms`, isKept: foundMs < limitMs } }
}
