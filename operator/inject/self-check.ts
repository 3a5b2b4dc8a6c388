/**
 * Asks our own webhook as the API server would: over TLS, by its name, with a pod.
 *
 * Readiness rests on it: a webhook that listens with a certificate nobody can verify would look
 * ready and inject nothing. In: port, name, roots. Out: null, or what is wrong in words.
 */
import { request } from "node:https"
import { parseJson } from "#proxy/contract/json.ts"
import { fieldOf } from "./pod.ts"

export interface SelfCheckTarget {
  readonly host: string
  readonly port: number
  /** Must be in the certificate. */
  readonly serverName: string
  readonly roots: string
}

const WITHIN_MS = 2000
const ANSWER_LIMITS = Object.freeze({ bytesMax: 65_536, depthMax: 16, tokensMax: 1000 })
/** Such reviews are not counted. */
export const SELF_CHECK_UID = "self-check"
const REVIEW = JSON.stringify({
  apiVersion: "admission.k8s.io/v1",
  kind: "AdmissionReview",
  request: {
    uid: SELF_CHECK_UID,
    kind: { group: "", version: "v1", kind: "Pod" },
    operation: "CREATE",
    dryRun: true,
    object: { metadata: {}, spec: { containers: [{ name: "self-check", image: "none" }] } },
  },
})

export async function checkSelf(target: SelfCheckTarget): Promise<string | null> {
  try {
    const { status, body } = await ask(target)
    const parsed = parseJson(body, ANSWER_LIMITS)
    const response = parsed.ok ? fieldOf(parsed.value, "response") : undefined
    const isGood =
      fieldOf(response, "uid") === SELF_CHECK_UID && fieldOf(response, "patch") !== undefined
    return isGood ? null : `the webhook answered itself with ${status} and no patch`
  } catch (error) {
    return `the webhook cannot be asked: ${error instanceof Error ? error.message : String(error)}`
  }
}

function ask({ host, port, serverName, roots }: SelfCheckTarget) {
  return new Promise<{ readonly status: number; readonly body: Buffer }>((resolve, reject) => {
    const outgoing = request(
      {
        host,
        port,
        servername: serverName,
        ca: roots,
        method: "POST",
        path: "/inject/enabled",
        agent: false,
        timeout: WITHIN_MS,
        headers: { "content-type": "application/json", "content-length": REVIEW.length },
      },
      (response) => {
        const chunks: Buffer[] = []
        response.on("data", (chunk: Buffer) => chunks.push(chunk))
        response.on("error", reject)
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }),
        )
      },
    )
    outgoing.on("timeout", () => outgoing.destroy(new Error(`no answer within ${WITHIN_MS} ms`)))
    outgoing.on("error", reject)
    outgoing.end(REVIEW)
  })
}
