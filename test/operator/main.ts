/**
 * The test operator as its own process, so that it can be killed.
 *
 * In: `main.ts LEDGER CERTIFICATE KEY PORT OBJECTS`; OBJECTS is a JSON file of FedObjects, read
 * again at each start. Out: one line `operator PORT CONTROL_PORT TERM`. The control port takes
 * `POST /apply` (a list of FedObjects), `/delete` (FedObjects), `/settled`, `/sidecars?namespace=`,
 * `/status?object=` and `/events`.
 */
import { readFileSync } from "node:fs"
import { createServer } from "node:http"
import type { FedObject } from "./objects.ts"
import { createTestOperator } from "./test-operator.ts"

const [, , ledgerFile = "", certificateFile = "", keyFile = "", port = "0", objectsFile = ""] =
  process.argv
const operator = await createTestOperator({
  ledgerFile,
  certificate: { cert: readFileSync(certificateFile, "utf8"), key: readFileSync(keyFile, "utf8") },
  port: Number(port),
  objects: JSON.parse(readFileSync(objectsFile, "utf8")) as readonly FedObject[],
})
const { controlPlane } = operator

const control = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on("data", (chunk: Buffer) => chunks.push(chunk))
  request.on("end", () => {
    const target = new URL(request.url ?? "/", "http://control")
    void command(target, Buffer.concat(chunks).toString("utf8")).then((answer) => {
      response.statusCode = answer === undefined ? 404 : 200
      response.end(JSON.stringify(answer ?? null))
    })
  })
})
control.listen(0, "127.0.0.1", () => {
  const address = control.address()
  const controlPort = address !== null && typeof address === "object" ? address.port : 0
  console.log(`operator ${operator.port} ${controlPort} ${operator.term}`)
})
process.once("SIGTERM", () => {
  void operator.close().then(() => process.exit(0))
})

async function command(target: URL, text: string): Promise<unknown> {
  const asked = (name: string): string => target.searchParams.get(name) ?? ""
  switch (target.pathname) {
    case "/apply":
      for (const { kind, object } of JSON.parse(text) as readonly FedObject[]) {
        controlPlane.feed.apply(kind, object)
      }
      return {}
    case "/delete":
      for (const { kind, object } of JSON.parse(text) as readonly FedObject[]) {
        controlPlane.feed.delete(kind, object.metadata)
      }
      return {}
    case "/settled":
      await controlPlane.settled()
      return {}
    case "/sidecars":
      return controlPlane.publisher.sidecars(asked("namespace"))
    case "/status":
      return operator.statuses.get(asked("object")) ?? null
    case "/events":
      return operator.events
    default:
      return undefined
  }
}
