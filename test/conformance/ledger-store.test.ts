import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll } from "vitest"
import { openSqliteLedger } from "#operator/ledger/store/sqlite/sqlite-store.ts"
import { ledgerStoreSuite } from "./ledger-store.ts"

const directory = mkdtempSync(join(tmpdir(), "sidegate-ledger-"))
afterAll(() => rmSync(directory, { recursive: true }))

let files = 0
ledgerStoreSuite("SQLite file", () =>
  openSqliteLedger({ file: join(directory, `ledger-${files++}.db`) }),
)
ledgerStoreSuite("SQLite in memory", () => openSqliteLedger({ file: ":memory:" }))
