import { expect, test } from "vitest"
import { type Cloud, refuseCloudHost } from "./hosts.ts"

const own: readonly (readonly [Cloud, string])[] = [
  ["AWS", "https://bedrock-runtime.eu-central-1.amazonaws.com"],
  ["AWS", "https://bedrock-runtime-fips.us-gov-west-1.amazonaws.com"],
  ["AWS", "https://bedrock-runtime.cn-north-1.amazonaws.com.cn"],
  ["AWS", "https://bedrock-runtime.us-east-1.api.aws"],
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
