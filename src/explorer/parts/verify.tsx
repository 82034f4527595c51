import { useState } from "preact/hooks";
import {
  genesisTrust,
  type ProofStep,
  type ProofVerdict,
  recoveryTrust,
  type StepName,
  type Trust,
  verifyAccountProof,
  verifyTransactionProof,
} from "../../client/index.ts";
import { short, whole } from "../format.ts";
import { client } from "../live.ts";
import type { Markup } from "../markup.ts";
import { shownAddress } from "../names.ts";
import { amountText } from "./amount.tsx";
import { Problem, Section, sentence } from "./layout.tsx";
import { Term } from "./term.tsx";

type Verdict = ProofVerdict["verdict"];

interface Checked {
  verdict: Verdict;
  steps: { title: string; ok: boolean; detail: string }[];
  /** The statement that is proven. */
  claim: string;
}

const titles: Readonly<Record<StepName, string>> = {
  transaction: "The sender has signed it",
  inclusion: "The Merkle branch leads to the block's root",
  header: "The proposer has signed the block's header",
  genesis: "The block is the chain's first",
  ancestry: "A finalized block is this block, or descends from it",
  links: "Two links finalize that block",
  justification: "More than two thirds justified it",
  finalization: "More than two thirds finalized it",
  trust: "Authorities of the genesis block vouch for it",
};
interface Shown {
  tone: string;
  text: string;
}

const proven: Readonly<Record<Verdict, Shown>> = {
  final: { tone: "good", text: "Proven, and final: the chain holds it forever, whatever this node says." },
  included: {
    tone: "warn",
    text: "Proven to be in the block. The block is not proven to be final yet: try again in a moment.",
  },
  invalid: {
    tone: "bad",
    text: "Not proven: this node's answer is not what the authorities have signed.",
  },
};

/** Anybody who could have changed the page could have changed its words about proofs too. */
const unproven =
  "The page came over plain HTTP, so that somebody on the way could have made all of it: this proves nothing.";
const consistent: Readonly<Record<Verdict, Shown>> = {
  final: { tone: "warn", text: `What was answered is what the authorities would have signed. ${unproven}` },
  included: { tone: "warn", text: `What was answered is in the block, which may not be final. ${unproven}` },
  invalid: { tone: "bad", text: "What was answered is not what the authorities have signed." },
};
export function VerifyAccount({ address }: { address: string }): Markup {
  return (
    <Verify
      what="this balance"
      check={async () => {
        const proof = await client.accountProof(address);
        const { account, block } = proof;
        const claim = `${shownAddress(account.address)} holds ${amountText(account.balance)}, nonce ${account.nonce}, after block ${whole(block.height)}`;
        const isAsked = account.address === address;
        return checked(claim, isAsked, (trust) => verifyAccountProof(proof, trust));
      }}
    />
  );
}

export function VerifyTransaction({ id }: { id: string }): Markup {
  return (
    <Verify
      what="this transaction"
      check={async () => {
        const proof = await client.transactionProof(id);
        const { transaction, block, index } = proof;
        const claim = `${short(transaction.id)}, ${amountText(transaction.amount)} to ${shownAddress(transaction.to)}, is transaction ${index} of block ${whole(block.height)}`;
        return checked(claim, transaction.id === id, (trust) => verifyTransactionProof(proof, trust));
      }}
    />
  );
}

/** Checks a proof; `isAsked` is false if the node has answered with the proof of something else. */
async function checked(
  claim: string,
  isAsked: boolean,
  verify: (trust: Trust) => Promise<ProofVerdict>,
): Promise<Checked> {
  if (!isAsked) throw new Error("The node has answered with the proof of something else.");
  const [{ genesisId, recoveries }, genesis] = await Promise.all([client.status(), client.block(0)]);
  const first = genesisTrust(genesis, genesisId ?? "");
  const newest = recoveries.at(-1);
  const trust = newest ? recoveryTrust(await client.recoveries(), newest.id) : first;
  const { verdict, steps } = await verify(trust);
  const relied = [
    {
      title: "The genesis block has the chain's id",
      ok: true,
      detail: `${first.genesisId}: compare it with the id that you know; it names ${first.authorities.length} authorities`,
    },
    ...(newest
      ? [
          {
            title: "The chain was recovered",
            ok: true,
            detail: `${newest.id}: compare it with the id that the people who run the chain have agreed on; this check relies on the ${trust.authorities.length} authorities that it names`,
          },
        ]
      : []),
  ];
  return { claim, verdict, steps: [...relied, ...steps.map(shownStep)] };
}

function shownStep({ name, ok, detail }: ProofStep): Checked["steps"][number] {
  return { title: titles[name], ok, detail };
}

/** A button that asks the node for a proof and checks it in the browser, step by step. */
function Verify({ what, check }: { what: string; check(): Promise<Checked> }): Markup {
  const [result, setResult] = useState<Checked | Error>();
  const [isBusy, setBusy] = useState(false);
  const run = async () => {
    setBusy(true);
    setResult(await check().catch((error: Error) => error));
    setBusy(false);
  };
  return (
    <Section title={isSecureContext ? <Term word="proof">Proof</Term> : "Check"}>
      <p class="quiet">
        {isSecureContext
          ? `This page can check ${what} itself: it asks for the signatures and hashes that prove it, and trusts the genesis block alone.`
          : `This page came over plain HTTP from another machine, and can prove nothing. It can check whether what it is told of ${what} fits together.`}
      </p>
      <div class="actions">
        <button type="button" onClick={run} disabled={isBusy}>
          {isBusy ? "Checking…" : isSecureContext ? "Verify" : "Check"}
        </button>
      </div>
      <div role="status">
        {result === undefined ? null : result instanceof Error ? (
          <Problem error={result} />
        ) : (
          <Result checked={result} />
        )}
      </div>
    </Section>
  );
}

function Result({ checked: { verdict, steps, claim } }: { checked: Checked }): Markup {
  const { tone, text } = (isSecureContext ? proven : consistent)[verdict];
  return (
    <>
      <div class={`note ${tone} verdict`}>
        <p>
          <strong>{text}</strong>
        </p>
        <p>
          {isSecureContext ? "" : "It was: "}
          {claim}.
        </p>
      </div>
      <ol class="proof">
        {steps.map(({ title, ok, detail }) => (
          <li key={title} class={ok ? "done" : "failed"}>
            <p>
              {title}
              <span class="unseen">{ok ? ": holds" : ": does not hold"}</span>
            </p>
            <p class="quiet">{sentence(detail)}</p>
          </li>
        ))}
      </ol>
    </>
  );
}
