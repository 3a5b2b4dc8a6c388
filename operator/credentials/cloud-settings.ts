/**
 * What the operator's own environment says of its identity in a cloud: the projected tokens of its
 * ServiceAccount and the addresses that the clouds' webhooks set. Nothing is looked for anywhere
 * else: no file in a home directory, no metadata service.
 */

export interface CloudSettings {
  readonly aws: {
    /** `AWS_WEB_IDENTITY_TOKEN_FILE`. */
    readonly tokenFile: string | null
    /** `AWS_ROLE_ARN`: for identities that name no role. */
    readonly roleArn: string | null
    /** `AWS_CONTAINER_CREDENTIALS_FULL_URI` and `AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE`. */
    readonly containerUri: string | null
    readonly containerTokenFile: string | null
    /** `AWS_ENDPOINT_URL_STS`; null is STS of the identity's region. */
    readonly stsEndpoint: string | null
  }
  readonly google: {
    /** `SIDEGATE_GOOGLE_TOKEN_FILE`. */
    readonly tokenFile: string | null
  }
  readonly azure: {
    /** `AZURE_FEDERATED_TOKEN_FILE`. */
    readonly tokenFile: string | null
    /** `AZURE_TENANT_ID`, `AZURE_CLIENT_ID`: for identities that name none. */
    readonly tenantId: string | null
    readonly clientId: string | null
    /** `AZURE_AUTHORITY_HOST`, with or without a slash at its end. */
    readonly authorityHost: string
  }
}

/** Unset and empty variables are null. */
export function readCloudSettings(optional: (name: string) => string | null): CloudSettings {
  return Object.freeze({
    aws: Object.freeze({
      tokenFile: optional("AWS_WEB_IDENTITY_TOKEN_FILE"),
      roleArn: optional("AWS_ROLE_ARN"),
      containerUri: optional("AWS_CONTAINER_CREDENTIALS_FULL_URI"),
      containerTokenFile: optional("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"),
      stsEndpoint: optional("AWS_ENDPOINT_URL_STS"),
    }),
    google: Object.freeze({ tokenFile: optional("SIDEGATE_GOOGLE_TOKEN_FILE") }),
    azure: Object.freeze({
      tokenFile: optional("AZURE_FEDERATED_TOKEN_FILE"),
      tenantId: optional("AZURE_TENANT_ID"),
      clientId: optional("AZURE_CLIENT_ID"),
      authorityHost: optional("AZURE_AUTHORITY_HOST") ?? "https://login.microsoftonline.com",
    }),
  })
}
