import { version } from "../../../src/config/index.ts";
import { HttpError } from "../../e2e/harness/node.ts";
import { benchNetwork } from "../lib/bench-network.ts";
import { builtCommand } from "../lib/built-command.ts";
import { ChainFollower } from "../lib/chain-follower.ts";
import { checkAnswer } from "../lib/poster.ts";
import { presign, recordsOf } from "../lib/presign.ts";
import { buildRequests, type Format } from "../lib/requests.ts";
import { type Form, forms, type Program, senders } from "./program.ts";

const formats: Record<Form, Format> = { single: "json-single", batch: "json-array", binary: "ssz" };
/** Less than a mempool holds. */
const maxUncommitted = 15_000;

export const ccoinProgram: Program = {
  name: `ccoin ${version}`,
  forms: ["single", "batch", "binary"],
  does: {
    mode: "the built package, one authority, blocks at least 500 ms apart; always on disk",
    work: "one Ed25519 verification, Merkle root of all accounts; synced before the answer and with each block",
    answer: "on disk, synced",
    finality: "by votes of more than two thirds of the authorities",
  },
  async create(context, count) {
    const network = await benchNetwork(context, { authorities: 1, senders, emptyBlockPeriodMs: 0 });
    const [node] = network.nodes;
    node!.program = builtCommand();
    const presigned = await presign(network.genesis, senders, count);
    let follower: ChainFollower | undefined;
    const follow = async () => {
      follower ??= await ChainFollower.follow(node!);
      return follower;
    };
    return {
      port: node!.httpPort,
      start: () => node!.start("--no-mdns", "--log-level=warn").process,
      answers: async () => (await node!.status()).mode === "ready",
      pay: async () => void (await follow()),
      requests: (form, first, end) =>
        buildRequests(
          presigned,
          formats[form],
          Array.from({ length: end - first }, (_, n) => first + n),
          forms[form].perRequest,
        ),
      checkAnswer,
      mayPost(posted) {
        const isRoom = () => posted - follower!.committed < maxUncommitted;
        return isRoom() ? undefined : follower!.until(isRoom);
      },
      committed: async (end) => (await follow()).hasCommitted(end),
      async knows(index) {
        const [record] = recordsOf(presigned, network.genesis, index, index + 1);
        try {
          return (await node!.transaction(record!.idHex)).status.length > 0;
        } catch (error) {
          if (error instanceof HttpError && error.status === 404) return false;
          throw error;
        }
      },
      stop: async () => void (await node!.stop()),
      kill: () => node!.kill(),
    };
  },
};
