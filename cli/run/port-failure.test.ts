import { expect, test } from "vitest"
import { checkPorts, nameTakenPort } from "./port-failure.ts"

const PORTS = { port: 80, adminPort: 4142 }
const failure = (code: string, port: number): Error =>
  Object.assign(new Error(`listen ${code}`), { code, port })

test.each([
  [
    failure("EADDRINUSE", 80),
    "port 80 is taken: end what listens there, or choose another one with --port",
  ],
  [
    failure("EADDRINUSE", 4142),
    "port 4142 is taken: end what listens there, or choose another one with --admin-port",
  ],
  [
    failure("EACCES", 80),
    "port 80 is not for this user, as those below 1024: choose another one with --port",
  ],
  [new Error("something else"), "something else"],
  // A file, not a port.
  [Object.assign(new Error("open lock"), { code: "EACCES" }), "open lock"],
])("%s", (error, want) => {
  expect(nameTakenPort(error, PORTS)).toMatchObject({ message: want })
})

test("one port for both is refused before anything is opened; the system may choose two", () => {
  expect(() => checkPorts({ port: 4141, adminPort: 4141 })).toThrow(
    "--port and --admin-port are both 4141: choose two",
  )
  checkPorts({ port: 0, adminPort: 0 })
})
