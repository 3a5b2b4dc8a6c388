/** What a cloud gave for an identity, in memory, and how getting it can fail. */
import type { SecretValue } from "./secret-value.ts"

export type MintedToken =
  | { readonly kind: "bearer"; readonly value: SecretValue; readonly expiresAt: number }
  | {
      readonly kind: "aws"
      readonly accessKeyId: SecretValue
      readonly secretAccessKey: SecretValue
      readonly sessionToken: SecretValue | null
      /** Wall clock in ms, as of every kind. */
      readonly expiresAt: number
    }

/** Its message is for the condition: what is missing or what the cloud said; nothing secret. */
export class MintError extends Error {}
