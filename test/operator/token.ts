/**
 * Tokens that the test operator accepts: they say whose pod they are bound to, and nobody signs
 * them.
 */
import type { FedObject } from "./objects.ts"

interface Bound {
  readonly namespace: string
  readonly pod: string
  readonly podUid: string
}

/** For a pod that was fed; good for a day. The real review is tested against a real API server. */
export function tokenFor(pod: FedObject): string {
  const { namespace, name, uid } = pod.object.metadata
  const exp = Math.floor(Date.now() / 1000) + 86_400
  const payload = JSON.stringify({ exp, namespace, pod: name, podUid: uid })
  return `test.${Buffer.from(payload).toString("base64url")}.token`
}

/** What `tokenFor` put in; undefined for anything else. */
export function readToken(token: string): Bound | undefined {
  const [head, payload = "", tail] = token.split(".")
  if (head !== "test" || tail !== "token") return undefined
  return JSON.parse(Buffer.from(payload, "base64url").toString("utf8")) as Bound
}
