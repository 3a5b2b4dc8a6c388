/**
 * What a provider of a cloud is opened with on this machine, in a line for the reader: which
 * identity, proved with what, and what of it is missing.
 */
import { parseAIProvider } from "#operator/api/v1alpha1/ai-provider.ts"
import {
  ACCESS_KEY_ID,
  type CloudIdentity,
  identityOf,
  SECRET_ACCESS_KEY,
} from "#operator/compile/cloud-identity.ts"
import type { CloudSettings } from "#operator/credentials/cloud-settings.ts"
import type { FileObject } from "./objects.ts"

/** `AIProvider NAME: ...`, in the order of the files. */
export function cloudLines(
  objects: Iterable<FileObject>,
  settings: CloudSettings,
): readonly string[] {
  return [...objects].flatMap(({ ref, body }) => {
    const identity = ref.kind === "AIProvider" ? identityOfSpec(body["spec"]) : undefined
    if (identity === undefined) return []
    return [`AIProvider ${ref.name}: opened by ${describe(identity, settings)}`]
  })
}

/** Undefined for a spec that takes none on, or that cannot be read: its status says why. */
export function identityOfSpec(spec: unknown): CloudIdentity | undefined {
  const parsed = parseAIProvider(spec)
  return parsed.ok ? identityOf(parsed.spec) : undefined
}

function describe(identity: CloudIdentity, { aws, google, azure }: CloudSettings): string {
  switch (identity.kind) {
    case "aws-web-identity": {
      const role = identity.roleArn ?? variable("AWS_ROLE_ARN", aws.roleArn)
      const token = variable("AWS_WEB_IDENTITY_TOKEN_FILE", aws.tokenFile)
      return `temporary credentials of AWS for the role ${role}, got with the token in ${token}`
    }
    case "aws-pod-identity": {
      const uri = variable("AWS_CONTAINER_CREDENTIALS_FULL_URI", aws.containerUri)
      return `temporary credentials of AWS${assumed(identity.roleArn)}, got from ${uri}`
    }
    case "aws-access-key": {
      const keys = `${ACCESS_KEY_ID} and ${SECRET_ACCESS_KEY} of Secret ${identity.secret}`
      return `temporary credentials of AWS${assumed(identity.roleArn)}, got with ${keys}`
    }
    case "google-federated-token": {
      const token = variable("SIDEGATE_GOOGLE_TOKEN_FILE", google.tokenFile)
      const account = identity.serviceAccount
      const as = account === null ? "" : ` as ${account}`
      return `an access token of Google${as}, got with the token in ${token}`
    }
    case "google-service-account-key":
      return `an access token of Google, got with ${identity.key} of Secret ${identity.secret}`
    case "azure-federated-token": {
      const token = variable("AZURE_FEDERATED_TOKEN_FILE", azure.tokenFile)
      const client = identity.clientId ?? variable("AZURE_CLIENT_ID", azure.clientId)
      const tenant = identity.tenantId ?? variable("AZURE_TENANT_ID", azure.tenantId)
      const as = `for client ${client} of tenant ${tenant}`
      return `an access token of Entra ${as}, got with the token in ${token}`
    }
    case "azure-client-secret": {
      const as = `for client ${identity.clientId} of tenant ${identity.tenantId}`
      return `an access token of Entra ${as}, got with ${identity.key} of Secret ${identity.secret}`
    }
  }
}

function assumed(roleArn: string | null): string {
  return roleArn === null ? "" : ` for the role ${roleArn}`
}

function variable(name: string, value: string | null): string {
  return value === null ? `${name} (not set)` : `${name} (${value})`
}
