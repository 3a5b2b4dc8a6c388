import { expect, test } from "vitest"
import { type Cloud, refuseCloudHost, refuseRegion } from "./hosts.ts"

const own: readonly (readonly [Cloud, string])[] = [
  ["AWS", "https://bedrock-runtime.eu-central-1.amazonaws.com"],
  ["AWS", "https://bedrock-runtime-fips.us-gov-west-1.amazonaws.com"],
  ["AWS", "https://bedrock-runtime.cn-north-1.amazonaws.com.cn"],
  ["AWS", "https://bedrock-runtime.us-east-1.api.aws"],
  ["AWS", "https://bedrock-mantle.us-east-1.api.aws"],
  ["AWS", "https://bedrock-runtime.eusc-de-east-1.amazonaws.eu"],
  ["AWS", "https://vpce-0a1b-c2d3.bedrock-runtime.us-east-1.vpce.amazonaws.com"],
  ["Google", "https://aiplatform.googleapis.com"],
  ["Google", "https://europe-west4-aiplatform.googleapis.com"],
  ["Google", "https://aiplatform.eu.rep.googleapis.com"],
  ["Google", "https://generativelanguage.googleapis.com"],
  ["Azure", "https://models-eu.openai.azure.com"],
  ["Azure", "https://models-eu.services.ai.azure.com"],
  ["Azure", "https://models.cognitiveservices.azure.us"],
  ["Azure", "https://models.openai.azure.cn"],
]
test.each(own)("%s itself runs %s", (cloud, origin) => {
  expect(refuseCloudHost(cloud, origin, [])).toBeNull()
})

/** What a customer of the cloud, or anybody, can have. */
const others: readonly (readonly [Cloud, string])[] = [
  ["AWS", "http://bedrock-runtime.eu-central-1.amazonaws.com"],
  ["AWS", "https://bedrock-runtime.eu-central-1.amazonaws.com.evil.example"],
  ["AWS", "https://bedrock-runtime.eusc-de-east-1.amazonaws.eu.evil.example"],
  ["AWS", "https://bedrock-runtime.eu-central-1.amazonaws.es"],
  ["AWS", "https://a1b2.execute-api.eu-central-1.amazonaws.com"],
  ["AWS", "https://ec2-1-2-3-4.eu-central-1.compute.amazonaws.com"],
  ["AWS", "https://bedrock.s3.amazonaws.com"],
  ["AWS", "https://bedrock-logs.s3.eu-central-1.amazonaws.com"],
  ["AWS", "https://vpce-0a1b.bedrock.s3.amazonaws.com"],
  ["AWS", "https://x.bedrock-runtime.eu-central-1.amazonaws.com"],
  ["AWS", "https://evil-bedrock.eu-central-1.amazonaws.com"],
  ["AWS", "https://models.openai.azure.com"],
  ["Google", "https://storage.googleapis.com"],
  ["Google", "https://evil.aiplatform.googleapis.com"],
  ["Google", "https://aiplatform.googleapis.com.evil.example"],
  ["Google", "https://xaiplatform.googleapis.com"],
  ["Azure", "https://openai.westeurope.cloudapp.azure.com"],
  ["Azure", "https://a.b.openai.azure.com"],
  ["Azure", "https://openai.azure.com"],
  ["Azure", "https://models.openai.azure.com.evil.example"],
  ["Azure", "https://models.azurewebsites.net"],
]
test.each(others)("credentials of %s never go to %s", (cloud, origin) => {
  expect(refuseCloudHost(cloud, origin, ["gateway.example"])).toContain(new URL(origin).host)
})

test("whoever installs may add a host, on any port or on one", () => {
  const may = (origin: string) => refuseCloudHost("AWS", origin, ["a.example", "b.example:8443"])
  expect(may("http://a.example:9000")).toBeNull()
  expect(may("https://b.example:8443")).toBeNull()
  expect(may("https://b.example")).not.toBeNull()
})

const elsewhere = "it is in us-west-2, and aws.region has requests signed for eu-central-1"
test.each([
  ["https://bedrock-runtime.eu-central-1.amazonaws.com", null],
  ["https://bedrock-runtime.us-west-2.amazonaws.com", elsewhere],
  ["https://bedrock-runtime-fips.us-west-2.amazonaws.com", elsewhere],
  ["https://bedrock-mantle.us-west-2.api.aws", elsewhere],
  ["https://vpce-0a1b.bedrock-runtime.us-west-2.vpce.amazonaws.com", elsewhere],
  ["https://gateway.example", null],
])("requests signed for eu-central-1 at %s: %s", (origin, want) => {
  const identity = { kind: "aws-pod-identity", region: "eu-central-1", roleArn: null } as const
  expect(refuseRegion(identity, origin)).toBe(want)
})
