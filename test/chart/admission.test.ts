/**
 * The chart's admission policies on a real API server: what is refused, with which words, and what
 * passes.
 */

import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { beforeAll, describe, expect, test } from "vitest"
import { parseAllDocuments } from "yaml"
import { at, listAt } from "#operator/kube/json-path.ts"
import { kubectl } from "#test/control-plane/control-plane.ts"
import { applyCrds, applyObjects, createNamespace } from "#test/control-plane/namespaces.ts"
import { soon } from "#test/control-plane/operator-process.ts"
import { sharedControlPlane } from "#test/control-plane/shared.ts"
import { injected, injectedPod, withSidecar, withSpec } from "./injected-pod.ts"
import { NAMESPACE, type Rendered, render } from "./render.ts"

const PREVIOUS = "registry.example/sidegate-proxy:0.0.9"
const OLDER = "registry.example/sidegate-proxy:0.0.8"
const NODE = "node-a"
const APP = { name: "app", image: "registry.example/app:1" }
const TOKEN_VOLUME = {
  name: "mine",
  projected: { sources: [{ serviceAccountToken: { audience: "sidegate", path: "token" } }] },
}

/** Who asks; groups as the API server gives them. */
const ACTORS = {
  editor: ["--as=editor", "--as-group=system:authenticated"],
  tenant: ["--as=tenant", "--as-group=system:authenticated"],
  platform: ["--as=platform", "--as-group=system:authenticated"],
  node: [`--as=system:node:${NODE}`, "--as-group=system:nodes", "--as-group=system:authenticated"],
} as const
type Actor = keyof typeof ACTORS

const access = sharedControlPlane()
let rendered: Rendered
let namespace: string

/** What kubectl prints, output and error together. */
async function run(actor: Actor, args: readonly string[], object?: unknown): Promise<string> {
  const input = object === undefined ? undefined : JSON.stringify(object)
  const { stdout, stderr } = await kubectl(access, [...ACTORS[actor], ...args], input)
  return `${stdout}${stderr}`.trim()
}

function dryRun(actor: Actor, object: unknown): Promise<string> {
  return run(actor, ["-n", namespace, "create", "--dry-run=server", "-f", "-"], object)
}

/** The words of the policy that refused, or null when none did. */
function refusedBy(policy: string, said: string): string | null {
  const name = `${policy}.sidegate.dev`
  const mark = `ValidatingAdmissionPolicy '${name}' with binding '${name}' denied request: `
  return said.includes(mark) ? said.slice(said.indexOf(mark) + mark.length) : null
}

beforeAll(async () => {
  rendered = await render({ admissionPolicies: { previousProxyImages: [PREVIOUS] } })
  namespace = await createNamespace(access, "tenant")
  await applyCrds(access)
  // Pods of the release before this one, and of an older one, are there already.
  for (const [name, image] of [
    ["injected", at(listAt(injectedPod(rendered, "x"), "spec", "initContainers")[0], "image")],
    ["previous", PREVIOUS],
    ["older", OLDER],
  ] as const) {
    const pod = withSidecar(injectedPod(rendered, name), { image })
    const labels = { app: name }
    const metadata = { ...Object(at(pod, "metadata")), namespace, labels }
    const placed = withSpec({ ...Object(pod), metadata }, { nodeName: NODE })
    await applyObjects(access, [placed as object])
  }
  await applyObjects(access, [
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "Role",
      metadata: { name: "everything", namespace },
      rules: [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }],
    },
    {
      ...BINDING("editor"),
      metadata: { name: "editor", namespace },
      roleRef: { ...ROLE, kind: "Role", name: "everything" },
    },
    ...["tenant", "platform"].map((user) => ({
      ...BINDING(user),
      kind: "ClusterRoleBinding",
      metadata: { name: `chart-${user}` },
      roleRef: { ...ROLE, name: `chart-${user}` },
    })),
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: "chart-tenant" },
      rules: NAMESPACE_RULES,
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: "chart-platform" },
      rules: [...NAMESPACE_RULES, ...QUOTA_RULES],
    },
    { apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE } },
  ])
  const policies = [...rendered.values()].filter((object) =>
    String(at(object, "kind")).startsWith("ValidatingAdmissionPolicy"),
  )
  expect(policies).toHaveLength(16)
  await applyObjects(access, policies as object[])
  const bad = withSidecar(injectedPod(rendered, "canary"), { image: OLDER })
  await soon("the policies are in force", async () =>
    refusedBy("pods", await dryRun("editor", bad)) === null ? undefined : true,
  )
})

const ROLE = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole" }
const BINDING = (user: string) => ({
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "RoleBinding",
  subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: user }],
})
const NAMESPACE_RULES = [
  {
    apiGroups: [""],
    resources: ["namespaces", "namespaces/status", "namespaces/finalize"],
    verbs: ["create", "get", "patch", "update"],
  },
  { apiGroups: ["sidegate.dev"], resources: ["airoutes"], verbs: ["create", "get", "patch"] },
]
const QUOTA_RULES = [{ apiGroups: ["sidegate.dev"], resources: ["teamquotas"], verbs: ["update"] }]

describe("tokens of sidecars", () => {
  const mint = (actor: Actor, ...args: readonly string[]) =>
    run(actor, ["-n", namespace, "create", "token", "default", ...args])
  const bound = ["--bound-object-kind", "Pod", "--bound-object-name", "injected"]
  const refused = "only nodes may mint tokens of audience sidegate, for the sidecars of their pods"

  test.each([
    { name: "for no object", args: ["--audience", "sidegate"] },
    { name: "bound to an injected pod", args: ["--audience", "sidegate", ...bound] },
    { name: "among other audiences", args: ["--audience", "vault", "--audience", "sidegate"] },
  ])("a namespace's administrator mints none $name", async ({ args }) => {
    expect(refusedBy("tokens", await mint("editor", ...args))).toBe(refused)
  })

  test.each([
    { name: "an administrator mints tokens of other audiences", actor: "editor", args: ["vault"] },
    { name: "a node mints them for its pods", actor: "node", args: ["sidegate", ...bound] },
  ] as const)("$name", async ({ actor, args }) => {
    const [audience = "", ...more] = args
    expect(await mint(actor, "--audience", audience, ...more)).toMatch(
      /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/,
    )
  })

  test("a token of no audience is the API server's own", async () => {
    expect(await mint("editor")).toMatch(/^eyJ/)
  })
})

describe("pods when they are made", () => {
  const made = (name: string) => `pod/${name} created (server dry run)`
  const IMAGES = `the image of container sidegate-proxy is none of sidegate-proxy:0.1.0, ${PREVIOUS}`

  test.each([
    { name: "an injected pod passes", of: (pod: unknown) => pod },
    {
      name: "one of the release before passes",
      of: (pod: unknown) => withSidecar(pod, { image: PREVIOUS }),
    },
    {
      name: "one that was read from the cluster and is made again passes",
      of: (pod: unknown) =>
        withSidecar(pod, {
          volumeMounts: [
            ...listAt(listAt(pod, "spec", "initContainers")[0], "volumeMounts"),
            {
              name: "kube-api-access-x",
              mountPath: "/var/run/secrets/kubernetes.io/serviceaccount",
            },
          ],
        }),
      volumes: [{ name: "kube-api-access-x", emptyDir: {} }],
    },
    {
      name: "a pod without a sidecar has what it likes",
      of: () => ({
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: "probe" },
        spec: {
          shareProcessNamespace: true,
          volumes: [{ name: "sidegate-state", emptyDir: {} }],
          containers: [
            {
              ...APP,
              command: ["sh"],
              volumeMounts: [{ name: "sidegate-state", mountPath: "/state" }],
            },
          ],
        },
      }),
    },
  ])("$name", async ({ of, volumes = [] }) => {
    const pod = of(injectedPod(rendered, "probe"))
    const spec = { volumes: [...listAt(pod, "spec", "volumes"), ...volumes] }
    expect(await dryRun("editor", withSpec(pod, spec))).toBe(made("probe"))
  })

  const env = (pod: unknown) => listAt(listAt(pod, "spec", "initContainers")[0], "env")
  const mounts = (pod: unknown) => listAt(listAt(pod, "spec", "initContainers")[0], "volumeMounts")
  const withEnv = (pod: unknown, ...more: readonly object[]) =>
    withSidecar(pod, { env: [...env(pod), ...more] })
  const mountIn = (pod: unknown, name: string) =>
    withSpec(pod, { containers: [{ ...APP, volumeMounts: [{ name, mountPath: "/look" }] }] })
  const replaced = (pod: unknown, name: string, source: object) =>
    withSpec(pod, {
      volumes: [
        ...listAt(pod, "spec", "volumes").filter((one) => at(one, "name") !== name),
        { name, ...source },
      ],
    })
  const run1 = { exec: { command: ["node", "-e", "0"] } }
  const COMMAND = "container sidegate-proxy must have no command, args or lifecycle"
  const ROOTS = "volume sidegate-ca of a pod with a sidecar must be ConfigMap sidegate-ca as it is"
  const PROBE = "container sidegate-proxy must have no probe that runs a command"
  const ENV =
    "container sidegate-proxy must have the environment that injection gives it, and no other"
  const MOUNTS =
    "container sidegate-proxy must have the mounts that injection gives it, and no other"
  const PLAIN =
    "volumes sidegate-state and sidegate-journal of a pod with a sidecar must be emptyDirs"
  const OTHERS =
    "a volume of the sidecar, or with a token of audience sidegate, is mounted in another container"

  test.each<{ name: string; of: (pod: unknown) => unknown; want: string }>([
    {
      name: "an image of an older release",
      of: (pod) => withSidecar(pod, { image: OLDER }),
      want: IMAGES,
    },
    { name: "somebody's image", of: (pod) => withSidecar(pod, { image: "evil:1" }), want: IMAGES },
    { name: "a command", of: (pod) => withSidecar(pod, { command: ["sh"] }), want: COMMAND },
    { name: "arguments", of: (pod) => withSidecar(pod, { args: ["-e", "0"] }), want: COMMAND },
    {
      name: "a lifecycle hook",
      of: (pod) => withSidecar(pod, { lifecycle: { preStop: run1 } }),
      want: COMMAND,
    },
    {
      name: "a startup probe that runs a command",
      of: (pod) => withSidecar(pod, { startupProbe: run1 }),
      want: PROBE,
    },
    {
      name: "a liveness probe that runs a command",
      of: (pod) => withSidecar(pod, { livenessProbe: run1 }),
      want: PROBE,
    },
    {
      name: "a readiness probe that runs a command",
      of: (pod) => withSidecar(pod, { readinessProbe: run1 }),
      want: PROBE,
    },
    {
      name: "the file with the keys as the one that ends in the pod's status",
      of: (pod) =>
        withSidecar(pod, {
          terminationMessagePath: "/var/lib/sidegate/state/credentials.json.tmp",
        }),
      want: "container sidegate-proxy must have no terminationMessagePath of its own",
    },
    {
      name: "a variable of Node",
      of: (pod) => withEnv(pod, { name: "NODE_OPTIONS", value: "--inspect=0.0.0.0" }),
      want: ENV,
    },
    {
      name: "another operator",
      of: (pod) => withEnv(pod, { name: "SIDEGATE_OPERATOR_URL", value: "https://evil.example" }),
      want: ENV,
    },
    {
      name: "a variable from elsewhere",
      of: (pod) =>
        withEnv(pod, {
          name: "SIDEGATE_LOG_LEVEL",
          valueFrom: { fieldRef: { fieldPath: "metadata.name" } },
        }),
      want: ENV,
    },
    {
      name: "variables of a ConfigMap",
      of: (pod) => withSidecar(pod, { envFrom: [{ configMapRef: { name: "mine" } }] }),
      want: ENV,
    },
    {
      name: "a volume over the program",
      of: (pod) =>
        withSidecar(pod, {
          volumeMounts: [...mounts(pod), { name: "sidegate-journal", mountPath: "/app" }],
        }),
      want: MOUNTS,
    },
    {
      name: "a claim as the volume with the keys",
      of: (pod) =>
        replaced(pod, "sidegate-state", { persistentVolumeClaim: { claimName: "mine" } }),
      want: PLAIN,
    },
    {
      name: "roots of another ConfigMap",
      of: (pod) =>
        replaced(pod, "sidegate-ca", { projected: { sources: [{ configMap: { name: "mine" } }] } }),
      want: ROOTS,
    },
    {
      name: "roots of another key of the ConfigMap",
      of: (pod) => {
        const items = [{ key: "mine", path: "ca.crt" }]
        const sources = [{ configMap: { name: "sidegate-ca", items } }]
        return replaced(pod, "sidegate-ca", { projected: { sources } })
      },
      want: ROOTS,
    },
    {
      name: "roots that anybody may write",
      of: (pod) => replaced(pod, "sidegate-ca", { emptyDir: {} }),
      want: ROOTS,
    },
    {
      name: "the token mounted in the application",
      of: (pod) => mountIn(pod, "sidegate-token"),
      want: OTHERS,
    },
    {
      name: "the keys mounted in the application",
      of: (pod) => mountIn(pod, "sidegate-state"),
      want: OTHERS,
    },
    {
      name: "a token of the audience under another name, without a sidecar",
      of: () => ({
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: "probe" },
        spec: {
          volumes: [TOKEN_VOLUME],
          containers: [{ ...APP, volumeMounts: [{ name: "mine", mountPath: "/look" }] }],
        },
      }),
      want: OTHERS,
    },
    {
      name: "processes shared with the application",
      of: (pod) => withSpec(pod, { shareProcessNamespace: true }),
      want:
        "spec.shareProcessNamespace opens the sidecar to the other containers; do without it, or " +
        'label the pod sidegate.dev/inject: "false"',
    },
    {
      name: "a container of the name that is no init container",
      of: (pod) => withSpec(pod, { containers: [{ ...APP, name: "sidegate-proxy" }] }),
      want:
        "spec.containers has a container sidegate-proxy; the name is the sidecar's, " +
        "an init container",
    },
  ])("refused: $name", async ({ of, want, name }) => {
    let pod = of(injectedPod(rendered, "probe"))
    // Two containers may not share a name.
    if (name.startsWith("a container of the name")) pod = withSpec(pod, { initContainers: [] })
    expect(refusedBy("pods", await dryRun("editor", pod))).toBe(want)
  })
})

describe("whatever injection makes of a pod", () => {
  const CASES = fileURLToPath(new URL("../golden/inject/cases/", import.meta.url))
  const read = (file: string) => readFileSync(join(CASES, file), "utf8")
  const names = readdirSync(CASES)
    .filter((file) => file.endsWith(".json") && at(JSON.parse(read(file)), "kind") === "patch")
    .map((file) => file.replace(".json", ""))

  test.each(names)("passes the policies: %s", async (name) => {
    const documents = parseAllDocuments(read(`${name}.yaml`)).map((one): unknown => one.toJS())
    const pod = documents.find((one) => at(one, "kind") === "Pod")
    const asked = documents.some((one) => at(one, "injection") === "opt-in")
    const made = injected(rendered, pod, asked ? "opt-in" : "enabled")
    const metadata = { ...Object(at(made, "metadata")), name: "case" }
    const said = await dryRun("editor", { ...Object(made), metadata })
    expect(said).not.toContain("ValidatingAdmissionPolicy")
    // The API server has nothing against them either, but for a volume that only it can add.
    expect(said.replace(/^Warning:.*\n/gm, "")).toMatch(
      /created \(server dry run\)$|kube-api-access/,
    )
  })
})

describe("pods that are there", () => {
  const pods = ["injected", "previous", "older"] as const

  test.each(pods)("a label of the %s one is patched", async (name) => {
    const args = ["-n", namespace, "label", "pod", name, `round=${name}`]
    expect(await run("editor", args)).toBe(`pod/${name} labeled`)
  })

  test.each(pods)("the status of the %s one is written, as when a Job completes", async (name) => {
    const patch = JSON.stringify({ status: { phase: "Succeeded" } })
    const args = ["--subresource=status", "--dry-run=server", "--type=merge", "-p", patch]
    const said = await run("editor", ["-n", namespace, "patch", "pod", name, ...args])
    expect(said).toBe(`pod/${name} patched`)
  })

  test.each(pods)("a finalizer of the %s one comes and goes, as of a Job's pod", async (name) => {
    for (const finalizers of [["batch.kubernetes.io/job-tracking"], []]) {
      const patch = JSON.stringify({ metadata: { finalizers } })
      const args = ["-n", namespace, "patch", "pod", name, "--type=merge", "-p", patch]
      expect(await run("editor", args)).toBe(`pod/${name} patched`)
    }
  })

  test.each(pods)("the %s one is evicted", async (name) => {
    const eviction = {
      apiVersion: "policy/v1",
      kind: "Eviction",
      metadata: { name, namespace },
      deleteOptions: { dryRun: ["All"] },
    }
    const path = `/api/v1/namespaces/${namespace}/pods/${name}/eviction`
    expect(JSON.parse(await run("editor", ["create", "--raw", path, "-f", "-"], eviction))).toEqual(
      expect.objectContaining({ status: "Success" }),
    )
  })

  const image = (name: string, value: string) =>
    run("editor", ["-n", namespace, "set", "image", `pod/${name}`, `sidegate-proxy=${value}`])

  test("a sidecar's image becomes somebody else's for nobody", async () => {
    expect(refusedBy("pod-images", await image("previous", "evil:1"))).toBe(
      `the image of container sidegate-proxy may only become one of sidegate-proxy:0.1.0, ${PREVIOUS}`,
    )
  })

  test("it may become this release's, and the application's any", async () => {
    expect(await image("older", "sidegate-proxy:0.1.0")).toBe("pod/older image updated")
    const app = ["-n", namespace, "set", "image", "pod/previous", "app=registry.example/app:2"]
    expect(await run("editor", app)).toBe("pod/previous image updated")
  })

  const EXEC =
    "nobody may run a command in container sidegate-proxy or attach to it; it holds provider keys"
  const TARGET =
    "no ephemeral container may target container sidegate-proxy; it holds provider keys"
  const MOUNTED =
    "a volume of the sidecar, or with a token of audience sidegate, " +
    "is mounted in an ephemeral container"
  const debug = (container: object) => {
    const added = { name: "look", image: "registry.example/look:1", ...container }
    const patch = JSON.stringify({ spec: { ephemeralContainers: [added] } })
    const where = ["--subresource=ephemeralcontainers", "--dry-run=server", "-p", patch]
    return run("editor", ["-n", namespace, "patch", "pod", "injected", ...where])
  }

  test("nobody runs a command in a sidecar, or attaches to it", async () => {
    const where = ["-n", namespace]
    const inside = ["injected", "-c", "sidegate-proxy"]
    for (const args of [
      ["exec", ...inside, "--", "id"],
      ["attach", ...inside],
    ]) {
      expect(refusedBy("exec", await run("editor", [...where, ...args]))).toBe(EXEC)
    }
  })

  test("a command in the application goes on to the node", async () => {
    const args = ["-n", namespace, "exec", "injected", "-c", "app", "--", "id"]
    const said = await run("editor", args)
    expect(said).toMatch(/node-a|host assigned|not found/)
    expect(said).not.toContain("ValidatingAdmissionPolicy")
  })

  test("an ephemeral container is not put beside the sidecar's process or files", async () => {
    const targeted = await debug({ targetContainerName: "sidegate-proxy" })
    expect(refusedBy("ephemeral-containers", targeted)).toBe(TARGET)
    for (const name of ["sidegate-token", "sidegate-state"]) {
      const mounted = await debug({ volumeMounts: [{ name, mountPath: "/look" }] })
      expect(refusedBy("ephemeral-containers", mounted)).toBe(MOUNTED)
    }
  })

  test("one beside the application is", async () => {
    expect(await debug({ targetContainerName: "app" })).toBe("pod/injected patched")
  })
})

describe("namespaces", () => {
  const of = (keys: string) => `only those who may update TeamQuotas may set ${keys} of a namespace`
  const change = (actor: Actor, ...args: readonly string[]) => {
    const [verb = "", ...rest] = args
    return run(actor, [verb, "namespace", namespace, "--dry-run=server", ...rest])
  }
  const TEAM = "sidegate.dev/team"

  beforeAll(async () => {
    for (const verb of ["label", "annotate"]) {
      await run("platform", [verb, "namespace", namespace, "sidegate.dev/held=before"])
    }
  })

  test.each([
    { name: "a team", args: ["label", `${TEAM}=rich`], keys: TEAM },
    {
      name: "injection",
      args: ["label", "sidegate.dev/injection=enabled"],
      keys: "sidegate.dev/injection",
    },
    {
      name: "another value",
      args: ["label", "--overwrite", "sidegate.dev/held=after"],
      keys: "sidegate.dev/held",
    },
    { name: "its removal", args: ["label", "sidegate.dev/held-"], keys: "sidegate.dev/held" },
    {
      name: "use cases",
      args: ["annotate", "sidegate.dev/use-cases=all"],
      keys: "sidegate.dev/use-cases",
    },
    {
      name: "the removal of an annotation",
      args: ["annotate", "sidegate.dev/held-"],
      keys: "sidegate.dev/held",
    },
  ])("a tenant who may patch its namespace does not set $name", async ({ args, keys }) => {
    expect(refusedBy("namespaces", await change("tenant", ...args))).toBe(of(keys))
    expect(await change("platform", ...args)).toMatch(/labeled|unlabeled|annotated/)
  })

  test.each(["status", "finalize"])("nor through the subresource %s", async (subresource) => {
    const path = `/api/v1/namespaces/${namespace}/${subresource}`
    const held: unknown = JSON.parse(
      await run("platform", ["get", "--raw", path.replace(/\/\w+$/, "")]),
    )
    const labels = { ...Object(at(held, "metadata", "labels")), [TEAM]: "rich" }
    const metadata = { ...Object(at(held, "metadata")), labels }
    const object = { ...Object(held), metadata }
    const said = await run("tenant", ["replace", "--raw", path, "-f", "-"], object)
    expect(refusedBy("namespaces", said)).toBe(of(TEAM))
  })

  test("a tenant sets whatever else, and keeps what is there", async () => {
    expect(await change("tenant", "label", "tier=app")).toMatch(/labeled/)
    expect(await change("tenant", "annotate", "note=mine")).toMatch(/annotated/)
  })

  test("a tenant makes no namespace that joins a team", async () => {
    const object = (labels: object) => ({
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: "joined", labels },
    })
    const make = (actor: Actor, labels: object) =>
      run(actor, ["create", "--dry-run=server", "-f", "-"], object(labels))
    expect(refusedBy("namespaces", await make("tenant", { [TEAM]: "rich" }))).toBe(of(TEAM))
    expect(await make("tenant", { tier: "app" })).toMatch(/^namespace\/joined created/)
    expect(await make("platform", { [TEAM]: "rich" })).toMatch(/^namespace\/joined created/)
  })
})

describe("the roots that sidecars trust", () => {
  const OPERATOR = ["--as", `system:serviceaccount:${NAMESPACE}:sidegate-operator`]
  const WORDS =
    "only the operator and those who may update TeamQuotas may write ConfigMap sidegate-ca"
  const roots = (name: string) => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace },
    data: { "ca.crt": "mine" },
  })
  const make = (actor: Actor, name: string) =>
    run(actor, ["create", "--dry-run=server", "-f", "-"], roots(name))

  test("are not made by a namespace's administrator, who makes what else it likes", async () => {
    expect(refusedBy("roots", await make("editor", "sidegate-ca"))).toBe(WORDS)
    expect(await make("editor", "mine")).toBe("configmap/mine created (server dry run)")
  })

  test("are written by the operator, and not changed by a namespace's administrator", async () => {
    const args = ["apply", "--server-side", "--force-conflicts", "-f", "-"]
    const write = async (who: readonly string[], text: string) => {
      const object = { ...roots("sidegate-ca"), data: { "ca.crt": text } }
      const said = await kubectl(access, [...who, ...args], JSON.stringify(object))
      return `${said.stdout}${said.stderr}`.trim()
    }
    await applyObjects(access, [
      {
        ...BINDING("operator"),
        metadata: { name: "operator", namespace },
        roleRef: { ...ROLE, kind: "Role", name: "everything" },
        subjects: [{ kind: "ServiceAccount", name: "sidegate-operator", namespace: NAMESPACE }],
      },
    ])
    const applied = "configmap/sidegate-ca serverside-applied"
    expect(await write(OPERATOR, "ours")).toBe(applied)
    expect(refusedBy("roots", await write(ACTORS.editor, "mine"))).toBe(WORDS)
    expect(await write([], "the administrator's")).toBe(applied)
    const patch = ["-n", namespace, "patch", "configmap", "sidegate-ca", "-p", '{"data":{"x":"y"}}']
    expect(refusedBy("roots", await run("editor", patch))).toBe(WORDS)
  })
})

describe("routes for many namespaces", () => {
  const route = (place: string, more: object) => ({
    apiVersion: "sidegate.dev/v1alpha1",
    kind: "AIRoute",
    metadata: { name: "chat", namespace: place },
    spec: {
      models: ["smart"],
      rules: [{ name: "all", backends: [{ provider: "openai", model: "gpt-4o" }] }],
      ...more,
    },
  })
  const make = (place: string, more: object) =>
    run("tenant", ["create", "--dry-run=server", "-f", "-"], route(place, more))

  test("are made in the operator's namespace alone", async () => {
    const shared = { namespaces: { from: "All" } }
    expect(refusedBy("shared-routes", await make(namespace, shared))).toBe(
      "spec.namespaces is for AIRoutes in namespace sidegate-system; " +
        "others serve their own namespace",
    )
    const created = "airoute.sidegate.dev/chat created (server dry run)"
    expect(await make(namespace, {})).toBe(created)
    expect(await make(NAMESPACE, shared)).toBe(created)
  })
})
