/**
 * The directory of manifests as a living set of objects: read, remembered, fed to the control
 * plane.
 *
 * In: the directory, now and after each change. Out: objects into the feed, sentences for the
 * reader. A file that does not parse keeps what it held before, as a refused `kubectl apply` would.
 */
import { type DirectoryContent, readDirectory } from "#cli/manifests/directory.ts"
import { type ParsedFile, parseManifests } from "#cli/manifests/manifest.ts"
import type { ObjectFeed } from "#operator/control-plane.ts"
import { formatRef, type IndexedKind, type ObjectRef } from "#operator/index/view.ts"
import { EMPTY_HISTORY, type History, type ObjectChange, remember } from "./history.ts"
import { type ObjectSet, type PlaySettings, readObjects } from "./objects.ts"

export interface Workspace {
  readonly objects: ObjectSet
  /** What the last `load` changed. */
  readonly changes: readonly ObjectChange[]
  readonly removals: readonly ObjectRef[]
  /** Notes that the load before did not have, and files that can be read again. */
  readonly newNotes: readonly string[]
}

/** Kinds that files give, in the order in which they are fed: what others refer to comes first. */
const FED_KINDS: readonly IndexedKind[] = [
  "Secret",
  "Namespace",
  "ModelCatalog",
  "AIProvider",
  "TeamQuota",
  "ModelPolicy",
  "AIRoute",
]

export interface WorkspaceReader {
  /** Throws when the directory itself cannot be read; then nothing has changed. */
  load(): Workspace
}

export function openWorkspace(
  root: string,
  settings: PlaySettings,
  feed: ObjectFeed,
): WorkspaceReader {
  let files: ReadonlyMap<string, ParsedFile> = new Map()
  let history: History = EMPTY_HISTORY
  let notes: readonly string[] = []
  let isFirst = true
  return {
    load: () => {
      const before = files
      files = parseAll(readDirectory(root), before)
      const objects = readObjects([...files.values()], settings)
      history = remember(history, objects.objects)
      if (isFirst) resetAll(history, feed)
      else update(history, feed)
      isFirst = false
      const newNotes = [
        ...objects.notes.filter((note) => !notes.includes(note)),
        ...mended(before, files).map((file) => `${file}: in order again`),
      ]
      notes = objects.notes
      return { objects, changes: history.changes, removals: history.removals, newNotes }
    },
  }
}

/** `added AIRoute default/chat, changed AIProvider primary`, at most ten of them by name. */
export function describeChanges(changes: readonly ObjectChange[]): string {
  const named = changes.slice(0, 10).map(({ verb, ref }) => `${verb} ${formatRef(ref)}`)
  const rest = changes.length - named.length
  return rest > 0 ? `${named.join(", ")} and ${rest} more` : named.join(", ")
}

function parseAll(
  content: DirectoryContent,
  before: ReadonlyMap<string, ParsedFile>,
): ReadonlyMap<string, ParsedFile> {
  const parsed = content.files.map((file) => keepGood(parseManifests(file), before.get(file.path)))
  const unreadable = content.faults.map((fault) =>
    keepGood({ file: fault.file, manifests: [], faults: [fault] }, before.get(fault.file)),
  )
  const all = [...parsed, ...unreadable].sort((a, b) => (a.file < b.file ? -1 : 1))
  return new Map(all.map((file) => [file.file, file]))
}

function keepGood(now: ParsedFile, before: ParsedFile | undefined): ParsedFile {
  if (now.faults.length === 0 || before === undefined) return now
  const kept = before.manifests.length === 0 ? "" : "; what the file held before stays in force"
  const faults = now.faults.map((fault) => ({ ...fault, message: `${fault.message}${kept}` }))
  return { ...now, manifests: before.manifests, faults }
}

function mended(
  before: ReadonlyMap<string, ParsedFile>,
  now: ReadonlyMap<string, ParsedFile>,
): readonly string[] {
  return [...now.values()].flatMap(({ file, faults }) => {
    const hadFaults = (before.get(file)?.faults.length ?? 0) > 0
    return hadFaults && faults.length === 0 ? [file] : []
  })
}

function resetAll(history: History, feed: ObjectFeed): void {
  for (const kind of FED_KINDS) {
    const objects = history.served.filter(({ ref }) => ref.kind === kind)
    feed.reset(
      kind,
      objects.map(({ value }) => value),
    )
  }
}

function update(history: History, feed: ObjectFeed): void {
  for (const kind of FED_KINDS)
    for (const { ref, value } of history.updates) if (ref.kind === kind) feed.apply(kind, value)
  for (const { kind, namespace, name } of history.removals) feed.delete(kind, { namespace, name })
}
