/**
 * Who is calling: from the caller's token to the pod behind it, or a refusal to count.
 *
 * In    the Authorization header; what the API server says of a token; the operator's pod watch.
 * Out   the PodIdentity as the watch shows it now, and until when the token vouches for it.
 * Must not know HTTP or Kubernetes clients. Nothing that the caller says about itself is believed:
 * namespace and pod come from the TokenReview, labels and application from the watch.
 *
 * A token proves the pod, never the container, so a pod without our init container is refused as
 * well.
 */
import type { PodFacts } from "#operator/index/view.ts"
import { parseJson } from "#proxy/contract/json.ts"
import type { EpochMs } from "#proxy/contract/money.ts"
import type { PodIdentity } from "#proxy/contract/push.ts"
import { createTokenCache } from "./token-cache.ts"

/** What the API server's TokenReview says; `operator/kube` gives it. */
export type TokenVerdict =
  | {
      readonly kind: "accepted"
      readonly facts: {
        readonly namespace: string
        readonly pod: string
        readonly podUid: string
      }
    }
  | { readonly kind: "refused"; readonly reason: TokenRefusal }

/**
 * `unauthenticated`: forged, expired or bound to an object that is gone; `wrong-audience`: good for
 * somebody else; `unbound`: tied to no pod, so it may be anywhere.
 */
export type TokenRefusal =
  | "unauthenticated"
  | "wrong-audience"
  | "not-a-service-account"
  | "unbound"

/** Closed, for `sidegate_auth_rejected_total{reason}`. */
export type AuthRejection =
  | TokenRefusal
  | "missing"
  | "malformed"
  /** Gone, or not yet in the operator's watch. */
  | "pod-unknown"
  | "pod-mismatch"
  | "pod-terminating"
  | "no-sidecar"
  | "namespace-not-injected"

/** Why nothing could be said of the caller. */
export type AuthOutage =
  /** The API server did not answer the TokenReview. */
  | "review-failed"
  /** REVIEWS_MAX questions are under way. */
  | "review-overloaded"

export type AuthResult =
  | { readonly kind: "pod"; readonly identity: PodIdentity; readonly untilMs: EpochMs }
  | { readonly kind: "rejected"; readonly reason: AuthRejection }
  | { readonly kind: "unavailable"; readonly reason: AuthOutage }

export interface AuthenticatorOptions {
  /**
   * Asks the API server for a TokenReview with the audience `sidegate`. Rejects when it does not
   * answer.
   */
  readonly review: (token: string) => Promise<TokenVerdict>
  /** From the pod watch; undefined when the pod is gone or not seen yet. */
  readonly pod: (uid: string) => PodFacts | undefined
  /** Whether the label `sidegate.dev/injection` is `enabled` or `opt-in`. */
  readonly namespaceIsInjected: (namespace: string) => boolean
  readonly now: () => EpochMs
  /** Lower-case hex SHA-256. */
  readonly digest: (text: string) => string
}

export interface Authenticator {
  /**
   * `mayTerminate`: whether a pod that is shutting down may still do this. It may deliver its last
   * usage, and nothing else.
   */
  authenticate(
    authorization: string | undefined,
    options: { readonly mayTerminate: boolean },
  ): Promise<AuthResult>
}

/** What a sidecar's token is made for; `review` asks the API server for exactly this. */
export const AUDIENCE = "sidegate"
/** Longer tokens are refused unread. */
export const TOKEN_LENGTH_MAX = 8192
export const ACCEPTED_FOR_MS = 600_000
export const REFUSED_FOR_MS = 10_000
/** Tokens remembered; a fleet of 20,000 pods has twice as many around a rotation. */
export const TOKENS_MAX = 50_000
/** Questions to the API server at once; the next caller is told to come back. */
export const REVIEWS_MAX = 64
/** The API server accepts a token for so long after its expiry (clocks differ), and so do we. */
export const EXPIRY_LEEWAY_MS = 60_000

const BEARER = /^Bearer ([A-Za-z0-9\-_]+\.([A-Za-z0-9\-_]+)\.[A-Za-z0-9\-_]+)$/i

/** What one TokenReview settled. The pod is looked up again on every call. */
type Verdict =
  | {
      readonly kind: "bound"
      readonly namespace: string
      readonly pod: string
      readonly podUid: string
      readonly untilMs: EpochMs
    }
  | Extract<AuthResult, { kind: "rejected" }>
type Unavailable = Extract<AuthResult, { kind: "unavailable" }>

export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const verdicts = createTokenCache<Verdict>(TOKENS_MAX)
  const underWay = new Map<string, Promise<Verdict | Unavailable>>()

  async function ask(token: string, payload: string, hash: string): Promise<Verdict | Unavailable> {
    try {
      const reviewed = await options.review(token)
      const now = options.now()
      const verdict: Verdict =
        reviewed.kind === "refused"
          ? rejected(reviewed.reason)
          : { kind: "bound", ...reviewed.facts, untilMs: vouchedUntil(expiryOf(payload), now) }
      verdicts.set(hash, verdict, now + lifetimeOf(verdict, now))
      return verdict
    } catch {
      return { kind: "unavailable", reason: "review-failed" }
    } finally {
      underWay.delete(hash)
    }
  }

  /** One question a token: callers that come meanwhile wait for the same answer. */
  async function verdictOf(token: string, payload: string): Promise<Verdict | Unavailable> {
    const hash = options.digest(token)
    const known = verdicts.get(hash, options.now()) ?? underWay.get(hash)
    if (known !== undefined) return known
    if (underWay.size >= REVIEWS_MAX) return { kind: "unavailable", reason: "review-overloaded" }
    const asked = ask(token, payload, hash)
    underWay.set(hash, asked)
    return asked
  }

  return {
    async authenticate(authorization, { mayTerminate }) {
      if (authorization === undefined) return rejected("missing")
      if (authorization.length > TOKEN_LENGTH_MAX) return rejected("malformed")
      const [, token, payload] = BEARER.exec(authorization) ?? []
      if (token === undefined || payload === undefined) return rejected("malformed")
      const verdict = await verdictOf(token, payload)
      return verdict.kind === "bound" ? judgePod(verdict, options, mayTerminate) : verdict
    },
  }
}

/** The API server has just accepted it, so a clock of ours that runs ahead must not refuse it. */
function vouchedUntil(expiresAt: EpochMs | null, now: EpochMs): EpochMs {
  return Math.max(expiresAt ?? 0, now + EXPIRY_LEEWAY_MS)
}

function judgePod(
  bound: Extract<Verdict, { kind: "bound" }>,
  options: Pick<AuthenticatorOptions, "pod" | "namespaceIsInjected">,
  mayTerminate: boolean,
): AuthResult {
  const facts = options.pod(bound.podUid)
  if (facts === undefined) return rejected("pod-unknown")
  if (facts.namespace !== bound.namespace || facts.pod !== bound.pod)
    return rejected("pod-mismatch")
  if (!facts.hasSidecar) return rejected("no-sidecar")
  if (!options.namespaceIsInjected(facts.namespace)) return rejected("namespace-not-injected")
  if (facts.isTerminating && !mayTerminate) return rejected("pod-terminating")
  const { namespace, pod, podUid, application, labels } = facts
  const identity = { namespace, pod, podUid, application, labels }
  return { kind: "pod", identity, untilMs: bound.untilMs }
}

/** How long the verdict is used without asking again, in ms. */
function lifetimeOf(verdict: Verdict, now: EpochMs): number {
  if (verdict.kind === "rejected") return REFUSED_FOR_MS
  return Math.min(verdict.untilMs - now, ACCEPTED_FOR_MS)
}

/**
 * `exp` of the token in ms; null when it is unreadable. The signature is the API server's to check:
 * this only shortens how long its answer is used.
 */
function expiryOf(payload: string): EpochMs | null {
  const limits = { bytesMax: TOKEN_LENGTH_MAX, depthMax: 16, tokensMax: 1000 }
  const parsed = parseJson(Buffer.from(payload, "base64url"), limits)
  if (!parsed.ok || typeof parsed.value !== "object" || parsed.value === null) return null
  const exp = "exp" in parsed.value ? parsed.value.exp : undefined
  return typeof exp === "number" && Number.isFinite(exp) ? exp * 1000 : null
}

function rejected(reason: AuthRejection): Extract<AuthResult, { kind: "rejected" }> {
  return { kind: "rejected", reason }
}
