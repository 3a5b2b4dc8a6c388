/** JSON Web Tokens with RS256, for tests: made, and checked as an issuer's relying party does. */
import { createSign, createVerify, type KeyObject } from "node:crypto"

export type Claims = Readonly<Record<string, unknown>>

export function makeJwt(privateKey: KeyObject, claims: Claims): string {
  const head = encode({ alg: "RS256", typ: "JWT" })
  const body = encode(claims)
  const signature = createSign("RSA-SHA256").update(`${head}.${body}`).sign(privateKey)
  return `${head}.${body}.${signature.toString("base64url")}`
}

/** Undefined when it is none, its signature is wrong, or it is not valid now. */
export function readJwt(token: string | undefined, publicKey: KeyObject): Claims | undefined {
  const [head = "", body = "", signature = ""] = (token ?? "").split(".")
  const verify = createVerify("RSA-SHA256").update(`${head}.${body}`)
  if (!verify.verify(publicKey, Buffer.from(signature, "base64url"))) return undefined
  const { alg } = decode(head)
  const claims = decode(body)
  const seconds = Date.now() / 1000
  const { iat, exp } = claims
  if (alg !== "RS256" || typeof exp !== "number" || exp < seconds) return undefined
  return typeof iat === "number" && iat <= seconds + 60 ? claims : undefined
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url")
}

function decode(text: string): Claims {
  return JSON.parse(Buffer.from(text, "base64url").toString("utf8")) as Claims
}
