/**
 * The webhook's certificate as files, which the kubelet keeps up to date from a mounted Secret.
 *
 * In    a folder with `tls.crt`, `tls.key` and `ca.crt`. Out: the pair to serve with, again when it
 *       changes. The webhook needs no access to the API server for it, and so has none
 *       (`docs/decisions/0010`). Must not know who made it.
 */
import { createPrivateKey, X509Certificate } from "node:crypto"
import { readFile } from "node:fs/promises"
import { join } from "node:path"

/** PEM texts; `cert` may carry the chain. */
export interface KeyPair {
  readonly cert: string
  readonly key: string
}

export interface FileCertificate extends KeyPair {
  /** PEM of the roots that vouch for it. */
  readonly roots: string
  readonly notAfterMs: number
}

export type ReadCertificate =
  | { readonly ok: true; readonly certificate: FileCertificate }
  | { readonly ok: false; readonly message: string }

/**
 * The three files must fit each other, or the message says which does not. They are replaced
 * together, but read one after the other: a misfit in between is gone at the next look.
 */
export async function readCertificate(folder: string): Promise<ReadCertificate> {
  const texts: string[] = []
  for (const name of ["tls.crt", "tls.key", "ca.crt"]) {
    try {
      texts.push(await readFile(join(folder, name), "utf8"))
    } catch {
      return { ok: false, message: `${join(folder, name)} cannot be read` }
    }
  }
  const [cert = "", key = "", roots = ""] = texts
  const leaf = parse(cert)
  if (leaf === null) return { ok: false, message: "tls.crt is not a certificate in PEM form" }
  if (parse(roots) === null)
    return { ok: false, message: "ca.crt is not a certificate in PEM form" }
  if (!isKeyOf(leaf, key)) return { ok: false, message: "tls.key is not the key of tls.crt" }
  return { ok: true, certificate: { cert, key, roots, notAfterMs: leaf.validToDate.getTime() } }
}

function parse(text: string): X509Certificate | null {
  try {
    return new X509Certificate(text)
  } catch {
    return null
  }
}

function isKeyOf(leaf: X509Certificate, key: string): boolean {
  try {
    return leaf.checkPrivateKey(createPrivateKey(key))
  } catch {
    return false
  }
}
