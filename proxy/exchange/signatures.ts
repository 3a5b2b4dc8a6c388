/**
 * Whose a thought's signature is. A provider takes back what it signed itself and refuses the rest,
 * so that a conversation that another one answered before, after a failover say, must not bring it
 * that one's signatures.
 *
 * In the intermediate form Anthropic's are bare and others begin with a tag. Clients get the tag
 * too, but for the signer whose shape they speak, and give it back. Tags are base64, four by four
 * characters: some clients decode a signature and encode it again.
 */

const TAGS = Object.freeze({
  /** For clients alone, where a bare one is another signer's. */
  anthropic: "sidegate0claude0",
  /** The same, of a thought that Anthropic hid. */
  hidden: "sidegate0hidden0",
  /** Of a thought without one, where its client's shape wants one. */
  nobody: "sidegate0nobody0",
  google: "sidegate0google0",
  openai: "sidegate0openai0",
})

export type Signer = keyof typeof TAGS

export const TAG_LENGTH = 16
const ALL: ReadonlySet<string> = new Set(Object.values(TAGS))

export function tagSignature(signer: Signer, bare: string): string {
  return TAGS[signer] + bare
}

/** Bare; null where it is not this signer's. */
export function bareSignature(signer: Signer, tagged: string): string | null {
  return tagged.startsWith(TAGS[signer]) ? tagged.slice(TAG_LENGTH) : null
}

/** What may be a signature with more behind it, which is not looked at. */
export function isTagged(signature: string): boolean {
  return ALL.has(signature.slice(0, TAG_LENGTH))
}
