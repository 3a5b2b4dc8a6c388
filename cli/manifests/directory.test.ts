import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, expect, test } from "vitest"
import { readDirectory, readManifestsAt } from "./directory.ts"

const made: string[] = []
afterEach(() => {
  for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true })
})

function makeFolder(files: Readonly<Record<string, string | Uint8Array>>): string {
  const root = mkdtempSync(join(tmpdir(), "sidegate-directory-"))
  made.push(root)
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(root, path, ".."), { recursive: true })
    writeFileSync(join(root, path), content)
  }
  return root
}

const told = (root: string): readonly string[] => {
  const { files, faults } = readDirectory(root)
  const read = files.map(({ path }) => path)
  return [...read, ...faults.map(({ file, message }) => `${file}: ${message}`)]
}

test("links that lead nowhere or in circles are faults; the files around them are read", () => {
  const root = makeFolder({ "a.yaml": "a: 1", "sub/b.yaml": "b: 1", "notes.txt": "" })
  symlinkSync("..", join(root, "sub/up"))
  symlinkSync("self.yaml", join(root, "self.yaml"))
  symlinkSync("nothing", join(root, "gone.yaml"))
  symlinkSync("a.yaml", join(root, "same.yaml"))
  symlinkSync("nothing", join(root, "gone.txt"))
  expect(told(root)).toEqual([
    "a.yaml",
    "same.yaml",
    "sub/b.yaml",
    "gone.yaml: a link that leads nowhere",
    expect.stringMatching(/^self\.yaml: ELOOP: /),
    "sub/up: a link to a folder that it is in; it is not followed",
  ])
})

test("a folder deeper than the bound is a fault, not silence", () => {
  const deep = "1/2/3/4/5/6/7/8"
  const root = makeFolder({ [`${deep}/a.yaml`]: "", [`${deep}/9/b.yaml`]: "" })
  expect(told(root)).toEqual([`${deep}/a.yaml`, `${deep}/9: below 8 folders; it is not read`])
})

test("what is no text is a fault, with its size where that is too large", () => {
  const root = makeFolder({
    "big.yaml": "#".repeat(1024 * 1024 + 1),
    "binary.yaml": new Uint8Array([0x61, 0x3a, 0xff, 0xfe]),
  })
  expect(told(root)).toEqual([
    "big.yaml: 1048577 bytes, 1048576 at most",
    "binary.yaml: not a text in UTF-8",
  ])
})

// Root reads whatever the mode says.
test.skipIf(process.getuid?.() === 0)("a folder that cannot be listed is named", () => {
  const root = makeFolder({ "sub/a.yaml": "" })
  chmodSync(join(root, "sub"), 0)
  expect(() => readDirectory(root)).toThrow(`${root}/sub cannot be read (EACCES`)
  chmodSync(join(root, "sub"), 0o755)
})

test("one file is read as if it were alone in its directory", () => {
  const root = makeFolder({ "a.yaml": "a: 1", "b.yaml": "b: 1" })
  expect(readManifestsAt(join(root, "b.yaml"))).toEqual({
    base: root,
    files: [{ path: "b.yaml", text: "b: 1" }],
    faults: [],
  })
  expect(() => readManifestsAt(join(root, "c.yaml"))).toThrow(/c\.yaml does not exist$/)
})
