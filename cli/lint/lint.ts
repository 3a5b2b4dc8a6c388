/**
 * `sidegate lint`: manifests judged as the API server would at `kubectl apply`, and then as the
 * operator would.
 *
 * In: files, or a directory. Out: findings in the words of kubectl, each with file, line and
 * object. No cluster is asked: the schemas and rules are those of `crds/`, the conditions come from
 * the compiler itself. Must not know what is in a cluster: a reference to something that is not
 * among the files is only a warning.
 */
import { readManifestsAt } from "#cli/manifests/directory.ts"
import {
  type Manifest,
  type ManifestFile,
  type ParsedFile,
  parseManifests,
} from "#cli/manifests/manifest.ts"
import { readObjects, unreadableValue } from "#cli/run/objects.ts"
import { API_VERSION, GROUP, kindOf, WRITTEN_KINDS } from "#operator/api/v1alpha1/registry.ts"
import type { Reason } from "#operator/compile/reasons.ts"
import { findAllFaults } from "./check-object.ts"
import { formatFault } from "./fault.ts"
import { createLocator, type Locate } from "./locate.ts"
import { compileFindings } from "./verdicts.ts"

export interface LintFinding {
  readonly level: "error" | "warning"
  readonly file: string
  /** From 1. */
  readonly line: number
  /** `AIRoute search/chat`; null when the text is no object. */
  readonly object: string | null
  /** Field, or the condition that would be False; null when the text is no object. */
  readonly path: string | null
  readonly message: string
}

export interface LintResult {
  readonly findings: readonly LintFinding[]
  /** Objects of our kinds that were judged. */
  readonly objects: number
  readonly files: number
}

/**
 * `path` is a directory or one file. Throws with a sentence for the reader when it is neither, or
 * holds no manifests or too many.
 */
export function lintDirectory(path: string): LintResult & { readonly base: string } {
  const { base, files, faults } = readManifestsAt(path)
  if (files.length + faults.length === 0)
    throw new Error(`${path} holds no manifests (.yaml, .yml, .json)`)
  const result = lintFiles(files)
  const unread = faults.map(({ file, line, message }) => noObject(file, line, message))
  return { ...result, base, findings: [...unread, ...result.findings] }
}

/** Findings in the order of files, lines and checks. */
export function lintFiles(files: readonly ManifestFile[]): LintResult {
  const parsed = files.map(parseManifests)
  const ours = parsed.flatMap(({ manifests }) => manifests.filter(isOurs))
  const refused = ours.flatMap(admissionFindings)
  const findings = [
    ...parsed.flatMap(({ faults }) =>
      faults.map(({ file, line, message }) => noObject(file, line, message)),
    ),
    ...parsed.flatMap(({ manifests }) => manifests.flatMap(secretFindings)),
    ...refused,
    ...duplicateFindings(ours),
    ...operatorFindings(parsed, new Set(refused.map(({ object }) => object ?? ""))),
  ]
  const located = locateAll(findings, files)
  return { findings: located.sort(byPlace), objects: ours.length, files: files.length }
}

/** `chat.yaml:3: AIRoute search/chat: spec.rules: Required value`. */
export function formatFinding({ level, file, line, object, path, message }: LintFinding): string {
  const mark = level === "warning" ? "warning: " : ""
  const subject = object === null ? "" : `${object}: `
  const text = path === null ? message : formatFault({ path, message })
  return `${file}:${line}: ${mark}${subject}${text}`
}

/** What may be in the cluster although no file here has it, and what a policy may well intend. */
const WARNINGS: readonly Reason[] = [
  "SecretNotFound",
  "BackendNotFound",
  "ParentNotFound",
  "BackendDenied",
]

function isOurs({ apiVersion }: Manifest): boolean {
  return apiVersion.startsWith(`${GROUP}/`)
}

function admissionFindings(manifest: Manifest): readonly LintFinding[] {
  const { file, line, apiVersion, kind, value } = manifest
  const definition = apiVersion === API_VERSION ? kindOf(kind) : undefined
  const place = { level: "error", file, line, object: nameOf(manifest) } as const
  if (definition === undefined) {
    const known = WRITTEN_KINDS.map((one) => one.kind).join(", ")
    const message = `no kind ${kind} in ${apiVersion}; ${API_VERSION} has ${known}`
    return [{ ...place, path: "kind", message }]
  }
  const faults = findAllFaults(value, definition)
  if (faults.length === 0 && definition.spec === null) {
    const message = `${kind} is written by the operator alone; leave it out`
    return [{ ...place, level: "warning", path: "kind", message }]
  }
  return faults.map(({ path, message, hint }) => {
    const meant = hint === undefined ? "" : `; did you mean ${hint}?`
    return { ...place, path, message: `${message}${meant}` }
  })
}

/** Values of a Secret that are no text: the API server refuses it, and no provider gets its key. */
function secretFindings(manifest: Manifest): readonly LintFinding[] {
  const { apiVersion, kind, name, file, line } = manifest
  const fault = apiVersion === "v1" && kind === "Secret" ? unreadableValue(manifest) : null
  if (fault === null) return []
  const [path = "", ...rest] = fault.split(" ")
  const object = `Secret ${manifest.namespace ?? "default"}/${name}`
  return [{ level: "error", file, line, object, path, message: rest.join(" ") }]
}

/** Each at the line of its field; the operator's messages begin with reason and field. */
function locateAll(
  findings: readonly LintFinding[],
  files: readonly ManifestFile[],
): LintFinding[] {
  const locators = new Map<string, Locate>(
    files.map(({ path, text }) => [path, createLocator(text)]),
  )
  return findings.map((finding) => {
    if (finding.path === null) return finding
    const path = /^\w+: (spec\S*):/.exec(finding.message)?.[1] ?? finding.path
    const line = locators.get(finding.file)?.(finding.line, path) ?? finding.line
    return { ...finding, line }
  })
}

function operatorFindings(
  parsed: readonly ParsedFile[],
  refused: ReadonlySet<string>,
): readonly LintFinding[] {
  // A value from the environment counts as given: whoever runs the files sets it.
  const set = readObjects(parsed, { namespace: "default", variable: () => "set-elsewhere" })
  return compileFindings(set.objects).flatMap((found): LintFinding[] => {
    const source = set.objects.get(found.object)?.source ?? ""
    const [, file, line] = /^(.*):(\d+)$/.exec(source) ?? []
    if (file === undefined || refused.has(found.object)) return []
    return [
      {
        level: WARNINGS.includes(found.reason) ? "warning" : "error",
        file,
        line: Number(line),
        object: found.object,
        path: found.condition,
        message: `${found.reason}: ${found.message}`,
      },
    ]
  })
}

/** An object that is written twice: `kubectl apply` would let the last one win, in silence. */
function duplicateFindings(manifests: readonly Manifest[]): readonly LintFinding[] {
  const first = new Map<string, Manifest>()
  return manifests.flatMap((manifest): LintFinding[] => {
    const object = nameOf(manifest)
    const before = first.get(object)
    if (before === undefined) {
      first.set(object, manifest)
      return []
    }
    const { file, line } = manifest
    const message = `is already in ${before.file}:${before.line}`
    return [{ level: "error", file, line, object, path: "metadata.name", message }]
  })
}

/** As `formatRef` names it; a route without a namespace is in `default`. */
function nameOf({ kind, name, namespace }: Manifest): string {
  const isNamespaced = kindOf(kind)?.scope === "Namespaced"
  return isNamespaced ? `${kind} ${namespace ?? "default"}/${name}` : `${kind} ${name}`
}

function noObject(file: string, line: number, message: string): LintFinding {
  return { level: "error", file, line, object: null, path: null, message }
}

function byPlace(a: LintFinding, b: LintFinding): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1
  return a.line - b.line
}
