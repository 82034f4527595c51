import { basename } from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Seconds of a file on two cores that do other things too; any other file: `short`. Only which is longer matters. */
const long: Readonly<Record<string, number>> = {
  attacks: 280,
  faults: 235,
  consensus: 150,
  "consensus-kill": 75,
  "consensus-authorities": 100,
  crash: 95,
  signals: 70,
  genesis: 55,
  "restored-backup": 50,
  "rogue-peers": 50,
  events: 45,
  network: 45,
  recovery: 60,
  rules: 40,
  partition: 45,
  container: 50,
  class: 40,
  "rogue-requests": 40,
};
const short = 30;

/** Seconds after which the third part begins: `scripts/test.sh` runs it when the other tests are over. */
const beginsAfter: readonly number[] = [0, 0, 700];

/** Parts of the tests (`--shard`) that take about as long as each other; vitest itself deals out by the hash of a file's name. */
export class EvenShards extends BaseSequencer {
  override async shard(files: TestSpecification[]): Promise<TestSpecification[]> {
    const { index, count } = this.ctx.config.shard!;
    const parts = Array.from({ length: count }, (_, part) => ({
      seconds: beginsAfter[part] ?? 0,
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
