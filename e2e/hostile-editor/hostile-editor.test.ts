import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { at, listAt } from "#operator/kube/json-path.ts"
import { applyFresh, ask, field, kubectl, remove, said, until } from "../cluster.ts"
import { type CopiedPod, copyPod, withSidecar, withSpec } from "../copied-pod.ts"

const MANIFEST = "e2e/hostile-editor/namespace.yaml"
const N = ["-n", "e2e-edited"] as const
const MALLORY = ["--as=mallory", "--as-group=system:authenticated", ...N] as const

beforeAll(async () => {
  await applyFresh(MANIFEST)
  await until("the pod is served", () => ask("e2e-edited", "pod/app") !== "")
  await until("she may edit", () => mallory("auth", "can-i", "create", "pods") === "yes")
})
afterAll(() => remove(MANIFEST))

const mallory = (...args: readonly string[]) => said("kubectl", [...MALLORY, ...args])
const makes = (object: object) =>
  said("kubectl", [...MALLORY, "create", "--dry-run=server", "-f", "-"], JSON.stringify(object))

/** What the policy said; the whole text when it said nothing. */
function refusedBy(policy: string, text: string): string {
  const name = `${policy}.sidegate.dev`
  const mark = `ValidatingAdmissionPolicy '${name}' with binding '${name}' denied request: `
  return text.includes(mark) ? (text.split(mark)[1] ?? "").trim() : text
}

const NOBODY =
  "nobody may run a command in container sidegate-proxy or attach to it; it holds provider keys"

describe("a namespace's editor, of a running sidecar,", () => {
  test.each([
    ["exec", "app", "-c", "sidegate-proxy", "--", "/usr/local/bin/node", "-p", "1"],
    ["attach", "app", "-c", "sidegate-proxy"],
    ["cp", "app:/var/lib/sidegate/state/credentials.json", "/dev/null", "-c", "sidegate-proxy"],
  ])("gets nothing by %s", (...args) => {
    expect(refusedBy("exec", mallory(...args))).toBe(NOBODY)
  })

  test("runs commands in the application all the same", () => {
    expect(mallory("exec", "app", "-c", "ask", "--", "node", "-p", "40 + 2")).toBe("42")
  })

  const look = `
    const { existsSync, readdirSync, readFileSync } = require("fs")
    const processes = readdirSync("/proc").filter((name) => /^\\d+$/.test(name))
    const titles = processes.map((pid) => readFileSync("/proc/" + pid + "/cmdline", "utf8"))
    const roots = processes.filter((pid) => existsSync("/proc/" + pid + "/root/var/lib/sidegate"))
    console.log(JSON.stringify({ others: titles.filter((one) => !one.includes("existsSync")), roots }))`
  const debug = (target: string, name: string) =>
    mallory(
      ...["debug", "app", "--profile=general", "--image=sidegate-example:0.1.0"],
      ...["--image-pull-policy=IfNotPresent", `--target=${target}`, "-c", name],
      ...["--", "/usr/local/bin/node", "-e", look],
    )

  test("puts no container beside its process", () => {
    expect(refusedBy("ephemeral-containers", debug("sidegate-proxy", "beside"))).toBe(
      "no ephemeral container may target container sidegate-proxy; it holds provider keys",
    )
  })

  test("puts one beside the application, which sees the application and no sidecar", async () => {
    debug("ask", "look")
    const line = await until("it has looked", () => {
      const log = kubectl(...N, "logs", "app", "-c", "look").trim()
      return log.startsWith("{") ? log : undefined
    })
    const seen: unknown = JSON.parse(line)
    expect(at(seen, "roots")).toEqual([])
    expect(listAt(seen, "others")).toEqual(["/usr/local/bin/node\0/app/main.mjs\0"])
  })

  test("reads its log, and no token or key is in it", () => {
    const log = mallory("logs", "app", "-c", "sidegate-proxy")
    expect(log).toContain('"level"')
    expect(log).not.toMatch(/eyJ[\w-]{8}|Bearer/)
  })
})

const POLICY_MESSAGES = {
  image: /^the image of container sidegate-proxy is none of sidegate-proxy:0\.1\.0/,
  command: /^container sidegate-proxy must have no command, args or lifecycle$/,
  env: /^container sidegate-proxy must have the environment that injection gives it, and no other$/,
  file: /^container sidegate-proxy must have no terminationMessagePath of its own$/,
  roots: /^volume sidegate-ca of a pod with a sidecar must be ConfigMap sidegate-ca as it is$/,
  mounted: /^a volume of the sidecar, or with a token of audience sidegate, is mounted in another/,
  processes: /^spec\.shareProcessNamespace opens the sidecar to the other containers;/,
} as const

describe("a namespace's editor makes", () => {
  const evil = { name: "SIDEGATE_OPERATOR_URL", value: "https://mallory.e2e-edited.svc:8443" }
  const into = (pod: CopiedPod, name: string) =>
    withSpec(pod, {
      containers: listAt(pod, "spec", "containers").map((one) => ({
        ...Object(one),
        volumeMounts: [{ name, mountPath: "/look" }],
      })),
    })
  const volumes = (pod: CopiedPod) => listAt(pod, "spec", "volumes")
  const projected = (source: object) => ({ projected: { sources: [source] } })

  test("a copy of the pod as it is", () => {
    expect(makes(copyPod("e2e-edited", "app", "copy"))).toBe("pod/copy created (server dry run)")
  })

  test.each<{ name: string; of: (pod: CopiedPod) => CopiedPod; want: RegExp }>([
    {
      name: "another image",
      of: (pod) => withSidecar(pod, { image: "sidegate-example:0.1.0" }),
      want: POLICY_MESSAGES.image,
    },
    {
      name: "a command",
      of: (pod) => withSidecar(pod, { command: ["/usr/local/bin/node", "-p", "1"] }),
      want: POLICY_MESSAGES.command,
    },
    {
      name: "arguments",
      of: (pod) => withSidecar(pod, { args: ["--inspect"] }),
      want: POLICY_MESSAGES.command,
    },
    {
      name: "a hook",
      of: (pod) => withSidecar(pod, { lifecycle: { preStop: { exec: { command: ["x"] } } } }),
      want: POLICY_MESSAGES.command,
    },
    {
      name: "another operator",
      of: (pod) => withSidecar(pod, { env: [evil] }),
      want: POLICY_MESSAGES.env,
    },
    {
      name: "the keys' file shown in the status",
      of: (pod) =>
        withSidecar(pod, {
          terminationMessagePath: "/var/lib/sidegate/state/credentials.json.tmp",
        }),
      want: POLICY_MESSAGES.file,
    },
    {
      name: "roots of her own, and her own host for the operator",
      of: (pod) =>
        withSpec(pod, {
          hostAliases: [{ ip: "192.0.2.9", hostnames: ["sidegate-operator.sidegate-system.svc"] }],
          volumes: volumes(pod).map((one) =>
            at(one, "name") === "sidegate-ca"
              ? { name: "sidegate-ca", ...projected({ configMap: { name: "mine" } }) }
              : one,
          ),
        }),
      want: POLICY_MESSAGES.roots,
    },
    {
      name: "the sidecar's token in the application",
      of: (pod) => into(pod, "sidegate-token"),
      want: POLICY_MESSAGES.mounted,
    },
    {
      name: "the sidecar's keys in the application",
      of: (pod) => into(pod, "sidegate-state"),
      want: POLICY_MESSAGES.mounted,
    },
    {
      name: "a token of the audience of its own",
      of: (pod) => {
        const source = { serviceAccountToken: { audience: "sidegate", path: "token" } }
        const mine = { name: "mine", ...projected(source) }
        return into(withSpec(pod, { volumes: [...volumes(pod), mine] }), "mine")
      },
      want: POLICY_MESSAGES.mounted,
    },
    {
      name: "processes shared with the sidecar",
      of: (pod) => withSpec(pod, { shareProcessNamespace: true }),
      want: POLICY_MESSAGES.processes,
    },
  ])("no pod with $name", ({ of, want }) => {
    const pod = of(copyPod("e2e-edited", "app", "copy"))
    expect(refusedBy("pods", makes(pod)).split("\n")[0]).toMatch(want)
  })

  test("no copy for debugging whose sidecar runs something else", () => {
    const text = mallory(
      ...["debug", "app", "--copy-to=copy", "--container=sidegate-proxy"],
      ...["--", "/usr/local/bin/node", "-p", "1"],
    )
    // In this namespace injection puts the copy's sidecar right; either way nothing else runs.
    const copied = field(".spec.initContainers[0].command", "pod/copy", ...N, "--ignore-not-found")
    expect([text.includes("denied request"), copied]).toContainEqual("")
    mallory("delete", "pod", "copy", "--ignore-not-found", "--wait=false")
  })

  test("no token for a sidecar", () => {
    const bound = ["--bound-object-kind", "Pod", "--bound-object-name", "app"]
    const text = mallory("create", "token", "default", "--audience", "sidegate", ...bound)
    expect(refusedBy("tokens", text)).toBe(
      "only nodes may mint tokens of audience sidegate, for the sidecars of their pods",
    )
  })

  test("no change of the roots that sidecars trust", () => {
    const patch = '{"data":{"ca.crt":"mine"}}'
    expect(refusedBy("roots", mallory("patch", "configmap", "sidegate-ca", "-p", patch))).toBe(
      "only the operator and those who may update TeamQuotas may write ConfigMap sidegate-ca",
    )
  })

  test("no route that serves other namespaces", () => {
    const rules = [{ name: "all", backends: [{ provider: "e2e-edited" }] }]
    const route = {
      apiVersion: "sidegate.dev/v1alpha1",
      kind: "AIRoute",
      metadata: { name: "all", namespace: "e2e-edited" },
      spec: { models: ["other"], rules, namespaces: { from: "All" } },
    }
    expect(refusedBy("shared-routes", makes(route))).toBe(
      "spec.namespaces is for AIRoutes in namespace sidegate-system; " +
        "others serve their own namespace",
    )
  })

  test.each([
    ["label", "namespace", "e2e-edited", "sidegate.dev/team=rich"],
    ["annotate", "namespace", "e2e-edited", "sidegate.dev/use-cases=all"],
    ["get", "secrets", "-n", "sidegate-system"],
    ["patch", "aiprovider", "e2e-edited", "--type=merge", "-p", '{"spec":{"disabled":true}}'],
    ["patch", "teamquota", "any", "--type=merge", "-p", '{"spec":{}}'],
  ])("nothing that is the platform team's: %s %s", (...args) => {
    expect(mallory(...args)).toMatch(/^Error from server \(Forbidden\): .*User "mallory" cannot/)
  })
})
