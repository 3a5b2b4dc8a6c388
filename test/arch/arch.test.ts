/**
 * The architecture as a test: each rule passes on the tree, and each is shown a source it must
 * refuse.
 */
import { spawnSync } from "node:child_process"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { parseJson } from "#proxy/contract/json.ts"
import { REFUSALS } from "#proxy/exchange/refusal.ts"
import { checkCorePurity, checkJsonParse } from "./core-purity.ts"
import {
  checkDecisionRecords,
  checkErrorRows,
  checkGeneratedMarks,
  checkLinks,
  checkLockedPlatforms,
  checkLockfile,
  checkRecordShape,
} from "./documents.ts"
import { checkFaultRows } from "./fault-rows.ts"
import { checkDirections, GRANTED_EDGES } from "./import-directions.ts"
import { checkDependencyRecords, checkPackageHomes } from "./package-homes.ts"
import {
  checkFileNames,
  checkFileSizes,
  checkFunctionSizes,
  checkLineWidths,
  checkStatusCodes,
} from "./sizes-and-names.ts"
import {
  isGenerated,
  isGenerator,
  type ParsedFile,
  parseFile,
  readTree,
  type Violation,
} from "./source-file.ts"
import { checkSkips, checkSleeps } from "./test-hygiene.ts"

const ROOT = join(import.meta.dirname, "../..")
const TREE = readTree(ROOT, [".ts", ".mjs"]).map(parseFile)
const read = (path: string): string => readFileSync(join(ROOT, path), "utf8")

const rules: readonly {
  readonly name: string
  readonly check: (files: readonly ParsedFile[]) => readonly Violation[]
  /** Path and source of one-file programs that break the rule. */
  readonly broken: readonly (readonly [path: string, text: string])[]
  /** Sources that look alike and are fine. */
  readonly fine: readonly (readonly [path: string, text: string])[]
}[] = [
  {
    name: "imports go one way",
    check: (files) => checkDirections(files),
    broken: [
      ["proxy/contract/x.ts", `import { a } from "../wire/sse.ts"`],
      ["proxy/route/x.ts", `import { a } from "#proxy/policy/access.ts"`],
      ["proxy/route/x.ts", `export * from "#proxy/policy/access.ts"`],
      ["proxy/pipeline/x.ts", `const a = await import("#proxy/server/listen.ts")`],
      ["proxy/runtime/x.ts", `type A = import("#proxy/pipeline/pipeline.ts").A`],
      ["proxy/server/x.ts", `import type { A } from "#operator/index/view.ts"`],
      ["proxy/main.ts", `import { a } from "#operator/main.ts"`],
      ["operator/compile/x.ts", `import { a } from "#operator/ledger/allocate.ts"`],
      ["operator/compile/x.ts", `import { a } from "#proxy/exchange/refusal.ts"`],
      ["operator/publish/x.ts", `import { a } from "#operator/intake/intake.ts"`],
      ["operator/reconcile/x.ts", `import { a } from "#operator/kube/apply.ts"`],
      ["operator/main.ts", `import { a } from "#proxy/journal/journal.ts"`],
      ["operator/nowhere/x.ts", `import { a } from "#operator/index/view.ts"`],
      ["proxy/server/x.ts", `import { a } from "#test/process/spawn.ts"`],
    ],
    fine: [
      ["proxy/route/x.ts", `import { a } from "#proxy/exchange/ports.ts"`],
      ["proxy/route/x.test.ts", `import { a } from "#proxy/policy/access.ts"`],
      ["operator/main.ts", `import { a } from "./kube/apply.ts"`],
      ["cli/run/x.ts", `import { a } from "#operator/compose.ts"`],
    ],
  },
  {
    name: "each npm package has one home",
    check: checkPackageHomes,
    broken: [
      ["proxy/pipeline/x.ts", `import { Pool } from "undici"`],
      ["operator/compile/x.ts", `import * as z from "zod"`],
      ["operator/publish/x.ts", `import type { V1Pod } from "@kubernetes/client-node"`],
      ["proxy/providers/x.ts", `import OpenAI from "openai"`],
      ["cli/x.ts", `import leftPad from "left-pad"`],
    ],
    fine: [
      ["cli/lint/x.ts", `import { run } from "@bufbuild/cel/ext"`],
      ["proxy/providers/x.ts", `import type { Chat } from "openai/resources"`],
    ],
  },
  {
    name: "the core takes time, chance and I/O as values",
    check: checkCorePurity,
    broken: [
      ["proxy/route/x.ts", `import { readFileSync } from "node:fs"`],
      ["proxy/route/x.ts", "const a = Date.now()"],
      ["proxy/route/x.ts", "const now = Date.now"],
      ["proxy/route/x.ts", "const a = new Date()"],
      ["proxy/route/x.ts", "const a = Math.random()"],
      ["proxy/route/x.ts", "const a = process.env"],
      ["proxy/route/x.ts", "console.log(1)"],
      ["proxy/route/x.ts", `fetch("x")`],
      ["proxy/route/x.ts", "setTimeout(() => {}, 1)"],
      ["operator/compile/x.ts", "const a = crypto.randomUUID()"],
      ["operator/ledger/x.ts", "const a = globalThis.process"],
    ],
    fine: [
      ["proxy/route/x.ts", "const a = new Date(1)"],
      ["proxy/route/x.ts", "const f = (process) => process.value"],
      ["proxy/server/x.ts", "const a = Date.now()"],
      ["operator/ledger/store/sqlite/x.ts", `import { x } from "node:sqlite"`],
    ],
  },
  {
    name: "one place parses JSON",
    check: checkJsonParse,
    broken: [
      ["operator/publish/x.ts", `JSON.parse("1")`],
      ["cli/x.ts", `JSON["parse"]("1")`],
    ],
    fine: [
      ["proxy/contract/json.ts", `JSON.parse("1")`],
      ["cli/x.test.ts", `JSON.parse("1")`],
    ],
  },
  {
    name: "status codes of refusals stand in one table",
    check: checkStatusCodes,
    broken: [
      ["proxy/server/x.ts", "client.start(503, [])"],
      ["proxy/server/x.ts", "response.writeHead(404)"],
      ["proxy/pipeline/x.ts", "const a = { status: 429 }"],
      ["proxy/server/x.ts", "response.statusCode = 500"],
    ],
    fine: [
      ["proxy/exchange/refusal.ts", "const a = { status: 429 }"],
      ["proxy/route/x.ts", "const isLimited = status === 429"],
    ],
  },
  {
    name: "a file has 400 lines at most",
    check: checkFileSizes,
    broken: [["proxy/route/x.ts", "a()\n".repeat(401)]],
    fine: [
      ["proxy/route/x.ts", "a()\n".repeat(400)],
      ["proxy/route/x.test.ts", "a()\n".repeat(401)],
    ],
  },
  {
    name: "a function has 60 lines at most",
    check: checkFunctionSizes,
    broken: [
      ["proxy/route/x.ts", `function f() {\n${"a()\n".repeat(59)}}`],
      ["proxy/route/x.ts", `class A { f() {\n${"a()\n".repeat(59)}} }`],
      ["cli/x.ts", `const f = () => {\n${"a()\n".repeat(59)}}`],
      ["cli/x.ts", `function f() {\nfunction g() {}\n${"a()\n".repeat(60)}}`],
    ],
    fine: [
      ["proxy/route/x.ts", `function f() {\n${"a()\n".repeat(58)}}`],
      ["cli/x.ts", `function f() {\n${`function g() {\n${"a()\n".repeat(40)}}\n`.repeat(2)}}`],
    ],
  },
  {
    name: "a line has 100 columns at most",
    check: checkLineWidths,
    broken: [
      ["cli/x.test.ts", `// ${"x".repeat(98)}`],
      ["cli/x.ts", `const message = "${"x".repeat(200)}"`],
    ],
    fine: [
      ["cli/x.ts", `// ${"x".repeat(97)}`],
      ["cli/x.test.ts", `const message = "${"x".repeat(200)}"`],
    ],
  },
  {
    name: "a file is named in kebab-case for the verb or the thing",
    check: checkFileNames,
    broken: [
      ["cli/linkSnapshot.ts", ""],
      ["cli/link_snapshot.ts", ""],
      ["cli/utils.ts", ""],
      ["cli/helpers/x.ts", ""],
      ["cli/route-manager.ts", ""],
    ],
    fine: [["cli/work-queue.test.ts", ""]],
  },
  {
    name: "a test that is skipped says why",
    check: checkSkips,
    broken: [
      ["cli/x.test.ts", `\ntest.skip("a", () => {})`],
      ["cli/x.test.ts", `\ndescribe.skipIf(true)("a", () => {})`],
      ["cli/x.test.ts", `// the only one\ntest.only("a", () => {})`],
    ],
    fine: [["cli/x.test.ts", `// Needs a disk that can be full.\ntest.skip("a", () => {})`]],
  },
  {
    name: "a test waits for a condition, it does not sleep",
    check: checkSleeps,
    broken: [
      ["cli/x.test.ts", "await new Promise((resolve) => setTimeout(resolve, 10))"],
      ["cli/x.test.ts", "await sleep(10)"],
      ["cli/x.test.ts", "await setTimeout(10)"],
    ],
    fine: [["cli/x.test.ts", "while (!done()) await setTimeout(10)"]],
  },
]

describe.each(rules)("$name", ({ check, broken, fine }) => {
  test("in the whole tree", () => {
    expect(listOf(check(TREE))).toEqual([])
  })
  test.each(broken)("refuses %s: %s", (path, text) => {
    expect(check([parseFile({ path, text })])).toHaveLength(1)
  })
  test.each(fine)("lets %s pass: %s", (path, text) => {
    expect(check([parseFile({ path, text })])).toEqual([])
  })
})

describe("documents keep up with the code", () => {
  const dependencies = runtimeDependencies(read("package.json"))
  const records = readTree(join(ROOT, "docs/decisions"), [".md"])

  test("every refusal code has its row in docs/errors.md", () => {
    expect(listOf(checkErrorRows(REFUSALS, read("docs/errors.md")))).toEqual([])
  })
  test("a missing row, a wrong status and a stale row are found", () => {
    const document = "| `b` | 400 | x |\n| `gone` | 404 | x |"
    const refusals = { a: { status: 400 }, b: { status: 403 } }
    expect(checkErrorRows(refusals, document)).toHaveLength(3)
  })
  test("every runtime dependency has its line in docs/dependencies.md", () => {
    const document = read("docs/dependencies.md")
    expect(dependencies.length).toBeGreaterThan(5)
    expect(listOf(checkDependencyRecords(dependencies, document))).toEqual([])
  })
  test("a dependency without a line is found", () => {
    expect(checkDependencyRecords(["a", "b"], "| `a` | 1 kB |")).toHaveLength(1)
  })
  test("every granted edge has its decision record", () => {
    const names = records.map((record) => record.path)
    expect(listOf(checkDecisionRecords(GRANTED_EDGES, names))).toEqual([])
  })
  test("an edge without a record is found, and a record without its parts", () => {
    const edge = { from: "a", to: "b", scope: "value", record: "0009-x.md" } as const
    expect(checkDecisionRecords([edge], [])).toHaveLength(1)
    expect(checkRecordShape([{ path: "x.md", text: "# x\n\n## Context\n" }])).toHaveLength(3)
  })
  test("every decision record says context, decision, cost and when to look again", () => {
    expect(records.length).toBeGreaterThan(0)
    expect(listOf(checkRecordShape(records))).toEqual([])
  })
  test("every fault has its row in docs/faults.md, and every test named there exists", () => {
    const textOf = (path: string) => (existsSync(join(ROOT, path)) ? read(path) : undefined)
    expect(listOf(checkFaultRows(read("docs/faults.md"), textOf))).toEqual([])
  })
  test("a missing row, a stray one, a test that is gone and a state without a reason are found", () => {
    const document = [
      '| F1 | a | b | `a.test.ts`: "one", "two" | shown |',
      "| F2 | a | b | `gone.test.ts` | partly: why |",
      "| F4 | a | b | | shown |",
      "| F5 | a | b | | not yet |",
    ].join("\n")
    const textOf = (path: string) => (path === "a.test.ts" ? 'test("one")' : undefined)
    const found = checkFaultRows(document, textOf, ["F1", "F2", "F3", "F5"])
    expect(found.map(({ message }) => message)).toEqual([
      "F3: has no row",
      "F4: is no row of the catalogue",
      'F1: a.test.ts has no test "two"',
      "F2: gone.test.ts does not exist",
      "F4: names no test",
      'F5: "not yet" is not "shown", "partly: why" or "not yet: why"',
    ])
  })
  test("every link from page to page leads somewhere", () => {
    const pages = readTree(ROOT, [".md"])
    expect(listOf(checkLinks(pages, (path) => existsSync(join(ROOT, path))))).toEqual([])
    const text =
      "## A `part`, and more\n[x](b.md) [y](https://e.com) [z](#a-part-and-more) [w](#gone)"
    const found = checkLinks([{ path: "docs/a.md", text }], () => false)
    expect(found.map(({ message }) => message)).toEqual([
      "links to b.md, which does not exist",
      "links to #gone, which is no heading there",
    ])
  })
  test("the lockfile has an entry for every platform", () => {
    const lockfile: unknown = JSON.parse(read("package-lock.json"))
    expect(listOf(checkLockedPlatforms(lockfile))).toEqual([])
  })
  test("a platform without an entry, or with another version, is found", () => {
    const tool = { optionalDependencies: { a: "1.0.0", b: "1.0.0", c: "1.0.0" } }
    const packages = {
      "node_modules/tool": tool,
      "node_modules/a": { version: "1.0.0" },
      "node_modules/b": { version: "2.0.0" },
    }
    expect(checkLockedPlatforms({ packages })).toHaveLength(2)
  })
  test("the lockfile names no registry host", () => {
    expect(listOf(checkLockfile(read("package-lock.json")))).toEqual([])
    expect(checkLockfile(`"resolved": "https://x/y.tgz"`)).toHaveLength(1)
  })
})

describe("generated files", () => {
  test("begin with the command that makes them", () => {
    const files = [
      ...readTree(join(ROOT, "crds"), [".yaml"]),
      ...readTree(join(ROOT, "operator"), [".json"]).filter(({ path }) => isGenerated(path)),
    ]
    expect(files.length).toBeGreaterThan(0)
    expect(listOf(checkGeneratedMarks(files))).toEqual([])
    expect(checkGeneratedMarks([{ path: "x.yaml", text: "a: 1" }])).toHaveLength(1)
  })
  const generators = TREE.filter(({ path }) => isGenerator(path)).map(({ path }) => path)
  test("have their generators where they are looked for", () => {
    expect(generators).toContain("operator/api/generate.ts")
  })
  test.each(generators)("of %s are fresh", (path) => {
    const run = spawnSync(process.execPath, [join(ROOT, path), "--check"], { encoding: "utf8" })
    expect(`${run.stdout}${run.stderr}`).toBe("")
    expect(run.status).toBe(0)
  })
})

test("the release is one, in package.json, the programs, the chart and its images", () => {
  const [, version] = /"version": "([^"]+)"/.exec(read("package.json")) ?? []
  const [, written] =
    /^export const RELEASE = "([^"]+)"$/m.exec(read("proxy/contract/release.ts")) ?? []
  const chart = [...read("charts/sidegate/Chart.yaml").matchAll(/^(?:appV|v)ersion: (.+)$/gm)]
  const example = /sidegate-example:(\S+)/.exec(read("examples/quickstart-cluster.yaml"))
  expect([written, ...chart.map(([, one]) => one), example?.[1]]).toEqual(Array(4).fill(version))
})

test("every folder of a program has a rule for its imports", () => {
  const folders = ["proxy", "operator"].flatMap((program) =>
    readdirSync(join(ROOT, program), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => `${program}/${entry.name}/x.ts`),
  )
  const probe = folders.map((path) => parseFile({ path, text: `import type { A } from "./y.ts"` }))
  expect(listOf(checkDirections(probe))).toEqual([])
})

function listOf(violations: readonly Violation[]): readonly string[] {
  return violations.map(({ path, line, message }) => `${path}:${line} ${message}`)
}

function runtimeDependencies(text: string): readonly string[] {
  const limits = { bytesMax: 1_000_000, depthMax: 10, tokensMax: 10_000 }
  const parsed = parseJson(new TextEncoder().encode(text), limits)
  if (!parsed.ok || typeof parsed.value !== "object" || parsed.value === null) return []
  if (!("dependencies" in parsed.value)) return []
  const { dependencies } = parsed.value
  return typeof dependencies === "object" && dependencies !== null ? Object.keys(dependencies) : []
}
