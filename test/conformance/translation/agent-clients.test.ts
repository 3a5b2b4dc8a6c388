/**
 * Whole requests as coding agents send them: nothing that such a client needs is refused, whichever
 * provider serves.
 */
import { readFileSync } from "node:fs"
import { describe, expect, test } from "vitest"
import { findUnsupported } from "#proxy/exchange/feature-support.ts"
import { nameTools } from "#proxy/providers/tool-names.ts"
import type { ModelSurfaceName } from "#proxy/surfaces/registry.ts"
import { readForm } from "./read-form.ts"
import { CHAT_COLUMNS, CHAT_WIRES, documentOf, type RegisteredChat } from "./wires.ts"

const CLIENTS = [
  ["claude-code", "anthropic-messages"],
  ["codex", "openai-responses"],
  ["gemini-cli", "gemini-generate"],
] as const satisfies readonly (readonly [string, ModelSurfaceName])[]

function bodyOf({ chat, context, wire }: RegisteredChat, surface: ModelSurfaceName, text: string) {
  const form = readForm(surface, text).chat
  const refused = findUnsupported(form.uses, chat.features(context.provider), "one", wire.title)
  if (refused !== null) return refused.message
  const encoded = chat.encode(nameTools(form, chat.toolNames).chat, context)
  return encoded.ok ? encoded.value : encoded.refusal.message
}

/** Providers that no image can be shown to, whoever shows it. */
const WITHOUT_IMAGES = /OpenAI of (?:DeepSeek)/

describe.each(CLIENTS)("%s", (client, surface) => {
  const text = readFileSync(new URL(`./clients/${client}.json`, import.meta.url), "utf8")

  test.each(CHAT_WIRES.filter(({ name }) => !WITHOUT_IMAGES.test(name)))(
    "is told whole to $name",
    (one) => {
      const body = bodyOf(one, surface, text)
      expect(body.startsWith("{"), body).toBe(true)
      documentOf(body)
    },
  )

  test.each(CHAT_COLUMNS)("reads at $name as it is known to be taken", async (one) => {
    const body = JSON.stringify(JSON.parse(bodyOf(one, surface, text)), null, 2)
    const file = `./clients/${client}.${one.name.replaceAll(" ", "-")}.txt`
    await expect(`${body}\n`).toMatchFileSnapshot(file)
  })
})
