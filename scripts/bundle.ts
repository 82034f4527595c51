import { readdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import { build, type Plugin } from "esbuild";

/** Packages with native code, which npm installs for the user's machine. */
export const nativePackages = ["@chainsafe/hashtree", "classic-level", "sodium-native"];

/**
 * Node's own modules as CommonJS. An import as an ES module would read all of a module's properties, which loads what
 * only some of them need: `node:http` loads its WebSocket in a tenth of the time to start. HTTP/2 is not served; its
 * module is only asked whether a request is one of its own.
 */
const http2 = "{ Http2ServerRequest: class {}, constants: {} }";
const builtins: Plugin = {
  name: "builtins",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^[a-z0-9:_/]+$/ }, ({ path }) =>
      isBuiltin(path) ? { path: path.replace(/^node:/, ""), namespace: "builtin" } : undefined,
    );
    onLoad({ filter: /.*/, namespace: "builtin" }, ({ path }) => ({
      contents: `module.exports = ${path === "http2" ? http2 : `process.getBuiltinModule(${JSON.stringify(path)})`};`,
    }));
  },
};

const noiseCrypto = /libp2p-noise\/dist\/src\/crypto\/index\.js$/;
/** Replacements of texts in modules of packages, which the ends of their paths name. */
const replacements: readonly (readonly [module: RegExp, text: RegExp, by: string])[] = [
  // Strings are compared plainly. The rules of a language, by which libp2p sorts addresses and names of protocols, read
  // 2 MB of Node.js's data.
  [
    /@libp2p\/peer-(record|store)\/dist\/src\/.*\/(utils|dedupe-addresses|to-peer-pb)\.js$/,
    /(\S+)\.localeCompare\((.+)\);$/gm,
    "($1 < $2 ? -1 : Number($1 > $2));",
  ],
  // A node without peers loads no WebAssembly, since V8's compiler of it alone reads megabytes of Node.js's file: this
  // hash is in use nowhere, and the cipher of small messages is made for the first one.
  [/as-sha256\/lib\/index\.js$/, /^reinitializeInstance\(\);$/m, ""],
  [noiseCrypto, /^import .+ from '@chainsafe\/as-chacha20poly1305';$/m, ""],
  [
    noiseCrypto,
    /^const ctx = newInstance\(\);\nconst asImpl = .+;$/m,
    `let cipher;
function asImpl() {
  if (cipher) return cipher;
  const { ChaCha20Poly1305, newInstance } = require("@chainsafe/as-chacha20poly1305");
  return (cipher = new ChaCha20Poly1305(newInstance()));
}`,
  ],
  [noiseCrypto, /\basImpl\./g, "asImpl()."],
];

const replacing: Plugin = {
  name: "replacing",
  setup({ onLoad }) {
    onLoad({ filter: /node_modules.*\.js$/ }, async ({ path }) => {
      const wanted = replacements.filter(([module]) => module.test(path.replaceAll("\\", "/")));
      if (wanted.length === 0) return undefined;
      let contents = await readFile(path, "utf8");
      for (const [, text, by] of wanted) {
        if (contents.search(text) < 0) throw new Error(`${path} has no ${text}`);
        contents = contents.replace(text, by);
      }
      return { contents };
    });
  },
};

/** Packages of CommonJS expect these names, which a module does not have. */
const banner = `import { createRequire } from "node:module";
const require = createRequire(import.meta.url), __filename = import.meta.filename, __dirname = import.meta.dirname;`;

/**
 * Bundles the node with its packages, except for native ones: a node then starts from a few files instead of some
 * 1,300.
 * @param folder where the entry points and the parts that they share are written
 * @returns the folders of the packages that the bundle contains, relative to `root`
 */
export async function bundleNode(root: string, folder: string): Promise<string[]> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ["src/cli/main.js", "src/crypto/verify-worker.ts"],
    entryNames: "[name]",
    outdir: folder,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node22.18",
    external: nativePackages,
    plugins: [builtins, replacing],
    banner: { js: banner },
    // Node.js keeps the text in memory. Names stay, and lines stay short, so that stack traces can be read.
    minifyWhitespace: true,
    minifySyntax: true,
    lineLimit: 160,
    sourcemap: true,
    sourcesContent: false,
    legalComments: "none",
    metafile: true,
    logLevel: "warning",
  });
  const packages = Object.keys(metafile.inputs).flatMap(
    (path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? [],
  );
  return [...new Set(packages)].sort();
}

/** Returns the licenses of packages as one text: a bundle that contains them has to come with them. */
export function licensesOf(root: string, packages: readonly string[]): string {
  const texts = new Map<string, string>();
  for (const path of packages) {
    const folder = join(root, path);
    const { name, version, license, repository } = JSON.parse(
      readFileSync(join(folder, "package.json"), "utf8"),
    );
    const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file));
    const text = files.map((file) => readFileSync(join(folder, file), "utf8").trim()).join("\n\n");
    texts.set(`${name} ${version} (${license})`, text || `See ${repository?.url ?? repository}.`);
  }
  return [...texts].map(([title, text]) => `${title}\n${"=".repeat(title.length)}\n\n${text}\n`).join("\n\n");
}
