/**
 * What stays in use of the credentials held when new ones come. Pure.
 *
 * A list is complete, and what is not in it leaves. But an operator that has just started has no
 * token of a cloud yet: it names those providers as pending, and what the operator before it gave
 * for them serves until it expires.
 */
import type { CredentialsPush } from "#proxy/contract/push.ts"

export function carryOver(held: CredentialsPush | null, push: CredentialsPush): CredentialsPush {
  const kept = (held?.temporary ?? []).filter(({ provider }) => push.pending.includes(provider))
  return kept.length === 0 ? push : { ...push, temporary: [...push.temporary, ...kept] }
}
