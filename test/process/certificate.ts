/** A self-signed certificate for 127.0.0.1, as files: what test servers with TLS need. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { generate } from "selfsigned"

export interface CertificateFiles {
  /** Also the root to trust. */
  readonly certificateFile: string
  readonly keyFile: string
  readonly cert: string
  readonly key: string
}

/** Good for a day, for `127.0.0.1` and `localhost`. */
export async function writeCertificate(directory: string): Promise<CertificateFiles> {
  const made = await generate([{ name: "commonName", value: "sidegate test" }], {
    keyType: "ec",
    curve: "P-256",
    notBeforeDate: new Date(Date.now() - 60_000),
    notAfterDate: new Date(Date.now() + 86_400_000),
    extensions: [
      { name: "basicConstraints", cA: true },
      {
        name: "subjectAltName",
        altNames: [
          { type: 7, ip: "127.0.0.1" },
          { type: 2, value: "localhost" },
        ],
      },
    ],
  })
  const certificateFile = join(directory, "operator.pem")
  const keyFile = join(directory, "operator.key")
  writeFileSync(certificateFile, made.cert)
  writeFileSync(keyFile, made.private, { mode: 0o600 })
  return { certificateFile, keyFile, cert: made.cert, key: made.private }
}
