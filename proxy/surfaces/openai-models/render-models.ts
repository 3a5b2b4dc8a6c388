/**
 * Body of `GET /v1/models`, in OpenAI's shape. `created` is 0: a name in a route has no birthday.
 */
export function renderModels(names: readonly string[]): string {
  const data = names.map((id) => ({ id, object: "model", created: 0, owned_by: "sidegate" }))
  return JSON.stringify({ object: "list", data })
}
