import { beforeAll, expect, test } from "vitest"
import { objectPath } from "#operator/kube/apply.ts"
import { textAt } from "#operator/kube/json-path.ts"
import { createKubeClient, type KubeClient, loadKubeConfig } from "#operator/kube/kube-client.ts"
import { reviewToken, type TokenVerdict } from "#operator/kube/token-review.ts"
import { createNamespace } from "./namespaces.ts"
import { sharedControlPlane } from "./shared.ts"
import { type BoundPod, mintToken, signToken, tokenClaims } from "./tokens.ts"

let client: KubeClient
let namespace: string
let pod: BoundPod

beforeAll(async () => {
  const access = sharedControlPlane()
  client = createKubeClient(loadKubeConfig(access.kubeconfigPath))
  namespace = await createNamespace(access, "token-review")
  pod = await createPod("api-0")
  return () => client.close()
})

const podPath = (name: string): string =>
  objectPath({ apiVersion: "v1", plural: "pods", namespace, name })

async function createPod(name: string): Promise<BoundPod> {
  const created = await client.request({
    method: "POST",
    path: podPath(""),
    body: {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name },
      spec: { containers: [{ name: "app", image: "app:1" }] },
    },
  })
  return { name, uid: textAt(created, "metadata", "uid") ?? "" }
}
const review = (token: string): Promise<TokenVerdict> => reviewToken(client, token, "sidegate")
const now = (): number => Math.floor(Date.now() / 1000)

test("a token bound to a pod says namespace, service account, pod and uid", async () => {
  expect(await review(await mintToken(client, { namespace, pod }))).toEqual({
    kind: "accepted",
    facts: { namespace, serviceAccount: "default", pod: pod.name, podUid: pod.uid },
  })
})

test("a token signed with the server's key is as good as a minted one", async () => {
  const token = await mintToken(client, { namespace, pod })
  const again = signToken(sharedControlPlane(), token, tokenClaims(token))
  expect((await review(again)).kind).toBe("accepted")
})

const refused: readonly {
  readonly name: string
  readonly token: () => Promise<string> | string
  readonly reason: string
}[] = [
  { name: "no token", token: () => "", reason: "unauthenticated" },
  { name: "text that is no token", token: () => "abc.def.ghi", reason: "unauthenticated" },
  { name: "a token of 20 KiB", token: () => "x".repeat(20 * 1024), reason: "unauthenticated" },
  {
    name: "a token of another audience",
    token: () => mintToken(client, { namespace, pod, audiences: ["vault"] }),
    reason: "unauthenticated",
  },
  {
    name: "a token of the API server's own audience, as every pod has one",
    token: () => mintToken(client, { namespace, pod, audiences: [] }),
    reason: "unauthenticated",
  },
  {
    name: "a token that is bound to no pod",
    token: () => mintToken(client, { namespace }),
    reason: "unbound",
  },
  {
    name: "the administrator's token",
    token: () => sharedControlPlane().adminToken,
    reason: "unauthenticated",
  },
  {
    // The API server's leeway is one minute.
    name: "a token that expired two minutes ago",
    token: async () => {
      const token = await mintToken(client, { namespace, pod })
      const claims = { ...tokenClaims(token), iat: now() - 700, nbf: now() - 700, exp: now() - 120 }
      return signToken(sharedControlPlane(), token, claims)
    },
    reason: "unauthenticated",
  },
  {
    name: "a token of a pod of the same name and another uid",
    token: async () => {
      const token = await mintToken(client, { namespace, pod })
      const text = JSON.stringify(tokenClaims(token)).replaceAll(pod.uid, crypto.randomUUID())
      return signToken(sharedControlPlane(), token, JSON.parse(text))
    },
    reason: "unauthenticated",
  },
  {
    name: "a token whose signature is not the server's",
    token: async () => {
      const [header, payload] = (await mintToken(client, { namespace, pod })).split(".")
      const [, , other] = (await mintToken(client, { namespace })).split(".")
      return [header, payload, other].join(".")
    },
    reason: "unauthenticated",
  },
]
test.each(refused)("$name is refused", async ({ token, reason }) => {
  expect(await review(await token())).toEqual({ kind: "refused", reason })
})

test("the token of a pod that was deleted is refused from then on", async () => {
  const gone = await createPod("gone")
  const token = await mintToken(client, { namespace, pod: gone })
  expect((await review(token)).kind).toBe("accepted")
  const query = { gracePeriodSeconds: "0" }
  await client.request({ method: "DELETE", path: podPath("gone"), query })
  // The server's own cache of good tokens lives for ten seconds.
  const asked = performance.now()
  let verdict = await review(token)
  while (verdict.kind === "accepted" && performance.now() - asked < 60_000) {
    verdict = await review(token)
  }
  expect(verdict).toEqual({ kind: "refused", reason: "unauthenticated" })
})

test("an API server that refuses the question is an error, not a verdict", async () => {
  const controller = new AbortController()
  controller.abort()
  const token = await mintToken(client, { namespace, pod })
  await expect(reviewToken(client, token, "sidegate", controller.signal)).rejects.toMatchObject({
    code: "unreachable",
  })
})
