/**
 * Makes and removes the AINamespaces that reconcile wishes for.
 *
 * In    a wish for each namespace, repeated freely. Out: requests to the API server, at most 20 a
 *       second, again after a failure with a growing delay. A wish stands until reconcile has seen
 *       in the watch that it came true; an object that somebody deletes is wished for anew.
 */
import { setTimeout as wait } from "node:timers/promises"
import type { KubeClient } from "#operator/kube/kube-client.ts"
import { createWorkQueue } from "#operator/kube/work-queue.ts"
import type { ObjectWish } from "#operator/reconcile/namespace-object.ts"
import { errorText, type Log } from "#operator/telemetry/log.ts"
import { createNamespaceObject, deleteNamespaceObject } from "./cluster-writes.ts"

export interface NamespaceObjects {
  keep(namespace: string, wish: ObjectWish): void
  close(): Promise<void>
}

type OpenWish = Exclude<ObjectWish, { kind: "keep" }>

/** Two are under way at once, each for so long: 20 a second, also when all of them fail. */
const EACH_MS = 100
/** A wish that was done and did not come true, as far as the watch shows, is done again. */
const AGAIN_MS = 60_000

export function createNamespaceObjects(client: KubeClient, log: Log): NamespaceObjects {
  const wishes = new Map<string, OpenWish>()
  const queue = createWorkQueue({
    inFlightMax: 2,
    resyncMs: Number.POSITIVE_INFINITY,
    process: async (namespace, signal) => {
      const wish = wishes.get(namespace)
      if (wish === undefined) return { kind: "forget" }
      const pause = wait(EACH_MS, undefined, { signal }).catch(() => undefined)
      try {
        if (wish.kind === "create") await createNamespaceObject(client, namespace)
        else await deleteNamespaceObject(client, namespace, wish.uid)
        return { kind: "done", againAfterMs: AGAIN_MS }
      } finally {
        await pause
      }
    },
    onFailure: (namespace, error) => {
      log.warn("an AINamespace was not brought about", { namespace, error: errorText(error) })
    },
  })
  return {
    keep: (namespace, wish) => {
      if (wish.kind === "keep") {
        wishes.delete(namespace)
        return
      }
      const before = wishes.get(namespace)
      if (before !== undefined && isSame(before, wish)) return
      wishes.set(namespace, wish)
      queue.add(namespace)
    },
    close: () => queue.close(),
  }
}

function isSame(a: OpenWish, b: OpenWish): boolean {
  return a.kind === b.kind && (a.kind === "create" || b.kind === "create" || a.uid === b.uid)
}
