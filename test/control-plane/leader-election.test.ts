import { beforeAll, expect, test } from "vitest"
import { objectPath } from "#operator/kube/apply.ts"
import { at, textAt } from "#operator/kube/json-path.ts"
import {
  createKubeClient,
  type KubeClient,
  loadKubeConfig,
  parseKubeConfig,
} from "#operator/kube/kube-client.ts"
import { type LeaderElection, startLeaderElection } from "#operator/kube/leader-election.ts"
import { eventually } from "./eventually.ts"
import { startFaultProxy } from "./fault-proxy.ts"
import { createNamespace } from "./namespaces.ts"
import { sharedControlPlane } from "./shared.ts"

/** Whole seconds, since a Lease has no fractions; longer than a busy machine stands still. */
const TIMES = { leaseMs: 8_000, renewDeadlineMs: 5_000, renewMs: 400, retryMs: 200 }

let direct: KubeClient
let namespace: string

beforeAll(async () => {
  const access = sharedControlPlane()
  direct = createKubeClient(loadKubeConfig(access.kubeconfigPath))
  namespace = await createNamespace(access, "leader")
  return () => direct.close()
})

function candidate(
  name: string,
  identity: string,
  client = direct,
  fence: { readonly mayGoOn?: () => Promise<boolean> } = {},
): LeaderElection {
  return startLeaderElection({
    client,
    namespace,
    name,
    identity,
    times: TIMES,
    onFailure: () => undefined,
    ...fence,
  })
}

async function lease(name: string): Promise<unknown> {
  const place = { apiVersion: "coordination.k8s.io/v1", plural: "leases", namespace, name }
  return await direct.request({ method: "GET", path: objectPath(place) })
}

test("the second takes over at once when the first gives the lease back", async () => {
  const first = candidate("handover", "first")
  await first.acquired
  const second = candidate("handover", "second")
  const renewed = textAt(await lease("handover"), "spec", "renewTime")
  await eventually("the lease is renewed", async () => {
    return textAt(await lease("handover"), "spec", "renewTime") !== renewed
  })
  expect([first.isLeader(), second.isLeader()]).toEqual([true, false])
  await first.close()
  expect(first.isLeader()).toBe(false)
  await second.acquired
  const held = await lease("handover")
  expect(textAt(held, "spec", "holderIdentity")).toBe("second")
  expect(at(held, "spec", "leaseTransitions")).toBe(1)
  await second.close()
})

test("of many that start together exactly one leads", async () => {
  const all = Array.from({ length: 6 }, (_, index) => candidate("race", `candidate-${index}`))
  await Promise.race(all.map((one) => one.acquired))
  const holder = textAt(await lease("race"), "spec", "holderIdentity")
  expect(all.filter((one) => one.isLeader()).length).toBe(1)
  expect(all.findIndex((one) => one.isLeader())).toBe(Number(holder?.replace("candidate-", "")))
  await Promise.all(all.map((one) => one.close()))
})

test("a leader that is cut off says so before another leads", async () => {
  const proxy = await startFaultProxy(sharedControlPlane())
  const cutOff = createKubeClient(parseKubeConfig(proxy.kubeconfig))
  const first = candidate("partition", "first", cutOff)
  await first.acquired
  const second = candidate("partition", "second")
  const order: string[] = []
  const told = Promise.all([
    first.lost.then(() => order.push("first lost")),
    second.acquired.then(() => order.push("second acquired")),
  ])
  proxy.onRequest = () => ({ kind: "silence" })
  proxy.cutAll()
  expect((await first.lost).reason).toBe("could not renew the lease for 5000 ms")
  expect(first.isLeader()).toBe(false)
  await told
  expect(order).toEqual(["first lost", "second acquired"])
  await Promise.all([first.close(), second.close()])
  cutOff.close()
  await proxy.stop()
})

test("a leader renews with one request each time, and makes a lease that is gone anew", async () => {
  const proxy = await startFaultProxy(sharedControlPlane())
  const watched = createKubeClient(parseKubeConfig(proxy.kubeconfig))
  const leader = candidate("renewals", "leader", watched)
  await leader.acquired
  await eventually("three renewals", () => proxy.seen.length >= 5)
  const methods = proxy.seen.map(({ method }) => method)
  expect(methods.slice(0, 5)).toEqual(["GET", "POST", "PUT", "PUT", "PUT"])
  const place = { apiVersion: "coordination.k8s.io/v1", plural: "leases", namespace }
  await direct.request({ method: "DELETE", path: objectPath({ ...place, name: "renewals" }) })
  await eventually("the lease is there again", async () => {
    return textAt(await lease("renewals").catch(() => null), "spec", "holderIdentity") === "leader"
  })
  expect(leader.isLeader()).toBe(true)
  await leader.close()
  watched.close()
  await proxy.stop()
})

test("a leader that is cut off goes on while the fence is its own, and stops when it is not", async () => {
  const proxy = await startFaultProxy(sharedControlPlane())
  const cutOff = createKubeClient(parseKubeConfig(proxy.kubeconfig))
  let [isOwn, asked] = [true, 0]
  const mayGoOn = async () => {
    asked++
    return isOwn
  }
  const first = candidate("fenced", "first", cutOff, { mayGoOn })
  await first.acquired
  proxy.onRequest = () => ({ kind: "silence" })
  proxy.cutAll()
  await eventually("the fence was asked again and again", () => asked >= 3)
  expect(first.isLeader()).toBe(true)
  // It is back in time: nobody took the lease, and it is renewed as if nothing had been.
  const before = textAt(await lease("fenced"), "spec", "renewTime")
  proxy.onRequest = () => null
  await eventually("the lease is renewed", async () => {
    return textAt(await lease("fenced"), "spec", "renewTime") !== before
  })
  expect(at(await lease("fenced"), "spec", "leaseTransitions")).toBe(0)
  const askedBefore = asked
  proxy.onRequest = () => ({ kind: "silence" })
  proxy.cutAll()
  isOwn = false
  expect((await first.lost).reason).toBe(
    "could not renew the lease for 5000 ms, and the ledger is another leader's",
  )
  expect(asked).toBe(askedBefore + 1)
  await first.close()
  cutOff.close()
  await proxy.stop()
})

test("a leader whose lease another holds stops at its next look", async () => {
  const first = candidate("stolen", "first")
  await first.acquired
  const path = objectPath({
    apiVersion: "coordination.k8s.io/v1",
    plural: "leases",
    namespace,
    name: "stolen",
  })
  await direct.request({
    method: "PATCH",
    path,
    contentType: "application/merge-patch+json",
    body: { spec: { holderIdentity: "thief" } },
  })
  expect((await first.lost).reason).toBe("thief holds the lease")
  await first.close()
  expect(textAt(await lease("stolen"), "spec", "holderIdentity")).toBe("thief")
})
