/**
 * Access tokens of Microsoft Entra, by MSAL, the library below @azure/identity: loaded when the
 * first provider asks for it, and by no other file.
 *
 * In: an application and what it is proved with. Out: a token.
 */
import {
  ConfidentialClientApplication,
  type INetworkModule,
  type NetworkRequestOptions,
  type NetworkResponse,
} from "@azure/msal-node"
import { CONTROL_JSON, parseJson } from "#proxy/contract/json.ts"
import { MintError, type MintedToken } from "./minted-token.ts"
import { SecretValue } from "./secret-value.ts"

/** A token takes up to 16 KiB of it. */
const ANSWER_BYTES_MAX = 256 * 1024

export interface EntraOptions {
  readonly authorityHost: string
  readonly tenantId: string
  readonly clientId: string
  readonly scope: string
  /** Of each of the two requests that a token takes. */
  readonly timeoutMs: number
  /** `assertion`: the token of a ServiceAccount, for audience `api://AzureADTokenExchange`. */
  readonly proof: { readonly kind: "assertion" | "secret"; readonly value: string }
}

export async function signInToEntra(options: EntraOptions): Promise<MintedToken> {
  const { authorityHost, tenantId, clientId, scope, proof } = options
  const network = new EntraNetwork(options.timeoutMs)
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
    system: { networkClient: network },
  })
  const result = await application
    .acquireTokenByClientCredential({ scopes: [scope] })
    .catch((error: unknown) => {
      throw new MintError(network.failure ?? wordsOf(error))
    })
  const expiresAt = result?.expiresOn?.getTime()
  if (typeof result?.accessToken !== "string" || expiresAt === undefined) {
    throw new MintError("the answer has no access token, or it never expires")
  }
  return { kind: "bearer", value: new SecretValue(result.accessToken), expiresAt }
}

/**
 * In place of MSAL's own, which waits for ever, would follow a redirect with the secret, and of an
 * answer that is none says nothing that helps.
 */
class EntraNetwork implements INetworkModule {
  readonly #timeoutMs: number
  /** What went wrong below Entra's own words; MSAL would tell its own. */
  failure: string | null = null

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs
  }

  sendGetRequestAsync<T>(url: string, options?: NetworkRequestOptions) {
    return this.#send<T>(url, { method: "GET", ...headersOf(options) })
  }

  sendPostRequestAsync<T>(url: string, options?: NetworkRequestOptions) {
    return this.#send<T>(url, { method: "POST", body: options?.body ?? "", ...headersOf(options) })
  }

  async #send<T>(url: string, init: RequestInit): Promise<NetworkResponse<T>> {
    const signal = AbortSignal.timeout(this.#timeoutMs)
    try {
      const answer = await fetch(url, { ...init, redirect: "manual", signal })
      const { status, headers } = answer
      const body = parseAnswer<T>(await readAnswer(answer), status)
      return { headers: Object.fromEntries(headers), body, status }
    } catch (error) {
      this.failure = error instanceof MintError ? error.message : notReached(url, error)
      throw error
    }
  }
}

function headersOf(options: NetworkRequestOptions | undefined): RequestInit {
  return options?.headers === undefined ? {} : { headers: options.headers }
}

/** Its first bytes, up to the limit: what is longer is cut, and is then no JSON. */
async function readAnswer(answer: Response): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let left = ANSWER_BYTES_MAX
  for await (const piece of answer.body ?? []) {
    pieces.push(piece.subarray(0, left))
    left -= piece.length
    if (left <= 0) break
  }
  return Buffer.concat(pieces)
}

/** Throws unless it is an object that, where it is a refusal, says why. */
function parseAnswer<T>(bytes: Uint8Array, status: number): T {
  const read = parseJson(bytes, CONTROL_JSON)
  const value: unknown = read.ok ? read.value : null
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value)
  const isTold = isObject && "error" in value && "error_description" in value
  if (!isObject || (status !== 200 && !isTold)) {
    throw new MintError(`Entra answered with status ${status} and says no more`)
  }
  return value as T
}

/** `fetch` tells only in its cause what it was. */
function notReached(url: string, error: unknown): string {
  const { host } = new URL(url)
  if (error instanceof Error && error.name === "TimeoutError") return `${host} did not answer`
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return `${host} could not be reached: ${cause instanceof Error ? cause.message : String(cause)}`
}

/** Entra's own, without the ids and times that differ each time: a status would never be steady. */
function wordsOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return /AADSTS\d+: .*?(?= Trace ID:| - Correlation ID:|$)/s.exec(text)?.[0] ?? text
}
