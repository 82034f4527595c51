import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hardhatConfig } from "./hardhat.ts";
import type { Installation, Installations } from "./installation.ts";

/** Runs a command to its end, and resolves to its output. @throws if it fails, and an `AbortError` if interrupted */
export type Run = (command: readonly string[], folder: string) => Promise<string>;

/** The packages of the programs, and of the signer of their transfers, which is no dependency of the project. */
const packages = {
  anvil: "@foundry-rs/anvil@1.7.1",
  hardhat: "hardhat@3.18.0",
  signer: "tiny-secp256k1@2.2.4",
};

/** Installs the other programs into a folder, each into one of its own; one that fails is left out with the reason. */
export async function installPrograms(
  folder: string,
  run: Run,
  note: (text: string) => void,
): Promise<Installations> {
  const install = async (name: string, installed: (folder: string) => Promise<Installation>) => {
    const own = join(folder, name);
    mkdirSync(own);
    note(`installing ${name}…`);
    try {
      return await installed(own);
    } catch (error) {
      if ((error as Error).name === "AbortError") throw error;
      return { leftOut: (error as Error).message };
    }
  };
  const byNpm = (name: keyof typeof packages, fileOf: (modules: string) => string) =>
    install(name, (own) => installPackage(own, packages[name], fileOf, run));
  return {
    signer: await byNpm("signer", (modules) => join(modules, "tiny-secp256k1")),
    anvil: await byNpm("anvil", anvilFile),
    Hardhat: await byNpm("hardhat", (modules) => join(modules, "hardhat/dist/src/cli.js")),
    litecoind: await install("litecoind", (own) => installLitecoin(own, run)),
  };
}

async function installPackage(
  folder: string,
  name: string,
  fileOf: (modules: string) => string,
  run: Run,
): Promise<Installation> {
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  writeFileSync(join(folder, "hardhat.config.js"), hardhatConfig);
  await run(
    ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", name],
    folder,
  );
  return {
    version: name.slice(name.lastIndexOf("@") + 1),
    file: fileOf(join(folder, "node_modules")),
    folder,
  };
}

/** Returns the program that the package for this machine's platform brings. @throws if there is none */
function anvilFile(modules: string): string {
  const scope = join(modules, "@foundry-rs");
  const files = readdirSync(scope).map((name) => join(scope, name, "bin/anvil"));
  const file = files.find((path) => existsSync(path));
  if (!file) throw new Error(`there is no anvil for ${process.platform} ${process.arch}`);
  return file;
}

/** Downloads Debian's package with the libraries that are missing, and unpacks them without installing anything. */
async function installLitecoin(folder: string, run: Run): Promise<Installation> {
  const [lists, cache] = [join(folder, "lists"), join(folder, "cache")];
  for (const made of [join(lists, "partial"), join(cache, "archives/partial")])
    mkdirSync(made, { recursive: true });
  const aptGet = ["apt-get", "-qq", "-o", `Dir::State::lists=${lists}`, "-o", `Dir::Cache=${cache}`];
  await run([...aptGet, "update"], folder);
  const download = [
    "--reinstall",
    "--download-only",
    "--no-install-recommends",
    "-y",
    "-o",
    "Debug::NoLocking=1",
  ];
  await run([...aptGet, "install", ...download, "litecoind"], folder);
  const archives = join(cache, "archives");
  const unpacked = join(folder, "root");
  for (const name of readdirSync(archives).filter((file) => file.endsWith(".deb")))
    await run(["dpkg", "-x", join(archives, name), unpacked], folder);
  const libraries = join(unpacked, "usr/lib");
  const platform = readdirSync(libraries).find((name) => name.endsWith("-linux-gnu"));
  if (platform) symlinkSync(join(libraries, platform), join(folder, "libraries"));
  const archive = readdirSync(archives).find((name) => name.startsWith("litecoind_"))!;
  // The version without Debian's revision.
  const version = archive.split("_")[1]!.split("-")[0]!;
  return { version, file: join(libraries, "litecoin/litecoind"), folder };
}
