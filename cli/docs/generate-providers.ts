/**
 * Writes the tables of docs/providers.md from what the sidecar itself decides by: the registries of
 * surfaces and schemas, the tables of features, the rows of vendors, and the encoders.
 *
 *   node cli/docs/generate-providers.ts            writes them
 *   node cli/docs/generate-providers.ts --check    exits 1 when they are stale
 *
 * Each stands between two comments; the words around them are written by hand.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { answerTable } from "./answer-table.ts"
import { chatFeatureTable, embeddingFeatureTable } from "./feature-table.ts"
import { reasoningTable } from "./reasoning-table.ts"
import { replaceTable } from "./replace-table.ts"
import { surfaceTable } from "./surface-table.ts"
import { vendorDifferences, vendorTable } from "./vendor-table.ts"

const FILE = fileURLToPath(new URL("../../docs/providers.md", import.meta.url))

const page = readFileSync(FILE, "utf8")
const TABLES = {
  surfaces: surfaceTable,
  features: chatFeatureTable,
  "embedding-features": embeddingFeatureTable,
  reasoning: reasoningTable,
  answers: answerTable,
  vendors: vendorTable,
  "vendor-differences": vendorDifferences,
} as const

const text = Object.entries(TABLES).reduce(
  (whole, [name, table]) => replaceTable(whole, name, table()),
  page,
)
if (!process.argv.includes("--check")) writeFileSync(FILE, text)
else if (page !== text) {
  console.error(`${FILE} is stale: run node cli/docs/generate-providers.ts`)
  process.exitCode = 1
}
