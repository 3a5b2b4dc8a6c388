/**
 * Asks the API server whose token this is. Only its answer names a caller; nothing in a request
 * does.
 */
import { at, listAt, textAt } from "./json-path.ts"
import type { KubeClient } from "./kube-client.ts"

export interface TokenFacts {
  readonly namespace: string
  readonly serviceAccount: string
  readonly pod: string
  readonly podUid: string
}

export type TokenVerdict =
  | { readonly kind: "accepted"; readonly facts: TokenFacts }
  /**
   * `unauthenticated`: no, expired, forged, of another audience, or bound to an object that is gone
   * (the server does not tell which); `wrong-audience`: valid, yet not for us;
   * `not-a-service-account`: a person or a node; `unbound`: not tied to a pod, so it may be
   * anywhere.
   */
  | {
      readonly kind: "refused"
      readonly reason: "unauthenticated" | "wrong-audience" | "not-a-service-account" | "unbound"
    }

/** Nobody's token is longer; what is never reaches the API server. */
const TOKEN_CHARACTERS_MAX = 16 * 1024
const USERNAME = /^system:serviceaccount:([^:]+):([^:]+)$/

/**
 * One TokenReview. Rejects with a KubeError when the API server does not answer: then nobody knows.
 * The server accepts a token for a minute after its `exp`, and knows a deleted pod's for ten
 * seconds from its cache.
 */
export async function reviewToken(
  client: KubeClient,
  token: string,
  audience: string,
  signal?: AbortSignal,
): Promise<TokenVerdict> {
  if (token === "" || token.length > TOKEN_CHARACTERS_MAX) {
    return { kind: "refused", reason: "unauthenticated" }
  }
  const answer = await client.request({
    method: "POST",
    path: "/apis/authentication.k8s.io/v1/tokenreviews",
    body: {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenReview",
      spec: { token, audiences: [audience] },
    },
    ...(signal === undefined ? {} : { signal }),
  })
  return judgeReview(answer, audience)
}

/** Reads a TokenReview that came back. Anything that is not clearly right is a refusal. */
export function judgeReview(review: unknown, audience: string): TokenVerdict {
  if (at(review, "status", "authenticated") !== true) {
    return { kind: "refused", reason: "unauthenticated" }
  }
  // A server that does not know audiences answers `authenticated` without any: that is not for us.
  if (!listAt(review, "status", "audiences").includes(audience)) {
    return { kind: "refused", reason: "wrong-audience" }
  }
  const user = at(review, "status", "user")
  const [, namespace, serviceAccount] = USERNAME.exec(textAt(user, "username") ?? "") ?? []
  if (namespace === undefined || serviceAccount === undefined) {
    return { kind: "refused", reason: "not-a-service-account" }
  }
  const pod = only(listAt(user, "extra", "authentication.kubernetes.io/pod-name"))
  const podUid = only(listAt(user, "extra", "authentication.kubernetes.io/pod-uid"))
  if (pod === null || podUid === null) return { kind: "refused", reason: "unbound" }
  return { kind: "accepted", facts: { namespace, serviceAccount, pod, podUid } }
}

function only(values: readonly unknown[]): string | null {
  const [value] = values
  return values.length === 1 && typeof value === "string" && value !== "" ? value : null
}
