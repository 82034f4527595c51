import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { defaultHttpPort, defaultP2pPort } from "../../../src/config/index.ts";
import type { Machine } from "./node.ts";
import type { World } from "./open-world.ts";

/** False where nftables is not installed. */
export const hasNat = !spawnSync("nft", ["--version"]).error;

export interface NatOptions {
  /** Runs the router: a machine of the lab. */
  router: Machine;
  /** The first three numbers of the addresses behind the router, such as `192.168.1`. */
  network: string;
  /** The router's address as others see it. */
  outside: string;
}

/**
 * A network behind a router that translates addresses (NAT): a household, or the bridge of a container engine. The
 * machines in it reach everybody, and nobody reaches them but at forwarded ports. The process of the test calls their
 * nodes through the router.
 */
export class NatNetwork {
  readonly outside: string;
  readonly #options: NatOptions;
  readonly #world: World;
  #machines = 0;

  constructor(world: World, options: NatOptions) {
    const { router, network, outside } = options;
    this.#world = world;
    this.#options = options;
    this.outside = outside;
    this.#route("ip link add lan type bridge mcast_snooping 0");
    this.#route(`ip addr add ${network}.1/24 dev lan`);
    this.#route("ip link set lan up");
    if (outside !== router.address) this.#route(`ip addr add ${outside}/24 dev eth0`);
    this.#route("sysctl -qw net.ipv4.ip_forward=1");
    this.#filter("add table ip nat");
    this.#filter("add chain ip nat in { type nat hook prerouting priority -100 ; }");
    this.#filter("add chain ip nat out { type nat hook postrouting priority 100 ; }");
    this.#filter("add rule ip nat out oifname eth0 masquerade");
    this.#filter("add chain ip nat through { type filter hook forward priority 0 ; }");
    this.#filter("add rule ip nat through ct status dnat accept");
    this.#filter("add rule ip nat through iifname eth0 ct state new drop");
  }

  /** Adds a machine for the node. With `isPublic` its p2p port is forwarded. */
  async machine(nodeId: number, { isPublic = false } = {}): Promise<Machine & { inside: string }> {
    const { router, network, outside } = this.#options;
    const inside = `${network}.${10 + ++this.#machines}`;
    const keeper = spawn("unshare", ["-n", "sh", "-c", "echo in; exec cat"], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#world.onEnd(() => keeper.kill("SIGKILL"));
    await once(keeper.stdout, "data");
    const enter = ["nsenter", "-t", String(keeper.pid), "-n"];
    const port = `port${this.#machines}`;
    this.#route(`ip link add ${port} type veth peer name eth0 netns /proc/${keeper.pid}/ns/net`);
    this.#route(`ip link set ${port} master lan up`);
    for (const command of [
      "ip link set lo up",
      `ip addr add ${inside}/24 dev eth0`,
      "ip link set eth0 up",
      `ip route add default via ${network}.1`,
      "ip route add 224.0.0.0/4 dev eth0",
    ])
      run([...enter, ...command.split(" ")]);
    const http = defaultHttpPort(nodeId);
    this.#filter(`add rule ip nat in ip daddr ${router.address} tcp dport ${http} dnat to ${inside}:${http}`);
    const p2p = defaultP2pPort(nodeId);
    if (isPublic)
      this.#filter(
        `add rule ip nat in iifname eth0 ip daddr ${outside} tcp dport ${p2p} dnat to ${inside}:${p2p}`,
      );
    return { address: router.address, enter, inside };
  }

  #route(command: string): void {
    run([...this.#options.router.enter, ...command.split(" ")]);
  }

  #filter(command: string): void {
    run([...this.#options.router.enter, "nft", command]);
  }
}

function run([file, ...args]: readonly string[]): void {
  execFileSync(file!, args);
}
