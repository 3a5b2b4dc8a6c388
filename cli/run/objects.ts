/**
 * Manifests as the objects that an API server would hold: one namespace played, defaults filled in,
 * secrets completed from the environment.
 *
 * In    parsed files in order, the namespace that is played, a reader of the environment.
 * Out   objects by key, sentences for the reader, and the variables that are not set.
 * Pure: the same files and the same environment give the same objects.
 */
import {
  asRecord,
  asText,
  type Manifest,
  type ParsedFile,
  textEntries,
} from "#cli/manifests/manifest.ts"
import { API_VERSION, GROUP, kindOf, WRITTEN_KINDS } from "#operator/api/v1alpha1/registry.ts"
import { formatRef, type IndexedKind, type ObjectRef } from "#operator/index/view.ts"

export const OPERATOR_NAMESPACE = "sidegate-system"

export interface FileObject {
  readonly ref: ObjectRef
  /** `file:line`; empty for what no manifest gives. */
  readonly source: string
  readonly apiVersion: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  /** Everything beside apiVersion, kind, metadata and status. */
  readonly body: Readonly<Record<string, unknown>>
}

export interface ObjectSet {
  /** By `formatRef`, in the order of files and of documents in them. */
  readonly objects: ReadonlyMap<string, FileObject>
  /** What a reader should know and change: `chat.yaml:3: ...`. */
  readonly notes: readonly string[]
  /** Variables that a Secret asks for and the environment has not; key is `SECRET/KEY`. */
  readonly unsetVariables: ReadonlyMap<string, string>
}

export interface PlaySettings {
  readonly namespace: string
  readonly variable: (name: string) => string | undefined
}

const CLUSTER_KINDS: readonly string[] = ["AIProvider", "ModelCatalog", "ModelPolicy", "TeamQuota"]

/** Reads all files; of two objects with one name the first stays and the second is a note. */
export function readObjects(files: readonly ParsedFile[], settings: PlaySettings): ObjectSet {
  const objects = new Map<string, FileObject>()
  const notes = files.flatMap((file) =>
    file.faults.map((fault) => `${fault.file}:${fault.line}: ${fault.message}`),
  )
  const unsetVariables = new Map<string, string>()
  for (const manifest of files.flatMap((file) => file.manifests)) {
    const source = `${manifest.file}:${manifest.line}`
    const read = readObject(manifest, settings)
    if (typeof read === "string") {
      notes.push(`${source}: ${read}`)
      continue
    }
    const { object, unset } = read
    const key = formatRef(object.ref)
    const other = objects.get(key)
    if (other !== undefined) {
      notes.push(`${source}: ${key} is already in ${other.source}; this one is left out`)
      continue
    }
    objects.set(key, object)
    for (const [field, variable] of unset) unsetVariables.set(field, variable)
  }
  return { objects: withNamespaces(objects, settings.namespace), notes, unsetVariables }
}

interface ReadObject {
  readonly object: FileObject
  readonly unset: readonly (readonly [field: string, variable: string])[]
}

function readObject(manifest: Manifest, settings: PlaySettings): ReadObject | string {
  const { apiVersion, kind, name } = manifest
  if (apiVersion === "v1" && kind === "Namespace") return plain(manifest, "Namespace", "")
  if (apiVersion === "v1" && kind === "Secret") return readSecret(manifest, settings)
  if (!apiVersion.startsWith(`${GROUP}/`))
    return `${kind} ${name}: kind ${kind} of ${apiVersion} plays no part here; it is left out`
  if (apiVersion !== API_VERSION)
    return `${kind} ${name}: no apiVersion ${apiVersion}; this release knows ${API_VERSION}`
  if (kind === "AIRoute")
    return plain(manifest, "AIRoute", manifest.namespace ?? settings.namespace)
  if (isClusterKind(kind)) return plain(manifest, kind, "")
  if (kindOf(kind)?.spec === null)
    return `${kind} ${name}: ${kind} is written by the operator alone; it is left out`
  return `${kind} ${name}: no kind ${kind} in ${API_VERSION}; this release knows ${KNOWN}`
}

const KNOWN = WRITTEN_KINDS.map(({ kind }) => kind).join(", ")

function isClusterKind(kind: string): kind is IndexedKind {
  return CLUSTER_KINDS.includes(kind)
}

function plain(manifest: Manifest, kind: IndexedKind, namespace: string): ReadObject {
  const metadata = asRecord(manifest.value["metadata"]) ?? {}
  const {
    apiVersion: _version,
    kind: _kind,
    metadata: _metadata,
    status: _status,
    ...body
  } = manifest.value
  const object = {
    ref: { kind, namespace, name: manifest.name },
    source: `${manifest.file}:${manifest.line}`,
    apiVersion: manifest.apiVersion,
    labels: textEntries(metadata["labels"]),
    annotations: textEntries(metadata["annotations"]),
    body,
  }
  return { object, unset: [] }
}

/**
 * Secrets of `sidegate-system` and of `default` are the credentials namespace here; those without a
 * namespace too. `stringData` becomes `data` as the API server does it, and a value that is exactly
 * `${NAME}` is taken from the environment: unset, the key is missing.
 */
function readSecret(manifest: Manifest, settings: PlaySettings): ReadObject | string {
  const namespace = manifest.namespace ?? OPERATOR_NAMESPACE
  if (namespace !== OPERATOR_NAMESPACE && namespace !== "default") {
    const wanted = `${OPERATOR_NAMESPACE} or default`
    const secret = `Secret ${namespace}/${manifest.name}`
    return `${secret}: provider Secrets live in ${wanted}; it is left out`
  }
  const unreadable = unreadableValue(manifest)
  if (unreadable !== null) return `Secret ${namespace}/${manifest.name}: ${unreadable}`
  const { object } = plain(manifest, "Secret", OPERATOR_NAMESPACE)
  const data: Record<string, string> = {}
  const unset: (readonly [string, string])[] = []
  const add = (key: string, written: string, encode: (text: string) => string): void => {
    const variable = /^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$/.exec(written.trim())?.[1]
    if (variable === undefined) data[key] = encode(written)
    else {
      const value = settings.variable(variable)
      if (value === undefined) unset.push([`${manifest.name}/${key}`, variable])
      else data[key] = toBase64(value)
    }
  }
  for (const [key, text] of Object.entries(textEntries(object.body["data"])))
    add(key, text, (encoded) => encoded)
  for (const [key, text] of Object.entries(textEntries(object.body["stringData"])))
    add(key, text, toBase64)
  const type = asText(object.body["type"]) ?? "Opaque"
  return { object: { ...object, body: { type, data } }, unset }
}

/** Why the API server would not take a Secret, as `stringData.api-key ...`; null when it would. */
export function unreadableValue({ value }: Manifest): string | null {
  for (const map of ["data", "stringData"])
    for (const [key, one] of Object.entries(asRecord(value[map]) ?? {}))
      if (typeof one !== "string") return `${map}.${key} must be text: write it in quotes`
  return null
}

/**
 * Every namespace that is played or named exists, and carries its name as a label as in a cluster.
 */
function withNamespaces(
  objects: ReadonlyMap<string, FileObject>,
  played: string,
): ReadonlyMap<string, FileObject> {
  const all = new Map<string, FileObject>()
  const names = [...objects.values()].map(({ ref }) => ref.namespace).filter((name) => name !== "")
  for (const name of new Set([OPERATOR_NAMESPACE, played, ...names])) {
    const ref: ObjectRef = { kind: "Namespace", namespace: "", name }
    const empty = { labels: {}, annotations: {}, body: {} }
    all.set(formatRef(ref), { ref, source: "", apiVersion: "v1", ...empty })
  }
  for (const [key, object] of objects) all.set(key, object)
  for (const [key, object] of all) {
    if (object.ref.kind !== "Namespace") continue
    const labels = { ...object.labels, "kubernetes.io/metadata.name": object.ref.name }
    all.set(key, { ...object, labels })
  }
  return all
}

function toBase64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64")
}
