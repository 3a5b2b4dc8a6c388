/** The closed list of reasons that compiling gives; `docs/conditions.md` has a row for each. */
export type Reason = (typeof REASONS)[number]

export const REASONS = [
  "Accepted",
  "Invalid",
  "Conflicted",
  "LimitExceeded",
  "ResolvedRefs",
  "NotAccepted",
  "SecretNotFound",
  "SecretKeyNotFound",
  "SecretTypeNotAllowed",
  "HostNotPermitted",
  "CredentialMalformed",
  "CredentialLooksForeign",
  "BackendNotFound",
  "ProviderInvalid",
  "ProviderNotReady",
  "ProviderNotPermitted",
  "BackendDenied",
  "ParentNotFound",
  "ParentInvalid",
] as const
