/** What the real API server says of an object: a dry-run create with strict field validation. */
import { readFileSync } from "node:fs"
import https from "node:https"
import { KINDS } from "#operator/api/v1alpha1/registry.ts"
import { at, listAt, textAt } from "#operator/kube/json-path.ts"
import type { ControlPlaneAccess } from "#test/control-plane/control-plane.ts"
import type { SampleObject } from "./sample.ts"

export interface ServerVerdict {
  readonly status: number
  /** As kubectl prints them, `path: message`, sorted; empty for an object that was accepted. */
  readonly lines: readonly string[]
}

export function createAsker(
  access: ControlPlaneAccess,
  namespace: string,
): { ask(object: SampleObject): Promise<ServerVerdict>; close(): void } {
  const agent = new https.Agent({ keepAlive: true, maxSockets: 4, ca: readFileSync(access.caPath) })
  return {
    ask: async (object) => {
      const { status, body } = await post(access, agent, pathOf(object, namespace), object)
      return { status, lines: status < 300 ? [] : complaints(body) }
    },
    close: () => agent.destroy(),
  }
}

function pathOf(object: SampleObject, namespace: string): string {
  const definition = KINDS.find(({ kind }) => kind === object.kind)
  const place = definition?.scope === "Namespaced" ? `/namespaces/${namespace}` : ""
  const collection = `/apis/sidegate.dev/v1alpha1${place}/${definition?.plural}`
  return `${collection}?dryRun=All&fieldValidation=Strict`
}

/**
 * Causes of an invalid object, the list of a strict decoding error, or the field that could not be
 * decoded.
 */
function complaints(body: unknown): readonly string[] {
  const causes = listAt(body, "details", "causes")
  if (causes.length > 0) {
    return causes
      .map((cause) => `${textAt(cause, "field")}: ${textAt(cause, "message")}`)
      .filter((line) => !line.includes("some validation rules were not checked"))
      .sort()
  }
  const message = textAt(body, "message") ?? JSON.stringify(at(body))
  const [, map] = /json: cannot unmarshal .* ObjectMeta\.(\w+) of type string$/.exec(message) ?? []
  if (map !== undefined) return [`metadata.${map}: ${message}`]
  const [, strict] = /strict decoding error: (.*)$/s.exec(message) ?? []
  return strict === undefined ? [message] : strict.split(", ").sort()
}

function post(
  access: ControlPlaneAccess,
  agent: https.Agent,
  path: string,
  object: unknown,
): Promise<{ readonly status: number; readonly body: unknown }> {
  return new Promise((resolve, reject) => {
    const request = https.request(`${access.url}${path}`, {
      method: "POST",
      agent,
      headers: { authorization: `Bearer ${access.adminToken}`, "content-type": "application/json" },
    })
    request.on("error", reject)
    request.on("response", (response) => {
      const chunks: Buffer[] = []
      response.on("data", (chunk: Buffer) => chunks.push(chunk))
      response.on("error", reject)
      response.on("end", () => {
        const body: unknown = JSON.parse(Buffer.concat(chunks).toString("utf8"))
        resolve({ status: response.statusCode ?? 0, body })
      })
    })
    request.end(JSON.stringify(object))
  })
}
