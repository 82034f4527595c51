import { basename } from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Seconds that a file takes on two busy cores; any other file takes `short`. Only the order matters. */
const long: Readonly<Record<string, number>> = {
  faults: 225,
  attacks: 200,
  consensus: 120,
  "consensus-authorities": 100,
  "consensus-kill": 95,
  crash: 70,
  signals: 70,
  "restored-backup": 50,
  class: 50,
  container: 45,
  "dev-chain": 45,
  genesis: 45,
  recovery: 60,
  "rogue-peers": 45,
  transcripts: 45,
  partition: 40,
  "rogue-requests": 40,
  "consensus-partition": 35,
  "given-addresses": 35,
  memory: 50,
  nat: 45,
  star: 60,
  network: 35,
  rules: 35,
  events: 30,
};
const short = 20;

/** Additional seconds of each half: in `scripts/test.sh` the browser tests follow the second one. */
const besides: readonly number[] = [0, 110];

/**
 * Splits the tests into shards (`--shard`) of about the same duration; vitest itself splits by the hash of a file's
 * name.
 */
export class EvenShards extends BaseSequencer {
  override async shard(files: TestSpecification[]): Promise<TestSpecification[]> {
    const { index, count } = this.ctx.config.shard!;
    const parts = Array.from({ length: count }, (_, part) => ({
      seconds: besides[part] ?? 0,
      files: [] as TestSpecification[],
    }));
    const longestFirst = files.toSorted(
      (a, b) => seconds(b) - seconds(a) || a.moduleId.localeCompare(b.moduleId),
    );
    for (const file of longestFirst) {
      const [least] = parts.toSorted((a, b) => a.seconds - b.seconds);
      least!.files.push(file);
      least!.seconds += seconds(file);
    }
    return parts[index - 1]!.files;
  }
}

function seconds({ moduleId }: TestSpecification): number {
  return long[basename(moduleId, ".test.ts")] ?? short;
}
