import {
  type AnyProtocol,
  blockIds,
  blocks,
  blocksById,
  blockTransactions,
  finality,
  headers,
  height,
  RequestError,
  type RequestHandler,
} from "../../../protocols/index.ts";
import type { Certificate, EncodedBlock } from "../../../src/types/index.ts";
import { RawChunk } from "../exchange.ts";
import type { Liar } from "./liar.ts";
import { served } from "./served.ts";

const ofBodies: readonly AnyProtocol[] = [blocks, blocksById, blockTransactions];
const ofChain: readonly AnyProtocol[] = [blockIds, headers, ...ofBodies, finality];

/** Serves the headers of the chain but withholds every body. */
export function withholdsBodies(liar: Liar): void {
  const silent = liar.random.chance(0.5);
  for (const protocol of ofBodies) {
    liar.answer(
      protocol,
      () =>
        async function* () {
          if (silent) await liar.sleep(3 * protocol.timeoutMs);
          yield* [] as never[];
        },
    );
  }
}

/** Answers some protocols just before the time-out, or after it. */
export function stalls(liar: Liar): void {
  const { random } = liar;
  const slow = random.shuffle([height, ...ofChain]).slice(0, random.int(1, ofChain.length));
  for (const protocol of slow) {
    const share = random.pick([0.3, 0.95, 2]);
    liar.answer(
      protocol,
      (before) =>
        async function* (request, context) {
          await liar.sleep(share * protocol.timeoutMs);
          yield* before(request, context);
        },
    );
  }
}

/** Serves blocks one by one, each just in time. */
export function tricklesBodies(liar: Liar): void {
  for (const protocol of ofBodies) {
    liar.answer(
      protocol,
      (before) =>
        async function* (request, context) {
          for await (const chunk of before(request, context)) {
            await liar.sleep(0.95 * protocol.timeoutMs);
            yield chunk;
          }
        },
    );
  }
}

/** Answers with bytes that do not decode, or with too many. */
export function answersNonsense(liar: Liar): void {
  const { random } = liar;
  for (const protocol of random.shuffle(served).slice(0, random.int(1, 4))) {
    const nonsense = async function* () {
      for (let chunk = 0; chunk <= random.below(3); chunk++)
        yield new RawChunk(random.bytes(random.pick([0, 1, 136, 300])));
    } as RequestHandler<AnyProtocol>;
    liar.answer(
      protocol,
      (before) => (request, context) =>
        random.chance(0.7) ? nonsense(request, context) : before(request, context),
    );
  }
}

/** Answers with errors, including those that blame the requester. */
export function answersErrors(liar: Liar): void {
  const { random } = liar;
  const codes = ["invalidRequest", "serverError", "resourceUnavailable", "rateLimited"] as const;
  for (const protocol of random.shuffle(served).slice(0, random.int(1, 6))) {
    liar.answer(
      protocol,
      (before) =>
        async function* (request, context) {
          if (random.chance(0.5)) yield* before(request, context);
          throw new RequestError(random.pick(codes), "a lie");
        },
    );
  }
}

/** Serves blocks with the bodies of other headers, and other blocks than the requested ones. */
export function mixesBodies(liar: Liar): void {
  const { random } = liar;
  for (const protocol of [blocks, blocksById]) {
    liar.answer(
      protocol,
      (before) =>
        async function* (request, context) {
          let other: EncodedBlock | undefined;
          for await (const block of before(request as never, context)) {
            if (other && random.chance(0.5))
              yield random.chance(0.5) ? other : { ...block, body: other.body };
            else yield { ...block, body: random.chance(0.3) ? random.bytes(200) : block.body };
            other = block;
          }
        },
    );
  }
}

/** Serves invented headers on the right chain with invalid signatures. */
export function inventsHeaders(liar: Liar): void {
  const { random, knowledge } = liar;
  const more = random.pick([1, 3, 40]);
  const { periodMs } = knowledge.genesis.config.parameters;
  liar.claim((truth) => ({
    ...truth,
    height: truth.height + more,
    totalDifficulty: truth.totalDifficulty + 2 * more,
    headId: random.bytes(32),
  }));
  liar.answer(
    headers,
    (before) =>
      async function* (request, context) {
        for await (const page of before(request, context)) {
          const last = page.at(-1);
          const invented = Array.from({ length: last ? more : 0 }, (_, index) => ({
            message: {
              ...last!.message,
              height: last!.message.height + index + 1,
              timestamp: last!.message.timestamp + (index + 1) * periodMs,
              parent: random.bytes(32),
            },
            signature: random.bytes(64),
          }));
          const broken = page.map((header) =>
            random.chance(0.05) ? { ...header, signature: random.bytes(64) } : header,
          );
          yield [...broken, ...invented].slice(0, 512);
        }
      },
  );
}

/** Answers a search for the common ancestor with unknown ids, or with ids of another height. */
export function liesAboutIds(liar: Liar): void {
  const { random } = liar;
  liar.answer(
    blockIds,
    (before) =>
      async function* (request, context) {
        for await (const page of before(request, context)) {
          const lies = [
            { ...page, height: page.height + random.int(1, 9) },
            { ...page, ids: [] },
            { ...page, ids: page.ids.map((id) => (random.chance(0.7) ? random.bytes(32) : id)) },
          ];
          yield random.pick(lies);
        }
      },
  );
}

/**
 * Makes its followers wait for the next block, presents that block as proof of a long chain, and then serves nothing.
 */
export function teasesWithTheNextBlock(liar: Liar): void {
  const { random, knowledge } = liar;
  const headId = random.bytes(32);
  liar.claim((truth) => ({
    ...truth,
    headId,
    height: truth.height + 1_000,
    totalDifficulty: truth.totalDifficulty + 1,
    justifiedRound: 2 ** 40,
  }));
  liar.answer(
    headers,
    (before) =>
      async function* (request, context) {
        const { chain } = knowledge;
        for (let wait = 0; wait < 90 && chain && chain.head.height < request.start; wait++)
          await liar.sleep(100);
        yield* before(request, context);
      },
  );
  for (const protocol of [blockIds, ...ofBodies]) {
    liar.answer(
      protocol,
      (before) =>
        async function* (request, context) {
          if (protocol !== blockIds) await liar.sleep(0.95 * protocol.timeoutMs);
          yield* before(request, context);
        },
    );
  }
}

/** Serves wrong certificates: with a repeated voter, one voter too few, a stranger, or another link. */
export function showsWrongCertificates(liar: Liar): void {
  const { random } = liar;
  const raised = random.pick([1, 5, 2 ** 40]);
  liar.claim((truth) => ({ ...truth, justifiedRound: truth.justifiedRound + raised }));
  const spoil = (certificate: Certificate): Certificate => {
    const { link, voters, signatures } = certificate;
    const { source, target } = link;
    const lies: Partial<Certificate>[] = [
      { voters: voters.map(() => voters[0]!), signatures: signatures.map(() => signatures[0]!) },
      { voters: voters.slice(1), signatures: signatures.slice(1) },
      { voters: voters.slice(1) },
      { voters: [...voters.slice(1), random.bytes(32)] },
      { signatures: signatures.map(() => random.bytes(64)) },
      { link: { source, target: { ...target, round: target.round + raised } } },
      { link: { source, target: { ...target, block: random.bytes(32) } } },
      { link: { source: { ...source, height: target.height + 1 }, target } },
    ];
    return { ...certificate, ...random.pick(lies) };
  };
  liar.answer(
    finality,
    (before) =>
      async function* (request, context) {
        for await (const answer of before(request, context))
          yield { ...answer, certificates: answer.certificates.map(spoil) };
      },
  );
}
