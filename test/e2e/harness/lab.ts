import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import type { Machine } from "./node.ts";
import type { World } from "./open-world.ts";

export type Side = 1 | 2;

/**
 * Two switches joined by a cable that can be cut, with machines on both. Each machine is a network namespace with an
 * address in 10.77.0.0/16. This process is on both switches (10.77.1.1 and 10.77.2.1) and reaches every machine even
 * while the cable is cut.
 */
export class Lab {
  readonly #world: World;
  readonly #counts = { 1: 0, 2: 0 };

  constructor(world: World) {
    this.#world = world;
    for (const side of [1, 2] as const) {
      ip(`link add sw${side} type bridge mcast_snooping 0`);
      world.onEnd(() => ip(`link del sw${side}`));
      ip(`addr add 10.77.${side}.1/24 dev sw${side}`);
      ip(`link set sw${side} up`);
    }
    ip("link add cable1 type veth peer name cable2");
    world.onEnd(() => ip("link del cable1"));
    for (const side of [1, 2]) ip(`link set cable${side} master sw${side}`);
    this.heal();
  }

  cut(): void {
    ip("link set cable1 down");
  }

  heal(): void {
    ip("link set cable1 up");
    ip("link set cable2 up");
  }

  /** Drops all packets between two machines from now on, without telling the senders. */
  block(a: Machine, b: Machine): void {
    // Sends the packets to a network card that does not exist.
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const)
      ipOf(from, `neigh replace ${to.address} lladdr 02:00:00:00:00:01 dev eth0 nud permanent`);
  }

  unblock(a: Machine, b: Machine): void {
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const)
      ipOf(from, `neigh del ${to.address} dev eth0`);
  }

  /** Adds a machine to a switch. Its namespace lives as long as a process in it, which ends with this one. */
  async machine(side: Side): Promise<Machine> {
    const number = 10 + this.#counts[side]++;
    const keeper = spawn("unshare", ["-n", "sh", "-c", "echo in; exec cat"], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#world.onEnd(() => keeper.kill("SIGKILL"));
    await once(keeper.stdout, "data");
    const enter = ["nsenter", "-t", String(keeper.pid), "-n"];
    const address = `10.77.${side}.${number}`;
    const port = `port${side}-${number}`;
    ip(`link add ${port} type veth peer name eth0 netns ${keeper.pid}`);
    this.#world.onEnd(() => removeLink(port));
    ip(`link set ${port} master sw${side} up`);
    const machine = { address, enter };
    for (const command of [
      "link set lo up",
      `addr add ${address}/16 dev eth0`,
      "link set eth0 up",
      "route add 224.0.0.0/4 dev eth0",
    ]) {
      ipOf(machine, command);
    }
    return machine;
  }
}

function ip(command: string): void {
  execFileSync("ip", command.split(" "));
}

/**
 * Removes a network card at once. The kernel removes those of a namespace some time after its last process has ended,
 * and the next lab may want the same name and address before. If the processes were ended from outside, it may be gone.
 */
function removeLink(name: string): void {
  try {
    ip(`link del ${name}`);
  } catch {
    // Already gone.
  }
}

function ipOf({ enter: [nsenter, ...args] }: Machine, command: string): void {
  execFileSync(nsenter!, [...args, "ip", ...command.split(" ")]);
}
