/**
 * The cluster as an issuer of ServiceAccount tokens: what the clouds' stand-ins trust, as a trust
 * policy, a workload identity pool and a federated credential do.
 */
import { generateKeyPairSync } from "node:crypto"
import { type Claims, makeJwt, readJwt } from "./jwt.ts"

const ISSUER = "https://oidc.cluster.example"
const SUBJECT = "system:serviceaccount:sidegate-system:sidegate-operator"

export interface ClusterIssuer {
  /** As the kubelet projects it for the operator's pod. */
  token(audience: string): string
  /** Whether `token` is the operator's, for this audience, and valid now. */
  isOperator(token: string | undefined, audience: string): boolean
}

export function createClusterIssuer(): ClusterIssuer {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 })
  const seconds = (): number => Math.floor(Date.now() / 1000)
  return {
    token: (audience) => {
      const times = { iat: seconds(), nbf: seconds(), exp: seconds() + 3600 }
      return makeJwt(privateKey, { iss: ISSUER, sub: SUBJECT, aud: [audience], ...times })
    },
    isOperator: (token, audience) => {
      const claims: Claims | undefined = readJwt(token, publicKey)
      if (claims?.["iss"] !== ISSUER || claims["sub"] !== SUBJECT) return false
      return Array.isArray(claims["aud"]) && claims["aud"].includes(audience)
    },
  }
}
