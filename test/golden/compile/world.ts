/**
 * A small cluster out of YAML documents: what golden and property tests of the compiler feed to the
 * index.
 */
import { parseAllDocuments } from "yaml"
import { checkNamespace } from "#operator/compile/check.ts"
import { compileCluster, compileNamespace } from "#operator/compile/compile.ts"
import type { CompileSettings, ObjectVerdict } from "#operator/compile/compiled.ts"
import type { ConfigKind, IndexEntry } from "#operator/index/entry.ts"
import { createIndex, type Index } from "#operator/index/index.ts"
import { readObject } from "#operator/index/read-object.ts"
import { formatRef } from "#operator/index/view.ts"

export interface World {
  readonly settings: CompileSettings
  readonly entries: readonly IndexEntry[]
}

const DEFAULTS: CompileSettings = {
  operatorNamespace: "sidegate-system",
  teamLabel: "sidegate.dev/team",
  unselected: "Allow",
  unassigned: "Allow",
  cloudHosts: [],
}

type Document = { readonly [field: string]: unknown }

/**
 * Reads documents of our kinds, `Namespace`, `Settings` (fields of CompileSettings) and
 * `SecretFacts` (fields of SecretFacts). An object is a second younger than the one before it,
 * unless it says `createdAt`.
 */
export function readWorld(yaml: string): World {
  const documents = parseAllDocuments(yaml).map((document): Document => document.toJS() ?? {})
  const settings = documents.find(({ kind }) => kind === "Settings") ?? {}
  const { kind: _, ...given } = settings
  return {
    settings: { ...DEFAULTS, ...given },
    entries: documents.flatMap((document, at) => entryOf(document, at + 1)),
  }
}

export function indexOf({ entries, settings }: World): Index {
  const index = createIndex(settings)
  for (const entry of entries) index.apply(entry)
  return index
}

/** Every namespace's Snapshot and every object's verdict, with whatever the check finds. */
export function compileWorld(world: World) {
  const { settings } = world
  const index = indexOf(world)
  const cluster = compileCluster(index.clusterView(), settings, index.namespaces())
  const verdicts: ObjectVerdict[] = [...cluster.verdicts]
  const namespaces = index.namespaces().flatMap(({ name }) => {
    const view = index.view(name)
    if (view === undefined) return []
    const compiled = compileNamespace(cluster, view, settings)
    verdicts.push(...compiled.verdicts)
    const violations = checkNamespace(compiled, cluster, view, settings)
    const sources = compiled.sources.map((source) => `${formatRef(source)} @${source.generation}`)
    const { snapshot, credentials } = compiled
    return [{ name, violations, snapshot, sources, credentials }]
  })
  return { verdicts: Object.fromEntries(verdicts.map(describeVerdict)), namespaces }
}

function describeVerdict({ object, accepted, resolvedRefs }: ObjectVerdict) {
  const describe = ({ status, reason, message }: ObjectVerdict["accepted"]) =>
    `${status} ${reason}${message === "" ? "" : `: ${message}`}`
  const conditions = { accepted: describe(accepted), resolvedRefs: describe(resolvedRefs) }
  return [formatRef(object), conditions] as const
}

function entryOf(document: Document, at: number): readonly IndexEntry[] {
  const { kind, metadata, createdAt = at } = document
  const version = { uid: `uid-${at}`, resourceVersion: String(at) }
  if (kind === "Settings") return []
  if (kind === "SecretFacts") {
    const { kind: _, ...facts } = document
    const value = {
      ...{ name: "", type: "", allowedHosts: null, keys: {}, fingerprint: "" },
      ...facts,
    }
    return [{ ...version, kind: "Secret", value }]
  }
  const creationTimestamp = new Date(Number(createdAt) * 1000).toISOString()
  const generation = 1
  const completed = { ...version, creationTimestamp, generation, ...Object(metadata) }
  const read = readObject(kindOf(kind), { ...document, metadata: completed })
  if (!read.ok) throw new Error(read.message)
  return [read.entry]
}

function kindOf(kind: unknown): ConfigKind | "Namespace" {
  switch (kind) {
    case "AIProvider":
    case "AIRoute":
    case "ModelCatalog":
    case "ModelPolicy":
    case "Namespace":
    case "TeamQuota":
      return kind
    default:
      throw new Error(`a document of kind ${String(kind)}`)
  }
}
