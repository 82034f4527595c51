import { useId } from "preact/hooks";
import type { Markup } from "../markup.ts";

const explanations = {
  authority:
    "One of the accounts that make the blocks. Genesis names the first ones; a majority of them votes others in or out.",
  turn: "Authorities take turns to make blocks. If the one in turn makes none, another makes it a little later, out of turn.",
  missed:
    "An authority misses a turn if another makes the block that was expected from it. The newest 256 blocks are counted.",
  final:
    "More than two thirds of the authorities have signed that the block stays. It is never taken back, and neither is what is in it.",
  round:
    "Authorities vote in numbered rounds on what is final, each once in a round. A round that more than two thirds agree in counts.",
  proof:
    "Signatures and hashes by which this page checks an answer itself: from the genesis block, over the authorities' signatures, to what the node says.",
  unit: "The ledger counts in base units, which cannot be divided. The chain's unit stands for so many of them, as a euro does for 100 cents.",
};

export type Word = keyof typeof explanations;

/** A word of this ledger that explains itself when it is pressed. */
export function Term({ word, children }: { word: Word; children?: Markup }): Markup {
  const id = useId();
  return (
    <>
      <button type="button" class="term" popovertarget={id}>
        {children}
      </button>
      <span class="explanation" id={id} popover>
        {explanations[word]}
      </span>
    </>
  );
}
