import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { minMemoryBytes } from "../../../src/cli/memory.ts";
import { defaultHttpPort, defaultP2pPort } from "../../../src/config/index.ts";
import { ccoinHere } from "../cli/ccoin.ts";

interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
}

interface Container {
  image: string;
  args: string[];
  ports: { name: string; containerPort: number }[];
  envFrom: { configMapRef: { name: string } }[];
  resources: { limits: { memory: string } };
}

const root = fileURLToPath(new URL("../../../", import.meta.url));
const folder = join(root, "deploy/kubernetes");
const read = (name: string) => readFileSync(join(folder, name), "utf8");
const kustomization = parse(read("kustomization.yaml")) as {
  resources: string[];
  configMapGenerator: { name: string; envs: string[] }[];
  images: { name: string }[];
};
const manifests = kustomization.resources.flatMap((name) =>
  parseAllDocuments(read(name)).map((document) => document.toJS() as Manifest),
);
const set = manifests.find(({ kind }) => kind === "StatefulSet") as unknown as {
  spec: { serviceName: string; template: { spec: { containers: Container[] } } };
};
const [container] = set.spec.template.spec.containers as [Container];

/** The module of Kubernetes's types that has the kind: `v1` of the core is `core/v1`. */
const moduleOf = (apiVersion: string) => (apiVersion.includes("/") ? apiVersion : `core/${apiVersion}`);

/**
 * Compiles the manifests as values of the types that are made from the schema of Kubernetes's API. Returns what is
 * wrong.
 */
function typeErrors(all: readonly Manifest[]): string {
  const place = mkdtempSync(join(tmpdir(), "ccoin-kubernetes-"));
  onTestFinished(() => rmSync(place, { recursive: true }));
  symlinkSync(join(root, "node_modules"), join(place, "node_modules"), "junction");
  const lines = all.flatMap((manifest, at) => [
    `import type { ${manifest.kind} as Kind${at} } from "kubernetes-types/${moduleOf(manifest.apiVersion)}";`,
    `export const value${at} = ${JSON.stringify(manifest)} satisfies Kind${at};`,
  ]);
  writeFileSync(join(place, "manifests.ts"), lines.join("\n"));
  const options = { noEmit: true, strict: true, module: "preserve", skipLibCheck: true, types: [] };
  writeFileSync(
    join(place, "tsconfig.json"),
    JSON.stringify({ compilerOptions: options, files: ["manifests.ts"] }),
  );
  const { stdout, error } = spawnSync(
    process.execPath,
    [join(root, "node_modules/typescript/bin/tsc"), "-p", place],
    {
      encoding: "utf8",
    },
  );
  if (error) throw error;
  return stdout;
}

test("the manifests follow the schema of Kubernetes", () => {
  expect(manifests.map(({ kind }) => kind)).toEqual(["Service", "Service", "StatefulSet"]);
  expect(typeErrors(manifests)).toBe("");
});

test("a mistake would be found", () => {
  const wrong = (change: (text: string) => string) =>
    typeErrors(manifests.map((manifest) => JSON.parse(change(JSON.stringify(manifest)))));
  expect(wrong((text) => text.replace("readOnlyRootFilesystem", "readOnlyRootFileSystem"))).toContain(
    "readOnlyRootFileSystem",
  );
  expect(wrong((text) => text.replace('"failureThreshold":60', '"failureThreshold":"60"'))).toContain(
    "number",
  );
});

test("names and ports are those of the image, the services and the settings", () => {
  expect(container.ports).toEqual([
    { name: "p2p", containerPort: defaultP2pPort(1) },
    { name: "http", containerPort: defaultHttpPort(1) },
  ]);
  const services = manifests.filter(({ kind }) => kind === "Service").map(({ metadata }) => metadata.name);
  expect(services).toContain(set.spec.serviceName);
  for (const name of services.filter((service) => service !== set.spec.serviceName))
    expect(container.args).toContain(`--allow-host=${name}`);
  expect(kustomization.configMapGenerator.map(({ name }) => name)).toEqual(
    container.envFrom.map(({ configMapRef }) => configMapRef.name),
  );
  expect(kustomization.images.map(({ name }) => name)).toEqual([container.image]);
  const [, mebibytes] = /^(\d+)Mi$/.exec(container.resources.limits.memory)!;
  expect(Number(mebibytes) * 2 ** 20).toBeGreaterThanOrEqual(minMemoryBytes);
});

test("a node takes the options and the settings", async () => {
  const settings = kustomization.configMapGenerator
    .flatMap(({ envs }) => envs)
    .flatMap((name) =>
      [...read(name).matchAll(/^(\w+)=(.*)$/gm)].map(([, key, value]) => [key!, value!] as const),
    );
  const { code, stdout, stderr } = await ccoinHere([...container.args, "--print-config"], {
    CCOIN_NODEID: "1",
    ...Object.fromEntries(settings),
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  for (const [, value] of settings) expect(stdout).toContain(value);
});
