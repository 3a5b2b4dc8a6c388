/**
 * What the state of a cloud's tokens adds to the verdicts that compiling gave. Pure.
 *
 * The provider stays in the Snapshot all the while: what sidecars hold serves until it expires, and
 * then they say so themselves.
 */
import type { ClusterCore, CompiledCondition, ObjectVerdict } from "#operator/compile/compiled.ts"
import type { TokenTrouble, WantedIdentity } from "./ports.ts"

/** Of the providers that are in order: for others no cloud is asked. */
export function identitiesOf(core: ClusterCore): readonly WantedIdentity[] {
  return [...core.providers].flatMap(([provider, { credential, problem }]) => {
    if (credential?.kind !== "cloud" || problem !== null) return []
    return [{ provider, identity: credential.identity }]
  })
}

/** Only a verdict that would be good without it is changed. */
export function withTokenTrouble(
  verdicts: readonly ObjectVerdict[],
  troubleOf: (provider: string) => TokenTrouble | null,
): readonly ObjectVerdict[] {
  return verdicts.map((verdict) => {
    const { object, resolvedRefs } = verdict
    if (object.kind !== "AIProvider" || resolvedRefs.status !== "True") return verdict
    const trouble = troubleOf(object.name)
    return trouble === null ? verdict : { ...verdict, resolvedRefs: conditionOf(trouble) }
  })
}

function conditionOf(trouble: TokenTrouble): CompiledCondition {
  if (trouble.kind === "pending") {
    const message = "the first token is being obtained"
    return { type: "ResolvedRefs", status: "Unknown", reason: "CredentialPending", message }
  }
  const { message, expiresAt } = trouble
  const rest =
    expiresAt === null
      ? "there is none to go on with"
      : `the one before it expires at ${new Date(expiresAt).toISOString()}`
  return {
    type: "ResolvedRefs",
    status: "False",
    reason: "CredentialRefreshFailed",
    message: `no new token: ${message}; ${rest}`,
  }
}
