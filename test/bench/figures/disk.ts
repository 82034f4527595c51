import { ClassicLevel } from "classic-level";
import { defineFigure } from "../figure.ts";
import { bodyBytes, type ChainShape, chainFixture, folderBytes } from "../lib/chain-fixture.ts";

type DiskSettings = ChainShape & { [name: string]: number };

export const diskFigure = defineFigure<DiskSettings>({
  name: "disk",
  measures: "bytes of the database a transaction, indexes included, against those of the encoded blocks",
  quick: [{ blocks: 40, transactionsPerBlock: 1_000, senders: 100 }],
  full: [
    { blocks: 100, transactionsPerBlock: 1_000, senders: 100 },
    { blocks: 100, transactionsPerBlock: 1_000, senders: 10_000 },
    { blocks: 10_000, transactionsPerBlock: 10, senders: 100 },
  ],
  goals: () => [{ of: "ratio", is: "<=", bound: 1.6 }],
  async run(context, settings) {
    const count = settings.blocks * settings.transactionsPerBlock;
    const { nodes } = await chainFixture(context, settings);
    const folder = nodes[0]!.paths.db;
    const asWritten = folderBytes(folder);
    const level = new ClassicLevel<Uint8Array, Uint8Array>(folder, {
      keyEncoding: "view",
      valueEncoding: "view",
    });
    await level.open();
    await level.compactRange(new Uint8Array(), new Uint8Array(64).fill(0xff));
    await level.close();
    return {
      value: asWritten / count,
      unit: "bytes/tx",
      limit: { what: "bytes of the encoded transactions", value: bodyBytes(settings) / count },
      details: { compactedBytesPerTransaction: folderBytes(folder) / count },
    };
  },
});
