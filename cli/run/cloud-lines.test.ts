import { expect, test } from "vitest"
import { readCloudSettings } from "#operator/credentials/cloud-settings.ts"
import { cloudLines } from "./cloud-lines.ts"
import type { FileObject } from "./objects.ts"

const provider = (credentials: object): FileObject => ({
  ref: { kind: "AIProvider", namespace: "", name: "cloud" },
  source: "a.yaml:1",
  apiVersion: "sidegate.dev/v1alpha1",
  labels: {},
  annotations: {},
  body: {
    spec: {
      schema: "OpenAI",
      endpoint: "https://models.example.com/v1",
      allowedNamespaces: { from: "All" },
      credentials,
    },
  },
})
const identity = (type: string, member: object) => ({
  type: "WorkloadIdentity",
  workloadIdentity: { type, ...member },
})
const REGION = { region: "eu-central-1" }
const ROLE = "arn:aws:iam::123456789012:role/sidegate"
const CLIENT = "66666666-7777-8888-9999-000000000000"

const set: Readonly<Record<string, string>> = {
  AWS_WEB_IDENTITY_TOKEN_FILE: "/tokens/aws",
  AZURE_FEDERATED_TOKEN_FILE: "/tokens/azure",
}
const settings = readCloudSettings((name) => set[name] ?? null)

const cases = [
  {
    name: "a projected token and a role that the environment must name",
    credentials: identity("AWS", { aws: { type: "WebIdentity", ...REGION } }),
    says:
      "temporary credentials of AWS for the role AWS_ROLE_ARN (not set), got with the token in " +
      "AWS_WEB_IDENTITY_TOKEN_FILE (/tokens/aws)",
  },
  {
    name: "pod identity where there is no agent",
    credentials: identity("AWS", { aws: { type: "PodIdentity", ...REGION, roleArn: ROLE } }),
    says:
      `temporary credentials of AWS for the role ${ROLE}, got from ` +
      "AWS_CONTAINER_CREDENTIALS_FULL_URI (not set)",
  },
  {
    name: "an access key",
    credentials: identity("AWS", {
      aws: { type: "AccessKey", ...REGION, accessKey: { name: "aws-key" } },
    }),
    says: "temporary credentials of AWS, got with access-key-id and secret-access-key of Secret aws-key",
  },
  {
    name: "a key file of Google",
    credentials: identity("Google", {
      google: { type: "ServiceAccountKey", serviceAccountKey: { name: "google", key: "key.json" } },
    }),
    says: "an access token of Google, got with key.json of Secret google",
  },
  {
    name: "a federated token of Google",
    credentials: identity("Google", {
      google: {
        type: "FederatedToken",
        federatedToken: { audience: "//iam", serviceAccount: "a@b" },
      },
    }),
    says: "an access token of Google as a@b, got with the token in SIDEGATE_GOOGLE_TOKEN_FILE (not set)",
  },
  {
    name: "a federated token of Entra",
    credentials: identity("Azure", { azure: { type: "FederatedToken", clientId: CLIENT } }),
    says:
      `an access token of Entra for client ${CLIENT} of tenant AZURE_TENANT_ID (not set), got ` +
      "with the token in AZURE_FEDERATED_TOKEN_FILE (/tokens/azure)",
  },
]
test.each(cases)("$name", ({ credentials, says }) => {
  const line = `AIProvider cloud: opened by ${says}`
  expect(cloudLines([provider(credentials)], settings)).toEqual([line])
})

test("nothing is said of keys, of none, and of what cannot be read", () => {
  const others = [
    provider({ type: "None" }),
    provider({ type: "Secret", secret: { name: "a", key: "b" } }),
    provider(identity("AWS", {})),
  ]
  expect(cloudLines(others, settings)).toEqual([])
})
