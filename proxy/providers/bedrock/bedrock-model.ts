/** What is known of a model of Bedrock's by its id: bare, after a region's prefix, or in an ARN. */

const CLAUDE = /(^|[./])(anthropic\.)?claude/
const NOVA = /(^|[./])amazon\.nova/
/** A profile or a deployment of the account's, of any model. */
const UNNAMED = /:(application-inference-profile|provisioned-model|custom-model-deployment)\//

export function mayBeClaude(model: string): boolean {
  return CLAUDE.test(model) || UNNAMED.test(model)
}

export function isNova(model: string): boolean {
  return NOVA.test(model)
}
