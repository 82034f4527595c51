import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setDefaultCACertificates } from "node:tls";
import { signerFromSeed } from "../../../src/accounts/index.ts";
import { selfMadeCertificate } from "../../../src/accounts/self-made-certificate.ts";
import { chainStores } from "../../../src/chain/stores.ts";
import { sha256 } from "../../../src/crypto/hash.ts";
import { withDatabase } from "../../../src/node/open.ts";
import { GenesisBlock } from "../../../src/types/index.ts";
import { fromHex, uint32Bytes } from "../../../src/util/bytes.ts";
import { buildChain } from "../../e2e/harness/build-chain.ts";
import { Lab } from "../../e2e/harness/lab.ts";
import { createNetwork } from "../../e2e/harness/network.ts";
import { type Machine, TestNode } from "../../e2e/harness/node.ts";
import type { World } from "../../e2e/harness/open-world.ts";
import type { Process } from "../../e2e/harness/process.ts";
import { Wallet } from "../../e2e/harness/wallet.ts";
import type { Adversary } from "../attack.ts";
import type { Job } from "../lib/job.ts";
import { signed } from "../lib/transfers.ts";
import { genesisBalances, honestAccount, poorFee, richAccounts } from "./accounts.ts";
import { history } from "./history.ts";
import type { Result } from "./result.ts";
import { rssKbOf } from "./samples.ts";

export const periodMs = 1_000;
const authorities = 4;
const attackerAddresses = 4;
/** Blocks take less than the attackers send, so that the mempool fills. No attack needs larger blocks. */
const maxBlockTransactions = 300;
/** Number of new final blocks after which a network counts as undisturbed. */
const settledBlocks = 3;
/** Memory and waiting transactions that one attack may leave to the next. */
const carriedMb = 40;
const carriedTransactions = 3_000;
const attackerFile = new URL("../attacker.ts", import.meta.url).pathname;

/**
 * Four authorities on separate machines. If the attacker has the last one's key, only three run. Another machine is for
 * nodes that join, and one for attackers.
 */
export class AttackNetwork {
  readonly nodes: readonly TestNode[];
  readonly genesisId: string;
  readonly wallet: Wallet;
  readonly #world: World;
  readonly #joiner: TestNode;
  readonly #machine: Machine;
  readonly #genesisFile: string;
  #attacks = 0;

  private constructor(
    world: World,
    nodes: readonly TestNode[],
    places: { joiner: TestNode; machine: Machine; genesisFile: string; genesisId: string },
  ) {
    this.#world = world;
    this.nodes = nodes;
    this.genesisId = places.genesisId;
    this.#joiner = places.joiner;
    this.#machine = places.machine;
    this.#genesisFile = places.genesisFile;
    const seed = sha256(uint32Bytes(honestAccount.number));
    this.wallet = new Wallet(signerFromSeed(seed), places.genesisId);
  }

  /** Resolves when all are ready, and connected to each other. */
  static async open(world: World, by: Adversary): Promise<AttackNetwork> {
    const lab = new Lab(world);
    const machines: Machine[] = [];
    for (let index = 0; index <= authorities; index++) machines.push(await lab.machine(1));
    const now = Date.now() - (history.blocks + 10) * periodMs;
    const options = {
      periodMs,
      emptyBlockPeriodMs: periodMs,
      minFee: poorFee.toString(),
      maxBlockTransactions,
    };
    const network = await createNetwork(world, {
      ...options,
      now,
      nodes: machines.slice(0, authorities),
      balances: genesisBalances(),
    });
    const genesisFile = join(world.dataDir, "genesis.ssz");
    await withDatabase(network.nodes[0]!.paths, async (database) => {
      const block = await chainStores(database).meta.genesis();
      writeFileSync(genesisFile, GenesisBlock.serialize(block!));
    });
    await buildChain(network, history.blocks, (height) =>
      signed(
        Array.from({ length: history.transactions }, (_, index) => ({
          from: richAccounts.first + (index % 2),
          to: richAccounts.first + ((index + 1) % 2),
          amount: 1n,
          fee: poorFee,
          nonce: ((height - 1) * history.transactions) / 2 + Math.floor(index / 2),
        })),
        fromHex(network.genesisId),
      ),
    );
    const nodes = network.nodes.slice(0, by === "coalition" ? authorities - 1 : authorities);
    const places = {
      joiner: new TestNode(world, authorities + 1, machines[authorities]!),
      machine: await lab.machine(2),
      genesisFile,
      genesisId: network.genesisId,
    };
    if (by === "stranger") serveSecurely(nodes.at(-1)!);
    const opened = new AttackNetwork(world, nodes, places);
    for (const node of nodes) opened.start(node);
    await opened.healthy(120_000);
    return opened;
  }

  start(node: TestNode): void {
    const others = this.nodes.filter((other) => other !== node);
    const { cert, key } = certificateFiles(node);
    const tls = node.isSecure ? [`--tls-cert=${cert}`, `--tls-key=${key}`] : [];
    const known = others.map(({ multiaddr }) => `--bootstrap=${multiaddr}`);
    node.start(`--genesis=${this.genesisId}`, ...tls, ...known);
  }

  /** Waits until each node is ready, is connected to all others, and has finalized new blocks. */
  async healthy(timeoutMs = 60_000): Promise<void> {
    const connected = async (node: TestNode, least: number) => {
      const { head } = await node.until(
        `node ${node.id} is ready with all peers, and finalizes`,
        ({ mode, peers, finalized }) =>
          mode === "ready" && peers >= this.nodes.length - 1 && (finalized?.height ?? 0) >= least,
        timeoutMs,
      );
      return head!.height;
    };
    const heights = await Promise.all(this.nodes.map((node) => connected(node, 0)));
    const least = Math.max(...heights) + settledBlocks;
    await Promise.all(this.nodes.map((node) => connected(node, least)));
  }

  /**
   * Waits until all is well for the next attack; restarts nodes whose memory an attack has inflated. @throws if it
   * stays bad
   */
  async recovered({ rssMb }: Pick<Result, "rssMb">): Promise<void> {
    const least = Math.min(...rssMb);
    const { mempool } = await this.nodes[1]!.status();
    if (mempool.count > carriedTransactions) throw new Error(`${mempool.count} transactions still wait`);
    for (const [index, node] of this.nodes.entries()) {
      if (index === 0 || rssKbOf(node.process.pid) / 1_024 < least + carriedMb) continue;
      await node.stop();
      this.start(node);
    }
    await this.healthy();
  }

  /** Starts a new node without data that knows one of the others, in place of the previous one. */
  join(): TestNode {
    const node = this.#joiner;
    rmSync(node.paths.folder, { recursive: true, force: true });
    const [, known] = this.nodes;
    return node.start(`--genesis=${this.genesisId}`, `--bootstrap=${known!.multiaddr}`);
  }

  /** Starts a low-priority process that attacks from `addresses`. */
  attack(names: readonly string[], { addresses, seconds }: Pick<Job, "addresses" | "seconds">): Process {
    const target = ({ multiaddr, url }: TestNode) => ({ multiaddr, url });
    const job: Job = {
      attacks: [...names],
      targets: this.nodes.map(target),
      joiner: target(this.#joiner),
      genesisId: this.genesisId,
      genesisFile: this.#genesisFile,
      addresses,
      seconds,
      authority: { dataDir: this.#world.dataDir, nodeId: authorities },
    };
    const command = ["nice", "-n", "10", process.execPath, attackerFile, JSON.stringify(job)];
    return this.#world.start(names.join(", "), command, { enter: this.#machine.enter });
  }

  /** Returns four unused addresses for an adversary. */
  newAddresses(): string[] {
    const group = this.#attacks++;
    return Array.from({ length: attackerAddresses }, (_, index) => {
      // The addresses are in different networks from the view of a node.
      const address = `10.77.${100 + index}.${1 + group}`;
      const [nsenter, ...args] = this.#machine.enter;
      execFileSync(nsenter!, [...args, "ip", "addr", "add", `${address}/16`, "dev", "eth0"]);
      return address;
    });
  }
}

function certificateFiles({ world, id }: TestNode) {
  return { cert: join(world.dataDir, `cert-${id}.pem`), key: join(world.dataDir, `key-${id}.pem`) };
}

/** Makes a certificate for a node, which then serves HTTPS, and trusts it. */
function serveSecurely(node: TestNode): void {
  const files = certificateFiles(node);
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const cert = selfMadeCertificate(privateKey, { dns: [], ip: [node.machine.address] }, Date.now());
  writeFileSync(files.cert, cert);
  writeFileSync(files.key, privateKey.export({ type: "pkcs8", format: "pem" }));
  setDefaultCACertificates([cert]);
  node.isSecure = true;
}
