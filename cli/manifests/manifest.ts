/**
 * Manifests of a directory as plain objects, as `kubectl apply -f` would read them.
 *
 * In: file names and texts. Out: one value per document, and a fault for each document that is
 * none.
 * Knows nothing of schemas, of the operator, or of what the objects mean.
 */
import {
  type Document,
  isCollection,
  isScalar,
  LineCounter,
  parseAllDocuments,
  visit,
  type YAMLError,
} from "yaml"
import { plainValue } from "./plain-value.ts"

export interface ManifestFile {
  /** Relative to the directory, with `/` between its parts. */
  readonly path: string
  readonly text: string
}

export interface Manifest {
  readonly file: string
  /** Of the document's first line, from 1. */
  readonly line: number
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  /** As written; null when the manifest has none. */
  readonly namespace: string | null
  /** The whole object, without the fields that are null: `kubectl apply` sends none. */
  readonly value: Readonly<Record<string, unknown>>
}

export interface ManifestFault {
  readonly file: string
  readonly line: number
  readonly message: string
}

export interface ParsedFile {
  readonly file: string
  readonly manifests: readonly Manifest[]
  readonly faults: readonly ManifestFault[]
}

export const MANIFEST_LIMITS = Object.freeze({
  /** A directory with more files is refused whole. */
  filesMax: 1000,
  /** A larger file is a fault, and its objects stay as they were. */
  fileBytesMax: 1024 * 1024,
  /** Documents of one file, list items included; the rest is a fault. */
  documentsMax: 1000,
  /** Folders below folders; deeper ones are not looked at. */
  depthMax: 8,
})

const NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/

/**
 * Parses one file; a document that does not parse, or has no kind or name, is a fault of its own.
 */
export function parseManifests({ path, text }: ManifestFile): ParsedFile {
  const manifests: Manifest[] = []
  const faults: ManifestFault[] = []
  const { documents, lineAt } = readDocuments(text)
  for (const document of documents) {
    const line = lineAt(startOf(document))
    const broken = faultOf(document)
    if (broken !== null) {
      const at = lineAt(broken.offset)
      faults.push({ file: path, line: at, message: `${broken.message}${templateHint(text, at)}` })
      continue
    }
    if (document.contents === null || isEmptyScalar(document.contents)) continue
    const content = toValue(document)
    if ("message" in content) {
      faults.push({ file: path, line, message: content.message })
      continue
    }
    for (const value of itemsOf(content.value)) {
      if (manifests.length >= MANIFEST_LIMITS.documentsMax) {
        const message = `more than ${MANIFEST_LIMITS.documentsMax} objects in one file`
        faults.push({ file: path, line, message })
        return { file: path, manifests, faults }
      }
      const read = readObject(path, line, value)
      if ("message" in read) faults.push(read)
      else manifests.push(read)
    }
  }
  return { file: path, manifests, faults }
}

export interface Documents {
  readonly documents: readonly Document.Parsed[]
  /** Line of an offset of the text, from 1. */
  readonly lineAt: (offset: number) => number
}

/** YAML 1.1 as Kubernetes reads it. */
export function readDocuments(text: string): Documents {
  const lines = new LineCounter()
  const documents = parseAllDocuments(text, {
    version: "1.1",
    lineCounter: lines,
    // The place is told by the fault, once.
    prettyErrors: false,
    customTags: (tags) => tags.filter((tag) => !isTextTag(tag)),
  })
  return {
    documents: Array.isArray(documents) ? documents : [],
    lineAt: (offset) => lines.linePos(offset).line,
  }
}

/** Offset of what is first in the document. */
export function startOf(document: Document.Parsed): number {
  return document.contents?.range?.[0] ?? document.range[0]
}

/** `value` as an object with text keys; undefined for anything else. */
export function asRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return isRecord(value) ? value : undefined
}

export function asText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined
}

/** The entries of a map whose values are text, e.g. labels. */
export function textEntries(value: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries(asRecord(value) ?? {})
  return Object.fromEntries(
    entries.flatMap(([key, one]) => (typeof one === "string" ? [[key, one]] : [])),
  )
}

function readObject(file: string, line: number, value: unknown): Manifest | ManifestFault {
  const object = asRecord(value)
  const apiVersion = asText(object?.["apiVersion"])
  const kind = asText(object?.["kind"])
  if (object === undefined || apiVersion === undefined || kind === undefined)
    return { file, line, message: "not a Kubernetes object: apiVersion or kind is missing" }
  const metadata = asRecord(object["metadata"])
  const name = asText(metadata?.["name"])
  if (name === undefined) return { file, line, message: `${kind}: metadata.name is missing` }
  if (!NAME.test(name)) {
    const rule = 'must be lower-case letters, digits, "-" and "."'
    const message = `${kind}: metadata.name ${rule}, not ${JSON.stringify(name.slice(0, 64))}`
    return { file, line, message }
  }
  const namespace = asText(metadata?.["namespace"]) ?? null
  return { file, line, apiVersion, kind, name, namespace, value: object }
}

function itemsOf(value: unknown): readonly unknown[] {
  const object = asRecord(value)
  const items = object?.["items"]
  const isList = typeof object?.["kind"] === "string" && object["kind"].endsWith("List")
  return isList && Array.isArray(items) ? items : [value]
}

type Content = { readonly value: unknown } | { readonly message: string }

/** The library counts what aliases stand for, so that a small file cannot become a large value. */
function toValue(document: { toJS(options: { maxAliasCount: number }): unknown }): Content {
  try {
    return { value: plainValue(document.toJS({ maxAliasCount: 100 })) }
  } catch (error) {
    return { message: error instanceof Error ? error.message : String(error) }
  }
}

/** YAML 1.1 as Kubernetes reads it: dates and `12:30:45` stay text there. */
function isTextTag(tag: unknown): boolean {
  if (!isRecord(tag)) return false
  return tag["format"] === "TIME" || tag["tag"] === "tag:yaml.org,2002:timestamp"
}

function isEmptyScalar(contents: unknown): boolean {
  return isScalar(contents) && (contents.value === null || contents.value === "")
}

interface Broken {
  readonly offset: number
  readonly message: string
}

/** The first thing that keeps a document from being an object at all. */
function faultOf(document: Document.Parsed): Broken | null {
  const error: YAMLError | undefined = document.errors[0]
  if (error !== undefined) return { offset: error.pos[0], message: firstLine(error.message) }
  let found: Broken | null = null
  visit(document, {
    Pair: (_key, { key }) => {
      if (!isCollection(key)) return undefined
      found = { offset: key.range?.[0] ?? 0, message: "a key is a map or a list" }
      return visit.BREAK
    },
  })
  return found
}

/** Charts are full of texts that are no YAML yet. */
function templateHint(text: string, line: number): string {
  const isTemplate = text.split("\n")[line - 1]?.includes("{{") === true
  return isTemplate ? "; a template must be rendered before it is a manifest" : ""
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

function firstLine(text: string): string {
  return text.split("\n")[0] ?? text
}
