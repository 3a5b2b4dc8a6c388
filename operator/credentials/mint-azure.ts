/**
 * Access tokens of Microsoft Entra, by MSAL, the library below @azure/identity: loaded when the
 * first provider asks for it, and by no other file.
 *
 * In: an application and what it is proved with. Out: a token.
 */
import { ConfidentialClientApplication } from "@azure/msal-node"
import { MintError, type MintedToken } from "./minted-token.ts"
import { SecretValue } from "./secret-value.ts"

export interface EntraOptions {
  readonly authorityHost: string
  readonly tenantId: string
  readonly clientId: string
  readonly scope: string
  /** `assertion`: the token of a ServiceAccount, for audience `api://AzureADTokenExchange`. */
  readonly proof: { readonly kind: "assertion" | "secret"; readonly value: string }
}

export async function signInToEntra(options: EntraOptions): Promise<MintedToken> {
  const { authorityHost, tenantId, clientId, scope, proof } = options
  const authority = new URL(tenantId, authorityHost.replace(/\/?$/, "/"))
  const application = new ConfidentialClientApplication({
    auth: {
      clientId,
      authority: authority.href,
      // It is the operator's own setting: nobody else need be asked whether it is one.
      knownAuthorities: [authority.host],
      ...(proof.kind === "secret"
        ? { clientSecret: proof.value }
        : { clientAssertion: proof.value }),
    },
  })
  const result = await application
    .acquireTokenByClientCredential({ scopes: [scope] })
    .catch((error: unknown) => {
      throw new MintError(wordsOf(error))
    })
  const expiresAt = result?.expiresOn?.getTime()
  if (result === null || expiresAt === undefined) {
    throw new MintError("the answer has no access token, or it never expires")
  }
  return { kind: "bearer", value: new SecretValue(result.accessToken), expiresAt }
}

/** Entra's own, without the ids and times that differ each time: a status would never be steady. */
function wordsOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return /AADSTS\d+: .*?(?= Trace ID:| - Correlation ID:|$)/s.exec(text)?.[0] ?? text
}
