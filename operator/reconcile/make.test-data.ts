/**
 * Makers for the tests of this folder: each gives defaults, so that a row shows only what matters
 * to it.
 */
import type { ObjectVerdict } from "#operator/compile/compiled.ts"
import type { ConfigObject } from "#operator/index/view.ts"
import type { ConnectedSidecar, ObjectStatus, StatusCondition } from "./ports.ts"

export function makeObject(part: Partial<ConfigObject> = {}): ConfigObject {
  return {
    kind: "AIRoute",
    namespace: "search",
    name: "chat",
    uid: "uid-chat",
    generation: 1,
    createdAt: 0,
    spec: {},
    ...part,
  }
}

export function makeVerdict(
  object: Partial<ConfigObject> = {},
  part: Partial<Pick<ObjectVerdict, "accepted" | "resolvedRefs">> = {},
): ObjectVerdict {
  return {
    object: makeObject(object),
    accepted: { type: "Accepted", status: "True", reason: "Accepted", message: "" },
    resolvedRefs: { type: "ResolvedRefs", status: "True", reason: "ResolvedRefs", message: "" },
    ...part,
  }
}

export function refuse(message: string): Pick<ObjectVerdict, "accepted"> {
  return { accepted: { type: "Accepted", status: "False", reason: "Conflicted", message } }
}

export function makeSidecar(
  pod: string,
  part: Partial<Omit<ConnectedSidecar, "identity">> = {},
): ConnectedSidecar {
  return {
    identity: { namespace: "search", pod, podUid: `uid-${pod}`, application: "api", labels: {} },
    heldHash: null,
    heldVersion: null,
    nack: null,
    withheld: [],
    pendingSinceMs: null,
    release: "0.1.0",
    ...part,
  }
}

/** A status of generation `generation` whose conditions are the given ones, each with a reason. */
export function makeStatus(
  generation: number,
  conditions: Partial<
    Record<StatusCondition["type"], readonly [StatusCondition["status"], string]>
  >,
  part: Partial<ObjectStatus> = {},
): ObjectStatus {
  return {
    observedGeneration: generation,
    conditions: Object.entries(conditions).map(([type, [status, reason]]) => ({
      type: type as StatusCondition["type"],
      status,
      reason,
      message: "",
      observedGeneration: generation,
      lastTransitionTime: "2026-11-01T00:00:00Z",
    })),
    ...part,
  }
}
