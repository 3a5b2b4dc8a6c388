/** Objects that the stories apply, with defaults, so that each shows only what matters to it. */

const API_VERSION = "sidegate.dev/v1alpha1"

export type Fields = Readonly<Record<string, unknown>>

/** Reaches the test upstream; with `secret` under the key `api-key` of that Secret. */
export function makeProvider(name: string, endpoint: string, spec: Fields = {}): object {
  return makeClusterObject("AIProvider", name, {
    schema: "OpenAI",
    vendor: "OpenAI",
    endpoint,
    network: "Private",
    credentials: { type: "None" },
    allowedNamespaces: { from: "All" },
    ...spec,
  })
}

export function keyedBy(secret: string, key = "api-key"): Fields {
  return { credentials: { type: "Secret", secret: { name: secret, key } } }
}

export function onlyFor(namespace: string): Fields {
  const matchLabels = { "kubernetes.io/metadata.name": namespace }
  return { allowedNamespaces: { from: "Selector", selector: { matchLabels } } }
}

/** A provider's Secret as it should be, in the operator's namespace. */
export function makeKey(name: string, value: string, more: Fields = {}): object {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name,
      namespace: "sidegate-system",
      annotations: { "sidegate.dev/allowed-hosts": "127.0.0.1" },
    },
    type: "sidegate.dev/provider-credential",
    stringData: { "api-key": value },
    ...more,
  }
}

/** One rule `default` with one backend. */
export function makeRoute(
  ref: string,
  provider: string,
  spec: Fields & { readonly models: readonly string[] },
): object {
  const [namespace = "", name = ""] = ref.split("/")
  const rules = [{ name: "default", backends: [{ provider, model: "gpt-4o" }] }]
  return {
    apiVersion: API_VERSION,
    kind: "AIRoute",
    metadata: { name, namespace },
    spec: { rules, ...spec },
  }
}

export function makeClusterObject(kind: string, name: string, spec: Fields): object {
  return { apiVersion: API_VERSION, kind, metadata: { name }, spec }
}
