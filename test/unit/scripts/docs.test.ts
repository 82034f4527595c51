import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const files = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "*.md"], { cwd: root })
  .toString()
  .trim()
  .split("\n")
  .filter((file) => existsSync(join(root, file)));
const read = (file: string) => readFileSync(join(root, file), "utf8");

/** Returns the targets of links and pictures outside of code. */
function links(file: string): string[] {
  const text = read(file)
    .replaceAll(/^```.*?^```/gms, "")
    .replaceAll(/`[^`\n]*`/g, "");
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
}

/** Returns the anchors that GitHub makes of headings. */
function anchors(file: string): string[] {
  return [...read(file).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

it("links of the documentation lead somewhere", () => {
  expect(files.length).toBeGreaterThan(10);
  const broken = files.flatMap((file) =>
    links(file)
      .filter((target) => !/^[a-z]+:/.test(target))
      .filter((target) => {
        const [path, anchor] = target.split("#") as [string, string?];
        const named = path === "" ? file : relative(root, join(root, dirname(file), path));
        if (!existsSync(join(root, named))) return true;
        return anchor !== undefined && named.endsWith(".md") && !anchors(named).includes(anchor);
      })
      .map((target) => `${file}: ${target}`),
  );
  expect(broken).toEqual([]);
});

it("README leads to the index of the documentation, and the two to every page of docs/", () => {
  expect(links("README.md")).toContain("docs/README.md");
  const pages = files.filter((file) => /^docs\/[^/]+\.md$/.test(file) && file !== "docs/README.md");
  const reached = new Set([
    ...links("README.md").map((target) => target.split("#")[0]),
    ...links("docs/README.md").map((target) => `docs/${target.split("#")[0]}`),
  ]);
  expect(pages.filter((page) => !reached.has(page))).toEqual([]);
});

it("lines wrap at 120 columns, but for tables, code and addresses", () => {
  const long = files.flatMap((file) =>
    read(file)
      // Code keeps its lines, so that they are counted.
      .replaceAll(/^ *```.*?^ *```/gms, (code) => code.replaceAll(/[^\n]/g, ""))
      .split("\n")
      .flatMap((line, index) =>
        line.length > 120 && !line.startsWith("|") && !line.includes("http") ? `${file}:${index + 1}` : [],
      ),
  );
  expect(long).toEqual([]);
});
