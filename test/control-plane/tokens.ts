/**
 * Service account tokens: minted by TokenRequest, or signed here with the test server's own key.
 */
import { createSign } from "node:crypto"
import { readFileSync } from "node:fs"
import { textAt } from "#operator/kube/json-path.ts"
import type { KubeClient } from "#operator/kube/kube-client.ts"
import type { ControlPlaneAccess } from "./control-plane.ts"

export interface BoundPod {
  readonly name: string
  readonly uid: string
}

export interface MintOptions {
  readonly namespace: string
  readonly serviceAccount?: string
  /** `sidegate` when left out; an empty list asks for the API server's own audience. */
  readonly audiences?: readonly string[]
  readonly pod?: BoundPod
}

/** A token as the kubelet gets it for a projected volume; no kubelet is needed for that. */
export async function mintToken(client: KubeClient, options: MintOptions): Promise<string> {
  const { namespace, serviceAccount = "default", audiences = ["sidegate"], pod } = options
  const boundObjectRef = { kind: "Pod", apiVersion: "v1", ...pod }
  const answer = await client.request({
    method: "POST",
    path: `/api/v1/namespaces/${namespace}/serviceaccounts/${serviceAccount}/token`,
    body: {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      spec: {
        audiences,
        expirationSeconds: 600,
        ...(pod === undefined ? {} : { boundObjectRef }),
      },
    },
  })
  const token = textAt(answer, "status", "token")
  if (token === undefined) throw new Error("the TokenRequest came back without a token")
  return token
}

/** The claims of a token, to change and sign again. */
export function tokenClaims(token: string): Readonly<Record<string, unknown>> {
  const payload = Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8")
  return JSON.parse(payload) as Record<string, unknown>
}

/**
 * Signs `claims` with the key of the test server, as it would itself: for tokens that it does not
 * mint.
 */
export function signToken(
  access: ControlPlaneAccess,
  like: string,
  claims: Readonly<Record<string, unknown>>,
): string {
  const [header] = like.split(".")
  const payload = Buffer.from(JSON.stringify(claims)).toString("base64url")
  const signer = createSign("RSA-SHA256").update(`${header}.${payload}`)
  const signature = signer.sign(readFileSync(access.serviceAccountKeyPath), "base64url")
  return `${header}.${payload}.${signature}`
}
