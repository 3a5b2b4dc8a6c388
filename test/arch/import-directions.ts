/**
 * Which folder may import which: `architecture.md` section 2 as a table.
 *
 * A new edge is a row of GRANTED_EDGES with its decision record, never a suppression in the code.
 */
import { isProduct, isTest, type ParsedFile, type Violation } from "./source-file.ts"

const CONTRACT = "proxy/contract"
const BASE = [CONTRACT, "proxy/wire", "proxy/exchange"]
/** Strangers to each other. */
const PROXY_PARTS = ["surfaces", "providers", "route", "policy", "guard", "quota", "cache", "audit"]
const PARTS = PROXY_PARTS.map((name) => `proxy/${name}`)
const PROXY_CORE = [...BASE, ...PARTS, "proxy/runtime", "proxy/pipeline"]
const PROXY_SHELL = ["server", "upstream", "sync", "journal", "report", "telemetry"]
/** What the shell's folders share: `docs/decisions/0026`. */
const BUGS = "proxy/bugs"
/** Strangers to each other as well. */
const OPERATOR_SHELL = [
  "kube",
  "publish",
  "intake",
  "inject",
  "certificates",
  "credentials",
  "console",
  "telemetry",
]
const OPERATOR_BASE = ["operator/api", "operator/index", "operator/compile", "operator/ledger"]

/**
 * Folder to the folders it may import, itself always included. Files above a folder may import all.
 */
export const DIRECTIONS: Readonly<Record<string, readonly string[]>> = {
  "proxy/contract": [],
  "proxy/wire": [CONTRACT],
  "proxy/exchange": [CONTRACT, "proxy/wire"],
  ...Object.fromEntries(PARTS.map((folder) => [folder, BASE])),
  "proxy/runtime": [...BASE, ...PARTS],
  "proxy/pipeline": [...BASE, ...PARTS, "proxy/runtime"],
  [BUGS]: [],
  ...Object.fromEntries(PROXY_SHELL.map((name) => [`proxy/${name}`, [...PROXY_CORE, BUGS]])),
  "operator/api": [CONTRACT],
  "operator/index": [CONTRACT, "operator/api"],
  "operator/compile": [CONTRACT, "operator/api", "operator/index"],
  "operator/ledger": [CONTRACT, "operator/api", "operator/index"],
  "operator/reconcile": [CONTRACT, ...OPERATOR_BASE],
  ...Object.fromEntries(
    OPERATOR_SHELL.map((name) => [`operator/${name}`, [CONTRACT, ...OPERATOR_BASE]]),
  ),
}

export interface GrantedEdge {
  readonly from: string
  /** A folder, or one file of it. */
  readonly to: string
  /** `type`: only types may cross. */
  readonly scope: "type" | "value"
  /** File in `docs/decisions/`. */
  readonly record: string
}

/** Edges beyond the architecture, each with the record that says why and what it costs. */
export const GRANTED_EDGES: readonly GrantedEdge[] = []

/** Every import of the product that goes against the table. */
export function checkDirections(
  files: readonly ParsedFile[],
  granted: readonly GrantedEdge[] = GRANTED_EDGES,
): readonly Violation[] {
  return files.filter((file) => isProduct(file.path)).flatMap((file) => checkFile(file, granted))
}

function checkFile(file: ParsedFile, granted: readonly GrantedEdge[]): readonly Violation[] {
  const from = folderOf(file.path)
  return file.imports.flatMap(({ target, isTypeOnly, line }) => {
    if (target === null || mayImport(file.path, target)) return []
    const edge = granted.find((one) => one.from === from && isBelow(target, one.to))
    if (edge !== undefined && (edge.scope === "value" || isTypeOnly)) return []
    return [{ path: file.path, line, message: `${from} must not import ${target}` }]
  })
}

function mayImport(path: string, target: string): boolean {
  if (isTest(target)) return false
  const from = folderOf(path)
  const to = folderOf(target)
  if (from === to) return true
  if (from === "cli" || from.startsWith("cli/")) return !isBelow(target, "e2e")
  const allowed = DIRECTIONS[from]
  if (allowed !== undefined) return allowed.includes(to)
  if (from === "proxy") return target.startsWith("proxy/")
  if (from === "operator") return target.startsWith("operator/") || isBelow(target, CONTRACT)
  return false
}

/** `proxy/contract` of `proxy/contract/json.ts`; `proxy` of `proxy/main.ts`. */
export function folderOf(path: string): string {
  const parts = path.split("/")
  return parts.length <= 2 ? (parts[0] ?? "") : parts.slice(0, 2).join("/")
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`)
}
