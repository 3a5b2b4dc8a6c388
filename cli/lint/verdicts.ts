/**
 * What the operator would say of objects that the API server takes: references and conflicts, by
 * the compiler.
 */
import { asRecord, textEntries } from "#cli/manifests/manifest.ts"
import { EMPTY_HISTORY, remember, type ServedObject } from "#cli/run/history.ts"
import { type FileObject, OPERATOR_NAMESPACE } from "#cli/run/objects.ts"
import { compileCluster, compileNamespace } from "#operator/compile/compile.ts"
import type { CompileSettings, ObjectVerdict } from "#operator/compile/compiled.ts"
import type { Reason } from "#operator/compile/reasons.ts"
import { readSecret } from "#operator/credentials/read-secret.ts"
import type { IndexEntry } from "#operator/index/entry.ts"
import { createIndex } from "#operator/index/index.ts"
import { readObject } from "#operator/index/read-object.ts"
import { formatRef } from "#operator/index/view.ts"

export interface CompileFinding {
  /** As `formatRef` names it. */
  readonly object: string
  readonly condition: "Accepted" | "ResolvedRefs"
  readonly reason: Reason
  readonly message: string
}

const SETTINGS: CompileSettings = Object.freeze({
  operatorNamespace: OPERATOR_NAMESPACE,
  teamLabel: "sidegate.dev/team",
  unselected: "Allow",
  unassigned: "Allow",
  cloudHosts: [],
})

/** Follow from another object's fault, which is a finding of its own. */
const CONSEQUENCES: readonly Reason[] = [
  "NotAccepted",
  "ProviderInvalid",
  "ProviderNotReady",
  "ParentInvalid",
]

/** Conditions that would be False, in the order of the compiler. */
export function compileFindings(
  objects: ReadonlyMap<string, FileObject>,
): readonly CompileFinding[] {
  const index = createIndex({ operatorNamespace: OPERATOR_NAMESPACE })
  for (const served of remember(EMPTY_HISTORY, objects).served) {
    const entry = entryOf(served)
    if (entry !== null) index.apply(entry)
  }
  const cluster = compileCluster(index.clusterView(), SETTINGS, index.namespaces())
  const verdicts = index.namespaces().flatMap(({ name }) => {
    const view = index.view(name)
    return view === undefined ? [] : compileNamespace(cluster, view, SETTINGS).verdicts
  })
  return [...cluster.verdicts, ...verdicts].flatMap(findingsOf)
}

function findingsOf({ object, accepted, resolvedRefs }: ObjectVerdict): readonly CompileFinding[] {
  return [accepted, resolvedRefs].flatMap(({ type, status, reason, message }) => {
    if (status === "True" || CONSEQUENCES.includes(reason)) return []
    return [{ object: formatRef(object), condition: type, reason, message }]
  })
}

function entryOf({ ref, value }: ServedObject): IndexEntry | null {
  const { kind } = ref
  if (kind !== "Secret") {
    const read = readObject(kind, value)
    return read.ok ? read.entry : null
  }
  const annotations = asRecord(value["metadata"])?.["annotations"]
  const secret = readSecret({
    name: ref.name,
    uid: ref.name,
    type: String(value["type"]),
    annotations: textEntries(annotations),
    data: textEntries(value["data"]),
    stringData: {},
  })
  return { uid: ref.name, resourceVersion: "1", kind, value: secret.facts }
}
