import { Lab, type Side } from "../../test/e2e/harness/lab.ts";
import { createNetwork } from "../../test/e2e/harness/network.ts";
import { HttpError, TestNode } from "../../test/e2e/harness/node.ts";
import type { World } from "../../test/e2e/harness/open-world.ts";
import { until } from "../../test/e2e/harness/until.ts";
import type { Wallet } from "../../test/e2e/harness/wallet.ts";
import { Story } from "./story.ts";
import { serveWindow } from "./window.ts";

/** Limits far above any normal time, since a lesson may run on a slow machine. */
const patience = { timeoutMs: 600_000, everyMs: 100 };

/** The machines that a lesson needs, and its title. */
export interface Seating {
  /** The subject in one line. */
  about: string;
  /** The switch that each machine is on. */
  sides: readonly Side[];
  /** The number of machines with an authority, which are the first ones. */
  authorities: number;
}

interface ClassroomOptions {
  pauseMs: number;
  periodMs: number;
  folder: string;
  urls: readonly string[];
}

type Parts = Pick<
  Classroom,
  "story" | "lab" | "world" | "nodes" | "pages" | "wallets" | "genesisId" | "periodMs"
>;

/** Machines on two switches with a node each. The nodes of authorities run; the others exist but are not started. */
export class Classroom {
  readonly story: Story;
  readonly lab: Lab;
  readonly world: World;
  readonly nodes: readonly TestNode[];
  /** The address of each node's page for browsers. */
  readonly pages: readonly string[];
  /** The wallets of the authorities' accounts. */
  readonly wallets: readonly Wallet[];
  readonly genesisId: string;
  readonly periodMs: number;
  readonly #sides: readonly Side[];

  constructor(parts: Parts, { sides }: Seating) {
    this.story = parts.story;
    this.lab = parts.lab;
    this.world = parts.world;
    this.nodes = parts.nodes;
    this.pages = parts.pages;
    this.wallets = parts.wallets;
    this.genesisId = parts.genesisId;
    this.periodMs = parts.periodMs;
    this.#sides = sides;
  }

  /** Polls until the answer is not empty. @throws if that takes too long */
  until<T>(what: string, ask: () => T | Promise<T>) {
    return until(what, ask, patience);
  }

  ready(node: TestNode) {
    return node.ready(patience.timeoutMs);
  }

  height(node: TestNode, above: number) {
    return node.height(above, patience.timeoutMs);
  }

  finalizes(node: TestNode, above: number) {
    return node.finalizes(above, patience.timeoutMs);
  }

  /** Signs a transfer and submits it to a node; resolves to its id. */
  async pay(from: Wallet, to: string, amount: bigint, node: TestNode): Promise<string> {
    const { id, body } = await from.transfer(to, amount, 1n);
    await node.post("/v1/transactions", body);
    return id;
  }

  /** Resolves to the transaction's status on each node: "unknown" if it neither waits there nor is in the node's chain. */
  statuses(nodes: readonly TestNode[], transaction: string): Promise<string[]> {
    return Promise.all(
      nodes.map(async (node) => {
        try {
          return (await node.transaction(transaction)).status;
        } catch (error) {
          if (error instanceof HttpError && error.code === "TRANSACTION_NOT_FOUND") return "unknown";
          throw error;
        }
      }),
    );
  }

  /** Prints a line for each running node with its side, head, final block and diagnosis. */
  async board(): Promise<void> {
    const running = this.nodes.filter((node) => node.isRunning);
    const rows = await Promise.all(
      running.map(async (node) => {
        const [{ head, finalized }, { state, summary }] = await Promise.all([
          node.status(),
          node.diagnosis(),
        ]);
        const place = this.#sides[node.id - 1] === 1 ? "left " : "right";
        const blocks = `block ${head?.height} (${head?.id.slice(0, 8)}), final ${finalized?.height}`;
        return [`node ${node.id}`, `${place}  ${blocks.padEnd(34)}  ${state}: ${summary}`] as const;
      }),
    );
    await this.story.facts(rows);
  }

  /** Runs a command like a person at a node's machine, and shows its output. */
  async ccoin(node: TestNode, ...args: string[]): Promise<void> {
    this.story.command(`ccoin ${args.join(" ")} --nodeid=${node.id}`);
    const { code, stdout, stderr } = await this.world.ccoin([
      ...args,
      `--nodeid=${node.id}`,
      `--url=${node.url}`,
    ]);
    console.log(`${stderr}${stdout}`.trimEnd());
    if (code !== 0) throw new Error(`ccoin ${args[0]} ended with ${code}`);
  }
}

/** Makes the machines, a chain, and starts the nodes of the authorities. */
export async function openClassroom(
  world: World,
  lesson: Seating,
  { pauseMs, periodMs, folder, urls }: ClassroomOptions,
): Promise<Classroom> {
  const { sides, authorities } = lesson;
  const lab = new Lab(world);
  const machines = [];
  for (const side of sides) machines.push(await lab.machine(side));
  const network = await createNetwork(world, {
    nodes: machines.slice(0, authorities),
    periodMs,
    name: "class",
  });
  const others = machines
    .slice(authorities)
    .map((machine, index) => new TestNode(world, authorities + index + 1, machine));
  const nodes = [...network.nodes, ...others];
  for (const node of nodes) {
    node.requestTimeoutMs = patience.timeoutMs;
    await serveWindow({ id: node.id, address: node.machine.address }, folder);
  }
  const story = new Story(pauseMs);
  const { wallets, genesisId } = network;
  const room = new Classroom({ story, lab, world, nodes, pages: urls, wallets, genesisId, periodMs }, lesson);
  for (const node of network.nodes) node.start();
  for (const node of network.nodes) await room.finalizes(node, 1);
  story.title(lesson.about);
  const links = nodes.map(({ id }, index) => [`node ${id}`, urls[index]!] as const);
  await story.say("Every node has a page: open some of these in a browser and watch them while you read.");
  await story.facts(links);
  return room;
}
