import fc from "fast-check";
import { expect, it } from "vitest";
import { RecordCount } from "../../../src/api/tls-records.ts";

it("counts records, however their bytes arrive", () => {
  const lengths = fc.array(fc.nat(700), { maxLength: 20 });
  fc.assert(
    fc.property(lengths, fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1 }), (records, pieces) => {
      const bytes = Buffer.concat(
        records.flatMap((length) => [
          Buffer.from([23, 3, 3, length >> 8, length & 0xff]),
          Buffer.alloc(length),
        ]),
      );
      const count = new RecordCount();
      let counted = 0;
      for (let at = 0, piece = 0; at < bytes.length; at += pieces[piece++ % pieces.length]!)
        counted += count.add(bytes.subarray(at, at + pieces[piece % pieces.length]!));
      expect(counted).toBe(records.length);
    }),
  );
});
