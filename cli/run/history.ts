/**
 * Generations for objects that come from files: the part of an API server that remembers.
 *
 * In: the set of objects now. Out: the objects as the API server would serve them, and what changed
 * since the set before. The generation counts changes of content; the creation time follows the
 * order of files and of documents in them, so that "the older route wins" means "the one that comes
 * first".
 */
import { formatRef, type ObjectRef } from "#operator/index/view.ts"
import { canonicalJson } from "#proxy/contract/json.ts"
import type { FileObject } from "./objects.ts"

/** One object in the API server's shape, ready to feed. */
export interface ServedObject {
  readonly ref: ObjectRef
  readonly value: Readonly<Record<string, unknown>>
}

export interface ObjectChange {
  readonly verb: "added" | "changed" | "removed"
  readonly ref: ObjectRef
}

export interface History {
  readonly served: readonly ServedObject[]
  /** What a reader would call a change; a new place among the files alone is none. */
  readonly changes: readonly ObjectChange[]
  /** Served objects that differ from before in any way, and those that are gone. */
  readonly updates: readonly ServedObject[]
  readonly removals: readonly ObjectRef[]
  readonly remembered: ReadonlyMap<string, Remembered>
  readonly resourceVersion: number
}

interface Remembered {
  readonly content: string
  readonly generation: number
  readonly rank: number
  readonly resourceVersion: number
  readonly ref: ObjectRef
  /** False once its manifest is gone: should it come back, its generation goes on. */
  readonly isPresent: boolean
}

export const EMPTY_HISTORY: History = Object.freeze({
  served: [],
  changes: [],
  updates: [],
  removals: [],
  remembered: new Map(),
  resourceVersion: 0,
})

/** Creation time of the first object; each later one is a second younger. */
const FIRST_CREATED = Date.UTC(2000, 0, 1)

export function remember(before: History, objects: ReadonlyMap<string, FileObject>): History {
  const resourceVersion = before.resourceVersion + 1
  const remembered = new Map<string, Remembered>()
  const served: ServedObject[] = []
  const updates: ServedObject[] = []
  const changes: ObjectChange[] = []
  for (const [rank, [key, object]] of [...objects].entries()) {
    const last = before.remembered.get(key)
    const now = next(last, object, rank, resourceVersion)
    const value = { ref: object.ref, value: toServed(object, now) }
    remembered.set(key, now)
    served.push(value)
    if (now !== last) updates.push(value)
    if (last?.isPresent !== true) changes.push({ verb: "added", ref: object.ref })
    else if (last.content !== now.content) changes.push({ verb: "changed", ref: object.ref })
  }
  const removals = [...before.remembered.values()].filter(
    (one) => one.isPresent && !objects.has(formatRef(one.ref)),
  )
  for (const [key, one] of before.remembered)
    if (!remembered.has(key)) remembered.set(key, { ...one, isPresent: false })
  changes.push(...removals.map(({ ref }) => ({ verb: "removed" as const, ref })))
  return {
    served,
    changes,
    updates,
    removals: removals.map(({ ref }) => ref),
    remembered,
    resourceVersion,
  }
}

function next(
  last: Remembered | undefined,
  object: FileObject,
  rank: number,
  resourceVersion: number,
): Remembered {
  const { source: _source, ...facts } = object
  const content = canonicalJson(facts)
  const isSame = last?.isPresent === true && last.content === content
  if (isSame && last.rank === rank) return last
  const generation = isSame ? last.generation : (last?.generation ?? 0) + 1
  return { content, generation, rank, resourceVersion, ref: object.ref, isPresent: true }
}

function toServed(object: FileObject, remembered: Remembered): Readonly<Record<string, unknown>> {
  const { ref, apiVersion, labels, annotations, body } = object
  const metadata = {
    name: ref.name,
    ...(ref.namespace === "" ? {} : { namespace: ref.namespace }),
    uid: `file:${formatRef(ref)}`,
    generation: remembered.generation,
    resourceVersion: String(remembered.resourceVersion),
    creationTimestamp: new Date(FIRST_CREATED + remembered.rank * 1000).toISOString(),
    labels,
    annotations,
  }
  return { apiVersion, kind: ref.kind, metadata, ...body }
}
