/**
 * The real proxy as a process, told to dial any port as if it were the operator's.
 *
 * In: an address with a token and the roots to trust. Out: the program, its ports and what it says
 * of its configuration.
 */

import { writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import type { SidecarAddress } from "#test/control-plane/raw-sidecar.ts"
import { freePorts, temporaryDirectory } from "#test/process/places.ts"
import { type Program, startProgram } from "#test/process/program.ts"
import { waitForHttp } from "#test/process/wait-until.ts"

export interface ProxyProcess {
  readonly program: Program
  readonly url: string
  /** Resolves once a Snapshot is in force. */
  ready(): Promise<void>
  /** `x-sidegate-config` of an answer: `term.generation`, or null without a configuration. */
  configVersion(): Promise<string | null>
  /** Of `/metrics`; undefined when there is no such sample. */
  metric(sample: string): Promise<number | undefined>
}

const MAIN = fileURLToPath(new URL("../../proxy/main.ts", import.meta.url))

export async function startProxy(address: SidecarAddress): Promise<ProxyProcess> {
  const [port = 0, opsPort = 0] = await freePorts(2)
  const directory = temporaryDirectory("proxy")
  const [caFile, tokenFile] = [`${directory}/ca.crt`, `${directory}/token`]
  writeFileSync(caFile, address.ca)
  writeFileSync(tokenFile, address.token, { mode: 0o600 })
  const program = await startProgram({
    name: "proxy",
    args: [MAIN],
    env: {
      SIDEGATE_OPERATOR_URL: `https://127.0.0.1:${address.port}`,
      SIDEGATE_OPERATOR_CA_FILE: caFile,
      SIDEGATE_OPERATOR_SERVER_NAME: address.serverName,
      SIDEGATE_TOKEN_FILE: tokenFile,
      SIDEGATE_STATE_DIR: temporaryDirectory("proxy-state"),
      SIDEGATE_JOURNAL_DIR: temporaryDirectory("proxy-journal"),
      SIDEGATE_PORT: String(port),
      SIDEGATE_OPS_PORT: String(opsPort),
    },
  })
  const url = `http://127.0.0.1:${port}`
  const opsUrl = `http://127.0.0.1:${opsPort}`
  return {
    program,
    url,
    ready: () => waitForHttp(`${opsUrl}/readyz`, 200, 60_000),
    configVersion: async () => {
      const answer = await fetch(`${url}/v1/models`)
      await answer.body?.cancel()
      return answer.headers.get("x-sidegate-config")
    },
    metric: async (sample) => {
      const text = await (await fetch(`${opsUrl}/metrics`)).text()
      const line = text.split("\n").find((one) => one.startsWith(`${sample} `))
      return line === undefined ? undefined : Number(line.slice(sample.length + 1))
    },
  }
}
