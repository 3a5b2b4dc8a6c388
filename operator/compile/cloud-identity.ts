/**
 * Which identity of a cloud the operator takes on for a provider, as a plain value: of the spec,
 * with the Secrets it needs by name. Never a value of one.
 */
import type { AIProviderSpec } from "#operator/api/v1alpha1/ai-provider.ts"

export type CloudIdentity =
  | {
      readonly kind: "aws-web-identity" | "aws-pod-identity"
      readonly region: string
      readonly roleArn: string | null
    }
  | {
      readonly kind: "aws-access-key"
      readonly region: string
      readonly roleArn: string | null
      readonly secret: string
    }
  | {
      readonly kind: "google-federated-token"
      readonly audience: string
      /** Address of the service account to impersonate. */
      readonly serviceAccount: string | null
    }
  | {
      readonly kind: "google-service-account-key"
      readonly secret: string
      readonly key: string
    }
  | {
      readonly kind: "azure-federated-token"
      readonly tenantId: string | null
      readonly clientId: string | null
      readonly scope: string
    }
  | {
      readonly kind: "azure-client-secret"
      readonly tenantId: string
      readonly clientId: string
      readonly scope: string
      readonly secret: string
      readonly key: string
    }

/** Keys of the Secret of `accessKey`. */
export const ACCESS_KEY_ID = "access-key-id"
export const SECRET_ACCESS_KEY = "secret-access-key"

const AZURE_SCOPE = "https://cognitiveservices.azure.com/.default"

/** Undefined when the provider takes none on. The spec has passed its rules. */
export function identityOf(spec: AIProviderSpec): CloudIdentity | undefined {
  const identity = spec.credentials?.workloadIdentity
  if (identity?.aws !== undefined) return awsIdentity(identity.aws)
  if (identity?.google !== undefined) return googleIdentity(identity.google)
  return identity?.azure === undefined ? undefined : azureIdentity(identity.azure)
}

/** A key of a Secret, and where the spec names it. */
export interface NeededKey {
  readonly secret: string
  readonly key: string
  readonly path: string
  /** A file, not the text of a header. */
  readonly isFile: boolean
}

/** What must be there before the identity can be taken on. */
export function keysOf(identity: CloudIdentity): readonly NeededKey[] {
  const below = "spec.credentials.workloadIdentity"
  switch (identity.kind) {
    case "aws-access-key": {
      const path = `${below}.aws.accessKey.name`
      const { secret } = identity
      return [ACCESS_KEY_ID, SECRET_ACCESS_KEY].map((key) => ({ secret, key, path, isFile: false }))
    }
    case "google-service-account-key":
      return [needed(identity, `${below}.google.serviceAccountKey`, true)]
    case "azure-client-secret":
      return [needed(identity, `${below}.azure.clientSecret`, false)]
    case "aws-web-identity":
    case "aws-pod-identity":
    case "google-federated-token":
    case "azure-federated-token":
      return []
  }
}

function needed(
  { secret, key }: { readonly secret: string; readonly key: string },
  path: string,
  isFile: boolean,
): NeededKey {
  return { secret, key, path, isFile }
}

type Identities = NonNullable<NonNullable<AIProviderSpec["credentials"]>["workloadIdentity"]>

function awsIdentity(aws: NonNullable<Identities["aws"]>): CloudIdentity {
  const { type, region, roleArn = null, accessKey } = aws
  if (accessKey !== undefined) {
    return { kind: "aws-access-key", region, roleArn, secret: accessKey.name }
  }
  const kind = type === "PodIdentity" ? "aws-pod-identity" : "aws-web-identity"
  return { kind, region, roleArn }
}

function googleIdentity(google: NonNullable<Identities["google"]>): CloudIdentity | undefined {
  const { federatedToken, serviceAccountKey } = google
  if (serviceAccountKey !== undefined) {
    const { name: secret, key } = serviceAccountKey
    return { kind: "google-service-account-key", secret, key }
  }
  if (federatedToken === undefined) return undefined
  const { audience, serviceAccount = null } = federatedToken
  return { kind: "google-federated-token", audience, serviceAccount }
}

function azureIdentity(azure: NonNullable<Identities["azure"]>): CloudIdentity | undefined {
  const { tenantId, clientId, scope = AZURE_SCOPE, clientSecret } = azure
  if (clientSecret === undefined) {
    const ids = { tenantId: tenantId ?? null, clientId: clientId ?? null }
    return { kind: "azure-federated-token", ...ids, scope }
  }
  if (tenantId === undefined || clientId === undefined) return undefined
  const { name: secret, key } = clientSecret
  return { kind: "azure-client-secret", tenantId, clientId, scope, secret, key }
}
