/**
 * Whether a text says nothing. Anthropic's models take no block without a character to read, at any
 * host, and others write such texts beside their calls.
 */
export function isBlank(text: string): boolean {
  return !/\S/.test(text)
}
