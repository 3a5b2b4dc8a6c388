import { execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, expect, test, vi } from "vitest"
import { makeOrigin, makeRecord, makeTotals } from "#test/conformance/ledger-store.ts"
import { toLedgerError } from "./error.ts"
import { MIGRATIONS } from "./migrations.ts"
import { openDatabase } from "./open-database.ts"
import { openSqliteLedger } from "./sqlite-store.ts"
import { prepareStatements } from "./statements.ts"

const directory = mkdtempSync(join(tmpdir(), "sidegate-sqlite-"))
// Starts other processes, on a machine that may be busy.
beforeAll(() => vi.setConfig({ testTimeout: 30_000 }))
afterAll(() => {
  vi.resetConfig()
  rmSync(directory, { recursive: true })
})

let files = 0
const newFile = () => join(directory, `ledger-${files++}.db`)
const NOVEMBER = Date.parse("2026-11-01T00:00:00Z")
const DECEMBER = Date.parse("2026-12-01T00:00:00Z")
const storeUrl = new URL("./sqlite-store.ts", import.meta.url).href

/** Runs `body` in another Node process; `store` is the ledger opened on `file`. */
function program(file: string, body: string): string {
  return `import { openSqliteLedger } from ${JSON.stringify(storeUrl)}
    const store = await openSqliteLedger({ file: ${JSON.stringify(file)} })
    const origin = ${JSON.stringify(makeOrigin())}
    const record = ${JSON.stringify(makeRecord())}
    ${body}`
}

function runElsewhere(file: string, body: string): string {
  return execFileSync(process.execPath, ["--input-type=module", "-e", program(file, body)], {
    encoding: "utf8",
    cwd: fileURLToPath(new URL("../../../../", import.meta.url)),
  })
}

test("a leader in another process fences this one through the file", async () => {
  const file = newFile()
  const store = await openSqliteLedger({ file })
  const term = await store.takeTerm(0)
  await store.appendUsage(term, makeOrigin(), [makeRecord()])
  const answer = runElsewhere(
    file,
    `const term = await store.takeTerm(0)
     const records = [record, { ...record, id: "boot-2" }]
     const { inserted } = await store.appendUsage(term, origin, records)
     console.log(JSON.stringify({ term, inserted }))
     await store.close()`,
  )
  expect(JSON.parse(answer)).toEqual({ term: term + 1, inserted: 1 })
  await expect(
    store.appendUsage(term, makeOrigin(), [makeRecord({ id: "boot-3" })]),
  ).rejects.toMatchObject({ code: "stale_term" })
  expect((await store.usageByTeam(NOVEMBER, DECEMBER)).get("search")?.records).toBe(2)
  await store.close()
})

test("what was acknowledged survives a kill, and the next leader's term is higher", async () => {
  const file = newFile()
  const child = spawn(
    process.execPath,
    [
      "--input-type=module",
      "-e",
      program(
        file,
        `const term = await store.takeTerm(0)
         for (let n = 0; ; n++) {
           await store.appendUsage(term, origin, [{ ...record, id: "boot-" + n }])
           process.stdout.write(n + "\\n")
         }`,
      ),
    ],
    { cwd: fileURLToPath(new URL("../../../../", import.meta.url)) },
  )
  const ended = once(child, "exit")
  let acknowledged = -1
  for await (const chunk of child.stdout) {
    acknowledged = Number(String(chunk).trimEnd().split("\n").at(-1))
    if (acknowledged >= 20) break
  }
  child.kill("SIGKILL")
  await ended
  const store = await openSqliteLedger({ file })
  expect(await store.takeTerm(0)).toBe(2)
  const records = (await store.usageByTeam(NOVEMBER, DECEMBER)).get("search")?.records ?? 0
  expect(records).toBeGreaterThanOrEqual(acknowledged + 1)
  await store.close()
})

test("a file that another writer holds for too long is unwritable, then works again", async () => {
  const file = newFile()
  const store = await openSqliteLedger({ file })
  const term = await store.takeTerm(0)
  const holder = new DatabaseSync(file)
  holder.exec("BEGIN IMMEDIATE")
  await expect(store.appendUsage(term, makeOrigin(), [makeRecord()])).rejects.toMatchObject({
    code: "unwritable",
  })
  holder.exec("ROLLBACK")
  holder.close()
  expect((await store.appendUsage(term, makeOrigin(), [makeRecord()])).inserted).toBe(1)
  await store.close()
})

test("a full disk stores nothing of the transaction, says so, and recovers by itself", () => {
  const file = newFile()
  const database = openDatabase(file)
  const statements = prepareStatements(database)
  const term = statements.takeTerm(0)
  const pages = Number(database.prepare("PRAGMA page_count").get()?.["page_count"])
  database.exec(`PRAGMA max_page_count = ${pages}`)
  const records = Array.from({ length: 200 }, (_, index) => makeRecord({ id: `boot-${index}` }))
  let failure: unknown
  try {
    statements.append([{ term, origin: makeOrigin(), records }])
  } catch (error) {
    failure = toLedgerError(error, file)
  }
  expect(failure).toMatchObject({ code: "unwritable" })
  expect(statements.usageByTeam(NOVEMBER, DECEMBER)).toEqual(new Map())
  database.exec("PRAGMA max_page_count = 100000")
  expect(statements.append([{ term, origin: makeOrigin(), records }])).toEqual([
    { ok: true, result: { inserted: 200, conflicts: [] } },
  ])
  database.close()
})

test("a malformed row is refused alone: the other senders of its transaction are stored", () => {
  const statements = prepareStatements(openDatabase(":memory:"))
  const term = statements.takeTerm(0)
  const bad = makeRecord({ id: "bad", endedAt: 0.5 })
  const outcomes = statements.append([
    { term, origin: makeOrigin(), records: [makeRecord({ id: "a" })] },
    { term, origin: makeOrigin(), records: [makeRecord({ id: "b" }), bad] },
    { term, origin: makeOrigin(), records: [makeRecord({ id: "c" })] },
  ])
  expect(outcomes.map(({ ok }) => ok)).toEqual([true, false, true])
  expect(statements.usageByTeam(NOVEMBER, DECEMBER).get("search")?.records).toBe(2)
})

test("a damaged page stops the start, names the file and leaves it as it is", async () => {
  const file = newFile()
  const store = await openSqliteLedger({ file })
  const term = await store.takeTerm(0)
  const records = Array.from({ length: 500 }, (_, index) => makeRecord({ id: `boot-${index}` }))
  await store.appendUsage(term, makeOrigin(), records)
  await store.close()
  const descriptor = openSync(file, "r+")
  writeSync(descriptor, Buffer.alloc(512, 0x5a), 0, 512, 3 * 4096)
  closeSync(descriptor)
  const before = readFileSync(file)
  await expect(openSqliteLedger({ file })).rejects.toMatchObject({
    code: "corrupt",
    message: expect.stringContaining(file),
  })
  expect(readFileSync(file).equals(before)).toBe(true)
})

const unusable = [
  {
    name: "a file that is no database is corrupt",
    make: (file: string) => writeFileSync(file, "this is a text file, not a ledger\n".repeat(200)),
    code: "corrupt",
  },
  {
    name: "a ledger of a newer release is incompatible",
    make: (file: string) => {
      const newer = [...MIGRATIONS, { version: 99, sql: "CREATE TABLE later (x INTEGER) STRICT" }]
      openDatabase(file, newer).close()
    },
    code: "incompatible",
  },
] as const
test.each(unusable)("$name", async ({ make, code }) => {
  const file = newFile()
  make(file)
  await expect(openSqliteLedger({ file })).rejects.toMatchObject({
    code,
    message: expect.stringContaining(file),
  })
})

test("a path that cannot be made is unwritable", async () => {
  const file = newFile()
  writeFileSync(file, "")
  await expect(openSqliteLedger({ file: join(file, "ledger.db") })).rejects.toMatchObject({
    code: "unwritable",
  })
})

test("a new step of the schema is applied once to an older file", () => {
  const file = newFile()
  openDatabase(file).close()
  const version = MIGRATIONS.length + 1
  const next = [...MIGRATIONS, { version, sql: "CREATE TABLE later (x INTEGER) STRICT" }]
  openDatabase(file, next).close()
  const database = openDatabase(file, next)
  expect(database.prepare("SELECT count(*) AS n FROM schema_version").get()).toEqual({
    n: version,
  })
  database.close()
})

test("records of before the step that notes when one is stored count from their admission", async () => {
  const file = newFile()
  const old = openDatabase(file, MIGRATIONS.slice(0, 1))
  const insert = old.prepare(
    `INSERT INTO usage_record VALUES ('pod', ?, 'hash', 1, 'op', 1, ?, 0, 'r', 'rule', 'openai', 'm',
      'm', NULL, 0, 'ok', 200, 'reported', 10, 0, 5, 7, 'ns', 'pod', 'app', 'search', NULL, 1)`,
  )
  for (const [id, at] of [
    ["a", NOVEMBER],
    ["b", DECEMBER - 1],
    ["c", NOVEMBER],
  ] as const) {
    insert.run(id, at)
  }
  old.close()
  const store = await openSqliteLedger({ file })
  const term = await store.takeTerm(0)
  expect(await store.deleteRecords(term, DECEMBER - 1, 100)).toBe(2)
  expect(await store.deleteRecords(term, DECEMBER, 100)).toBe(1)
  await store.close()
})

test("a ledger from before the parts of usage is opened, and its months sum to its records", async () => {
  const file = newFile()
  const old = openDatabase(file, MIGRATIONS.slice(0, 1))
  const most = Number.MAX_SAFE_INTEGER
  const insert = old.prepare(
    `INSERT INTO usage_record VALUES ('pod', ?, 'hash', 1, 'op', 1, ?, 0, 'r', 'rule', 'openai', 'm',
      'm', NULL, 0, 'ok', 200, 'reported', 10, ?, 5, 7, 'ns', 'pod', 'app', ?, NULL, 1)`,
  )
  const rows = [
    ["a", NOVEMBER, 3, "search"],
    ["b", DECEMBER - 1, 4, "search"],
    ["c", DECEMBER, 5, "search"],
    ["d", NOVEMBER, 6, "billing"],
    ["e", NOVEMBER, most, "large"],
    ["f", NOVEMBER, most, "large"],
    ...Array.from({ length: 1100 }, (_, index) => [`g${index}`, NOVEMBER, most, "huge"] as const),
  ] as const
  old.exec("BEGIN")
  for (const row of rows) insert.run(...row)
  const total = old.prepare("INSERT INTO usage_total VALUES (?, ?, 20, 10, 14, 0, 2)")
  const month = 2026 * 12 + 10
  for (const team of ["search", "billing", "large", "huge", "none"]) total.run(team, month)
  total.run("search", month + 1)
  old.exec("COMMIT")
  old.close()
  const store = await openSqliteLedger({ file })
  const cachedOf = async (from: number, until: number) =>
    Object.fromEntries(
      [...(await store.usageByTeam(from, until))].map(([team, one]) => [
        team,
        one.cachedInputTokens,
      ]),
    )
  expect(await cachedOf(NOVEMBER, DECEMBER)).toEqual({
    search: 7n,
    billing: 6n,
    large: 2n * BigInt(most),
    huge: 2n ** 63n - 1n,
    none: 0n,
  })
  expect(await cachedOf(DECEMBER, Date.parse("2027-01-01T00:00:00Z"))).toEqual({ search: 5n })
  const term = await store.takeTerm(0)
  const usage = { inputTokens: 10, cachedInputTokens: 1, cacheWriteTokens: 2, outputTokens: 5 }
  await store.appendUsage(term, makeOrigin(), [makeRecord({ usage })])
  expect((await store.usageByTeam(NOVEMBER, DECEMBER)).get("search")).toEqual(
    makeTotals({
      inputTokens: 30n,
      outputTokens: 15n,
      cachedInputTokens: 8n,
      cacheWriteTokens: 2n,
      costNano: 714n,
      records: 3,
    }),
  )
  await store.close()
})

test("only its owner may read the ledger", async () => {
  const file = newFile()
  const store = await openSqliteLedger({ file })
  expect(statSync(file).mode & 0o777).toBe(0o600)
  await store.close()
})

test("after close every call is refused and nobody is told that the ledger was lost", async () => {
  const lost: unknown[] = []
  const store = await openSqliteLedger({ file: ":memory:", onLost: (error) => lost.push(error) })
  await store.close()
  await store.close()
  await expect(store.term()).rejects.toMatchObject({ code: "unwritable" })
  expect(lost).toEqual([])
})
